"""What the clock should have done by now: read by the periodic plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from dealership.core import periods
from dealership.jobs.models import Job
from dealership.org.models import Store
from dealership.org.policy import policy
from reviews.models import Review

# A downtime is made up for this many days; older reports would be invented, not remembered.
CATCH_UP_DAYS = 7


def stores_of_plan(ids: Iterable[int] | None = None) -> list[Store]:
    """Stores in business (or the named ones): the clock serves all, no reader is involved."""
    rows = Store.objects.filter(is_active=True) if ids is None else Store.objects.filter(pk__in=list(ids))
    return list(rows.order_by("pk"))


def planned_days(moment: dt.datetime) -> list[dt.date]:
    """Today and the days a catch-up looks back."""
    today = periods.local_date(moment)
    return [today - dt.timedelta(days=back) for back in range(CATCH_UP_DAYS, -1, -1)]


def opening_due(moment: dt.datetime) -> Iterator[tuple[Store, dt.date, dt.datetime]]:
    """Store, day and opening time of every opening that is due and has no job yet.

    Policies are read only for the missing ones: on an ordinary tick there are none.
    """
    days = planned_days(moment)
    known = set(Job.objects.filter(kind="reviews.open", due_at__gte=periods.at(days[0])).values_list("key", flat=True))
    for store in stores_of_plan():
        for day in days:
            if f"reviews.open:{store.pk}:{day}" in known:
                continue
            due = periods.at(day, policy("report.opens_at", store, day))
            if due <= moment and periods.local_date(store.created_at) <= day:
                yield store, day, due


def refresh_due(day: dt.date) -> list[int]:
    """Stores with figures of today that are still moving."""
    rows = Review.objects.filter(starts_on=day, frozen_at=None)
    return list(rows.order_by("store_id").values_list("store_id", flat=True).distinct())
