"""Periodic work of stock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
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
