"""跟进日历: what is due on which day of a month, and whom to expect in the store: agreed visits and booked drives."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, QuerySet

from dealership.core import periods
from dealership.core.periods import Period, day_bucket
from leads.choices import LIVE_STATUSES, FollowUpOutcome, Grade
from leads.models import FollowUp, FollowUpTask, TestDrive
from leads.selectors.customer import primary_phones

# A phone shows so many of a day; the list page has the rest.
DAY_SIZE = 60


@dataclass
class Day:
    """One cell: open contacts by grade, appointments to come in, booked test drives."""

    on: dt.date
    is_inside: bool
    grades: dict[str, int] = field(default_factory=dict)
    appointments: int = 0
    drives: int = 0

    @property
    def total(self) -> int:
        return sum(self.grades.values())

    @property
    def urgent(self) -> int:
        """H and A, which are called first."""
        return self.grades.get(Grade.H, 0) + self.grades.get(Grade.A, 0)


def open_tasks(*, user: Any, period: Period) -> QuerySet[FollowUpTask]:
    """Contacts within reach that are due in the period and not done yet."""
    live = {"prospect__status__in": LIVE_STATUSES}
    return FollowUpTask.objects.visible_to(user).open().filter(**period.filter("due_at"), **live)


def appointments(*, user: Any, period: Period) -> QuerySet[FollowUp]:
    """约定到店 that still stand: the last contact agreed on this moment and nothing was agreed since."""
    rows = FollowUp.objects.visible_to(user).filter(outcome=FollowUpOutcome.APPOINTMENT)
    rows = rows.filter(**period.filter("next_follow_up_at"), prospect__status__in=LIVE_STATUSES)
    return rows.filter(prospect__next_follow_up_at=F("next_follow_up_at"))


def drives_planned(*, user: Any, period: Period, owner_id: int | None = None) -> QuerySet[TestDrive]:
    """试驾 that begin in the period and still stand."""
    rows = TestDrive.objects.visible_to(user).holding()
    rows = rows.filter(planned__overlap=(period.start_at, period.end_at), **period.filter("planned__startswith"))
    return rows.filter(owner_id=owner_id) if owner_id is not None else rows


def month_grid(*, user: Any, month: Period, owner_id: int | None = None) -> list[list[Day]]:
    """Whole weeks, Monday to Sunday, that cover the month; three statements whatever the number of rows."""
    span = Period(Period.containing("week", month.start).start, Period.containing("week", month.last_day).end, "week")
    tasks, agreed = open_tasks(user=user, period=span), appointments(user=user, period=span)
    if owner_id is not None:
        tasks, agreed = tasks.filter(owner_id=owner_id), agreed.filter(owner_id=owner_id)
    by_grade = tasks.annotate(on=day_bucket("due_at")).order_by().values_list("on", "prospect__grade")
    loads: dict[dt.date, dict[str, int]] = defaultdict(dict)
    for on, grade, number in by_grade.annotate(number=Count("prospect_id", distinct=True)):
        loads[on][grade] = number
    expected = dict(
        agreed.annotate(on=day_bucket("next_follow_up_at"))
        .order_by()
        .values_list("on")
        .annotate(number=Count("prospect_id", distinct=True))
    )
    booked = drives_planned(user=user, period=span, owner_id=owner_id).annotate(on=day_bucket("planned__startswith"))
    drives = dict(booked.order_by().values_list("on").annotate(number=Count("pk")))
    days = [
        Day(day, month.contains(day), loads.get(day, {}), expected.get(day, 0), drives.get(day, 0))
        for day in span.days()
    ]
    return [days[start : start + 7] for start in range(0, len(days), 7)]


@dataclass(frozen=True)
class Due:
    """One line of a day: the contact due, and whether the customer said they would come."""

    task: FollowUpTask
    is_appointment: bool


def day_agenda(*, user: Any, day: dt.date, owner_id: int | None = None) -> list[Due]:
    """The day's open contacts by hour, the first DAY_SIZE."""
    period = Period.day(day)
    rows = open_tasks(user=user, period=period).select_related("prospect__customer", "prospect__series", "owner")
    rows = rows.prefetch_related(_phones()).order_by("due_at", "id")
    if owner_id is not None:
        rows = rows.filter(owner_id=owner_id)
    coming = set(appointments(user=user, period=period).values_list("prospect_id", flat=True))
    return [Due(task, task.prospect_id in coming) for task in rows[:DAY_SIZE]]


def day_drives(*, user: Any, day: dt.date, owner_id: int | None = None) -> list[TestDrive]:
    """The day's test drives by hour."""
    rows = drives_planned(user=user, period=Period.day(day), owner_id=owner_id)
    return list(rows.select_related("customer", "car", "owner").order_by("planned", "id")[:DAY_SIZE])


def _phones() -> Any:
    prefetch = primary_phones()
    prefetch.add_prefix("prospect")
    return prefetch


def month_asked(text: str) -> Period:
    """The month of an address; anything else means the present one."""
    try:
        period = Period.parse(text)
    except ValueError:
        period = None  # type: ignore[assignment]
    if period is None or period.kind != "month" or not 2000 <= period.start.year <= 2100:
        return Period.containing("month", periods.today())
    return period


def day_asked(text: str, month: Period) -> dt.date:
    """The day of an address when it lies in the month, else today, else the month's first."""
    try:
        day = Period.parse(text).start
    except ValueError:
        day = periods.today()
    return day if month.contains(day) else (periods.today() if month.contains(periods.today()) else month.start)
