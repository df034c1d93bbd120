"""The truth of the three tables and two cards (domain.md §3.7), from the spot checks of all five registers."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from leads.models import SpotCheck
from leads.selectors.spot_check import REACHED
from leads.spot_choices import SpotResult


def _checks() -> QuerySet[SpotCheck]:
    return SpotCheck.objects.all()


SPOT_CHECK_TRUTH_RATE = Kpi(
    key="spot_check_truth_rate",
    label=_("抽查真实率"),
    explanation=_(
        "本期抽查（三表两卡五种登记合计）中客户证实“属实”的 ÷ 联系上客户的抽查；未联系上的不计。"
        "按抽查时间计，归登记人；“部分属实”不算属实。"
    ),
    unit="%",
    numerator=(Measure(rows=_checks, date="checked_at", only=Q(result=SpotResult.TRUE)),),
    denominator=(Measure(rows=_checks, date="checked_at", only=REACHED),),
)

KPIS: tuple[Kpi, ...] = (SPOT_CHECK_TRUTH_RATE,)
