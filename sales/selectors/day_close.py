"""Reads of the day-end counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from dealership.accounts.models import User
from dealership.core.errors import NotFound
from dealership.core.money import ZERO
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from sales.choices import DayCloseState, PaymentMethod
from sales.models import DayClose, Payment

DAYS_SHOWN = 14


def booked_by_method(*, store_id: int, day: dt.date) -> dict[str, Decimal]:
    """Cleared money of a store's day per way of payment: receipts less reversals and refunds."""
    rows = Payment.objects.filter(store_id=store_id, **Period.day(day).filter("cleared_at")).cleared()
    return dict(rows.order_by().values_list("method").annotate(total=Sum("amount")))


def day_close_list(*, user: User) -> QuerySet[DayClose]:
    """Counts within reach with what a row shows."""
    return DayClose.objects.visible_to(user).select_related("store", "submitted_by", "answered_by")


def day_close_get(*, user: User, day_close_id: int) -> DayClose:
    """One count within reach; `NotFound` otherwise."""
    row = day_close_list(user=user).prefetch_related("lines").filter(pk=day_close_id).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class DayLine:
    """One way of payment on the page of a day."""

    method: str
    label: str
    booked: Decimal
    count: int


@dataclass(frozen=True)
class DayPicture:
    """A store's day: what is booked now, every count of it (newest first), and whether the newest still holds."""

    lines: list[DayLine]
    closes: list[DayClose]

    @property
    def booked(self) -> Decimal:
        return sum((line.booked for line in self.lines), ZERO)

    @property
    def newest(self) -> DayClose | None:
        return self.closes[0] if self.closes else None

    @property
    def confirmed(self) -> DayClose | None:
        return next((row for row in self.closes if row.state == DayCloseState.CONFIRMED), None)

    @property
    def has_moved(self) -> bool:
        """Receipts of the day changed after its newest count."""
        if self.newest is None:
            return False
        then = {line.method: line.booked for line in self.newest.lines.all() if line.booked}
        return then != {line.method: line.booked for line in self.lines if line.booked}


def day_picture(*, user: User, store: Store, day: dt.date) -> DayPicture:
    """Everything the page of one day shows; `NotFound` when the reader does not reach the store's counts."""
    reach = reach_for(user, "day_close")
    if store.pk not in reach.store_ids and store.group_id not in reach.group_ids:
        raise NotFound
    rows = Payment.objects.filter(store=store, **Period.day(day).filter("cleared_at")).cleared()
    found = {
        row["method"]: row for row in rows.order_by().values("method").annotate(total=Sum("amount"), n=Count("pk"))
    }
    lines = [
        DayLine(method.value, str(method.label), found[method]["total"], found[method]["n"])
        if method in found
        else DayLine(method.value, str(method.label), ZERO, 0)
        for method in PaymentMethod
    ]
    closes = day_close_list(user=user).filter(store=store, day=day).prefetch_related("lines").order_by("-revision")
    return DayPicture(lines, list(closes))


def recent_days(*, user: User, store: Store, until: dt.date) -> list[dict[str, object]]:
    """The last days with the state of their newest count, and whether money came in at all."""
    days = [until - dt.timedelta(days=back) for back in range(DAYS_SHOWN)]
    rows = day_close_list(user=user).filter(store=store, day__gte=days[-1], day__lte=until).order_by("revision")
    states = {row.day: row for row in rows}
    return [{"day": day, "close": states.get(day)} for day in days]


def day_closes_waiting(*, user: User) -> QuerySet[DayClose]:
    """Counts that wait for the accountant, the oldest day first."""
    return day_close_list(user=user).filter(state=DayCloseState.SUBMITTED).order_by("day", "id")
