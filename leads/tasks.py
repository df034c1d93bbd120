"""Periodic work of customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from leads import import_tasks, lead_tasks, loss_tasks, quality_tasks
from leads.services.drive_run import drives_tell_overtime

__all__ = ["drive_overtime", "drive_overtime_plan", "import_tasks", "lead_tasks", "loss_tasks", "quality_tasks"]


@job_kind("leads.drive_overtime")
def drive_overtime(run: JobRun) -> None:
    """Alert people about demo cars that are out too long."""
    told = drives_tell_overtime()
    run.progress(told, told)


@periodic
def drive_overtime_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Every five minutes, only the present slot: a later run finds what an earlier one missed."""
    slot = moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)
    yield "leads.drive_overtime", f"leads.drive_overtime:{slot:%Y-%m-%dT%H:%M}", {}, slot, None
