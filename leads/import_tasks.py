"""Imports in the background: check, write, take back; and the plain rows that are not needed any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from leads.services import import_undo, import_write, imports
from leads.services.import_purge import imports_purge

PURGE_AT = "03:40"


@job_kind(imports.CHECK, act="lead.import")
def check(run: JobRun) -> None:
    """Open and check one file; its result is the workbook of the rows to mend."""
    imports.import_check(run)


@job_kind(imports.CONFIRM, act="lead.import")
def write(run: JobRun) -> None:
    """Write one import; its result says what happened to every row."""
    import_write.import_write(run)


@job_kind(imports.UNDO)
def take_back(run: JobRun) -> None:
    """Undo one import."""
    import_undo.import_take_back(run)


@job_kind("leads.import_purge")
def purge(run: JobRun) -> None:
    """Empty the plain rows past their time."""
    done = imports_purge()
    run.progress(done, done)


@periodic
def purge_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Once a day in the quiet hours; a missed night is made up by the next."""
    day = periods.local_date(moment)
    due = periods.at(day, PURGE_AT)
    if due <= moment:
        yield "leads.import_purge", f"leads.import_purge:{day}", {}, due, None
