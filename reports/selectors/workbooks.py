"""The workbooks a person asked for, and the closes of the stores they may take them from."""

from __future__ import annotations

from typing import Any

from dealership.jobs.models import Job
from reports.models import MonthClose

KIND = "reports.workbook"
SHOWN = 20


def workbook_jobs(*, user: Any) -> list[Job]:
    """My workbooks, newest first."""
    return list(Job.objects.visible_to(user).filter(kind=KIND).order_by("-id")[:SHOWN])


def closes_of(*, user: Any) -> list[MonthClose]:
    """The latest month closes in reach, with their store."""
    rows = MonthClose.objects.visible_to(user).select_related("store").order_by("-month", "store__code")
    return list(rows[:12])
