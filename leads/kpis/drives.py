"""KPIs over test drives (domain.md §3.3). `TestDrive.objects.valid()` says what a valid drive is."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_bucket
from leads.models import TestDrive


def _drives() -> QuerySet[TestDrive]:
    """Valid drives, one per customer, day and model: the first of that day."""
    valid = TestDrive.objects.valid().annotate(day=day_bucket("finished_at"))
    before = Q(finished_at__lt=OuterRef("finished_at")) | Q(finished_at=OuterRef("finished_at"), pk__lt=OuterRef("pk"))
    same = valid.filter(before, customer=OuterRef("customer"), series=OuterRef("series"), day=OuterRef("day"))
    rows: QuerySet[TestDrive] = valid.exclude(Exists(same))
    return rows


DRIVES = Measure(rows=_drives, date="finished_at")
TEST_DRIVES = Kpi(
    key="test_drives",
    label=_("试驾数"),
    explanation=_(
        "已完成的有效试驾（查验驾驶证、签协议、客户驾驶），按还车时间计；同一客户同一天同一车系只计一次，试乘不计。"
    ),
    unit="次",
    numerator=(DRIVES,),
)

KPIS: tuple[Kpi, ...] = (TEST_DRIVES,)
