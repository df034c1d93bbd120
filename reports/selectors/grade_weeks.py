"""How true H was: the H cards of a Monday and what became of them within seven days (级别准确率, 级别虚高).

It looks ahead from the start of a week, so it is a report over histories and no stored figure.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dealership.core import periods
from dealership.core.kpi import SYSTEM
from dealership.core.periods import Period
from leads.choices import Grade, VisitChannel
from leads.kpis import cards_open_at
from leads.models import Visit
from sales.models import Deal

WEEK = dt.timedelta(days=7)
Side = Literal["held", "ordered", "idle"]


class GradeWeek(NamedTuple):
    """H cards at the start of a week: all, ordered within 7 days, neither ordered nor seen in the showroom."""

    monday: dt.date
    held: int
    ordered: int
    idle: int


def weeks_of(period: Period) -> list[dt.date]:
    """Mondays in the period whose seven days are over."""
    return [day for day in period.days() if day.weekday() == 0 and day + WEEK <= periods.today()]


def cards_of_week(
    *, reader: Any, store_id: int, monday: dt.date, person_id: int | None = None, side: Side = "held"
) -> QuerySet[Any]:
    """The cards counted by one number of the table."""
    rows = _marked(reader, store_id, monday, person_id)
    if side == "ordered":
        return rows.filter(has_ordered=True)
    return rows.filter(has_ordered=False, has_come=False) if side == "idle" else rows


def _marked(reader: Any, store_id: int, monday: dt.date, person_id: int | None) -> QuerySet[Any]:
    week = Period(monday, monday + WEEK, "week")
    orders = Deal.objects.filter(prospect=OuterRef("pk"), **week.filter("ordered_at"))
    visits = Visit.objects.filter(
        customer=OuterRef("customer"), channel=VisitChannel.WALK_IN, **week.filter("visited_at")
    )
    rows = cards_open_at(week.start_at, store_id).filter(grade_then=Grade.H)
    if reader is not SYSTEM:
        rows = rows.visible_to(reader)  # type: ignore[attr-defined]
    if person_id is not None:
        rows = rows.filter(owner_then=person_id)
    return rows.annotate(has_ordered=Exists(orders), has_come=Exists(visits))


def grade_weeks(*, reader: Any, store_id: int, period: Period, person_id: int | None = None) -> list[GradeWeek]:
    """One line per finished week of the period."""
    found = []
    for monday in weeks_of(period):
        idle = Q(has_ordered=False, has_come=False)
        counts = _marked(reader, store_id, monday, person_id).aggregate(
            held=Count("pk"), ordered=Count("pk", filter=Q(has_ordered=True)), idle=Count("pk", filter=idle)
        )
        found.append(GradeWeek(monday, **counts))
    return found
