"""Rows over changes of grade (domain.md §3.2); the rate over them stands in `reports.kpis`."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from dealership.core.kpi import Measure
from dealership.core.periods import month_of
from leads.choices import Grade
from leads.models import GradeChange

# C → B → A → H; the first judging of a new card (N) is not a rise.
UPWARDS = (
    Q(from_grade=Grade.C, to_grade__in=(Grade.B, Grade.A, Grade.H))
    | Q(from_grade=Grade.B, to_grade__in=(Grade.A, Grade.H))
    | Q(from_grade=Grade.A, to_grade=Grade.H)
)


def _first_rises() -> QuerySet[GradeChange]:
    """The first rise of a card in a month."""
    rises = GradeChange.objects.filter(UPWARDS).annotate(month=month_of(F("at")))
    before = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    earlier = rises.filter(before, prospect=OuterRef("prospect"), month=OuterRef("month"))
    rows: QuerySet[GradeChange] = rises.exclude(Exists(earlier))
    return rows


RISES = Measure(rows=_first_rises, date="at")
