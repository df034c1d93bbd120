"""Periodic work of reports: open in the morning, refresh during the day, freeze and lock at midnight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from reviews.selectors.plan import opening_due, planned_days, refresh_due, stores_of_plan
from reviews.services.clockwork import reviews_midnight, reviews_refresh_store
from reviews.services.opening import review_open


def _place(run: JobRun) -> tuple[int, dt.date]:
    return int(run.payload["store"]), dt.date.fromisoformat(run.payload["day"])


@job_kind("reviews.open")
def open_day(run: JobRun) -> None:
    """Open the reports of one store and day."""
    store_id, day = _place(run)
    review_open(day=day, store=stores_of_plan([store_id])[0])


@job_kind("reviews.refresh")
def refresh_day(run: JobRun) -> None:
    """Recompute the figures of one store's reports of the day; open those of people called in since the morning."""
    store_id, day = _place(run)
    store = stores_of_plan([store_id])[0]
    review_open(day=day, store=store)
    reviews_refresh_store(store=store, day=day)


@job_kind("reviews.midnight")
def midnight(run: JobRun) -> None:
    """Freeze one store's reports of a day that is over."""
    store_id, day = _place(run)
    reviews_midnight(store=stores_of_plan([store_id])[0], day=day)


@periodic
def opening_plan(moment: dt.datetime) -> Iterator[Planned]:
    """One opening per store and day since the last one that ran, at the store's opening time (F18)."""
    for store, day, due in opening_due(moment):
        yield "reviews.open", f"reviews.open:{store.pk}:{day}", {"store": store.pk, "day": str(day)}, due, store.pk


@periodic
def midnight_plan(moment: dt.datetime) -> Iterator[Planned]:
    """One freeze per store and day that has ended."""
    for day in planned_days(moment):
        due = periods.end_of_day(day)
        if due <= moment:
            for store in stores_of_plan():
                key = f"reviews.midnight:{store.pk}:{day}"
                yield "reviews.midnight", key, {"store": store.pk, "day": str(day)}, due, store.pk


@periodic
def refresh_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Every ten minutes while a store has open figures; a missed slot is not made up, the next one is fresher."""
    slot = moment.replace(minute=moment.minute // 10 * 10, second=0, microsecond=0)
    day = periods.local_date(moment)
    for store_id in refresh_due(day):
        key = f"reviews.refresh:{store_id}:{slot:%Y-%m-%dT%H:%M}"
        yield "reviews.refresh", key, {"store": store_id, "day": str(day)}, slot, store_id
