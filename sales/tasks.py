"""Periodic work of stock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from sales.selectors.deal import unpaid_allocations
from sales.services.deal import deal_release_unpaid
from sales.services.vehicle import vehicle_release_expired


@job_kind("sales.release_locks")
def release_locks(run: JobRun) -> None:
    """Free cars whose lock ran out."""
    freed = vehicle_release_expired(moment=periods.now())
    run.progress(freed, freed)


@periodic
def release_locks_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Every ten minutes, only the present slot: a later run frees what an earlier one missed."""
    slot = moment.replace(minute=moment.minute // 10 * 10, second=0, microsecond=0)
    yield "sales.release_locks", f"sales.release_locks:{slot:%Y-%m-%dT%H:%M}", {}, slot, None


@job_kind("sales.release_unpaid")
def release_unpaid(run: JobRun) -> None:
    """Cars allocated too long without any payment go back to stock (§4.3)."""
    moment = periods.now()
    due = unpaid_allocations(moment=moment)
    freed = 0
    for deal_id in due:
        freed += deal_release_unpaid(deal_id=deal_id, moment=moment)
        run.progress(freed, len(due))


@periodic
def release_unpaid_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Once a day before the showroom opens; what a day missed the next one frees."""
    due = periods.at(periods.local_date(moment), "07:30")
    if moment >= due:
        yield "sales.release_unpaid", f"sales.release_unpaid:{periods.local_date(moment)}", {}, due, None
