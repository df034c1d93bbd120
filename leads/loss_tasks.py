"""Once a day and store: forgotten cards are found and resting ones are woken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from leads.selectors.loss import stores_at_work
from leads.services.dormancy import dormancy_wake_due
from leads.services.out_of_control import out_of_control_sweep

# Before anybody works: what was due yesterday is over, and Today shows the woken ones.
AT = "00:20"


def _place(run: JobRun) -> tuple[int, dt.date]:
    return int(run.payload["store"]), dt.date.fromisoformat(run.payload["day"])


@job_kind("leads.out_of_control")
def out_of_control(run: JobRun) -> None:
    """失控 of one store and day."""
    store_id, day = _place(run)
    moved = out_of_control_sweep(store_id=store_id, day=day)
    run.progress(moved, moved)


@job_kind("leads.wake")
def wake(run: JobRun) -> None:
    """Resting cards of one store whose day has come."""
    store_id, day = _place(run)
    woken = dormancy_wake_due(store_id=store_id, day=day)
    run.progress(woken, woken)


@periodic
def daily_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Only the present day: a later run also finds what an earlier one missed (F18)."""
    day = periods.local_date(moment)
    due = periods.at(day, AT)
    if due > moment:
        return
    for store_id in stores_at_work():
        payload: dict[str, object] = {"store": store_id, "day": str(day)}
        for kind in ("leads.wake", "leads.out_of_control"):
            yield kind, f"{kind}:{store_id}:{day}", payload, due, store_id
