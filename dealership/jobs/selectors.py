"""My background work."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.jobs.models import Job
from dealership.org.policy import policy

LIST_ORDER = ("-id",)


def my_jobs(*, user: Any) -> QuerySet[Job]:
    """Jobs I asked for, newest first."""
    return Job.objects.visible_to(user).order_by(*LIST_ORDER)  # type: ignore[no-any-return]


def job_get(*, user: Any, pk: int) -> Job:
    """One of my jobs, else 404."""
    job: Job | None = Job.objects.visible_to(user).filter(pk=pk).first()
    if job is None:
        raise NotFound
    return job


def expires_at(job: Job) -> dt.datetime | None:
    """When the result file goes; None while there is none."""
    if not job.result_file or job.finished_at is None:
        return None
    days = policy("job.result_days", job.store_id, periods.local_date(job.finished_at))
    return job.finished_at + dt.timedelta(days=days)


def is_fetchable(job: Job) -> bool:
    """Is there a result file that has not expired?"""
    until = expires_at(job)
    return until is not None and periods.now() < until


def with_old_results(moment: dt.datetime) -> QuerySet[Job]:
    """Jobs whose result file may be due for removal (the sweep asks `is_fetchable` of each)."""
    rows = Job.objects.exclude(result_file="").filter(finished_at__lt=moment - dt.timedelta(days=1))
    return rows.order_by("id")  # type: ignore[no-any-return]
