"""Reads of the signed days of the visit register."""

from __future__ import annotations

import datetime as dt

from dealership.core.periods import Period
from dealership.org.models import Store
from leads.models import RegisterDay, Visit


def days_signed(*, store: Store, period: Period) -> list[RegisterDay]:
    """Signed days of a store; the caller has checked the reader's reach over the store."""
    rows = RegisterDay.objects.filter(store=store, **period.filter("day", is_date=True))
    return list(rows.select_related("signed_by", "confirmed_by").order_by("day"))


def parties_on(*, store: Store, day: dt.date) -> int:
    """Registered parties of a day, the uncaptured ones included."""
    return Visit.objects.filter(store=store, visited_on=day).count()
