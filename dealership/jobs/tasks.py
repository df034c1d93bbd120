"""The only Celery tasks: run one job, and the tick of beat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from celery import shared_task

from dealership.core import periods
from dealership.jobs import runner
from dealership.jobs.models import Job, JobState
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.services import RUN_JOB, plan_due, relay, results_sweep


@shared_task(name=RUN_JOB)
def run_job(job_id: int) -> None:
    """Run a job row; a duplicate delivery finds it taken or over and does nothing (F04)."""
    runner.run(job_id)


@shared_task(name="dealership.jobs.tasks.tick")
def tick() -> None:
    """Create what is due, resend what was lost."""
    plan_due(periods.now())
    relay()


@job_kind("heartbeat")
def heartbeat(run: runner.JobRun) -> None:
    """Proves that a worker takes and finishes work; the health page reads its age (F19). Yesterday's are dropped."""
    old = Job.objects.filter(kind="heartbeat", created_at__lt=periods.now() - dt.timedelta(days=1))
    old.exclude(state=JobState.RUNNING).delete()


@periodic
def heartbeat_plan(moment: dt.datetime) -> Iterator[Planned]:
    """One heartbeat per minute, only the present one."""
    minute = moment.replace(second=0, microsecond=0)
    yield "heartbeat", f"heartbeat:{minute:%Y-%m-%dT%H:%M}", {}, minute, None


@job_kind("jobs.sweep")
def sweep(run: runner.JobRun) -> None:
    """Remove result files past their time."""
    results_sweep()


@periodic
def sweep_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Once a day in the quiet hours; a missed night is made up by the next."""
    day = periods.local_date(moment)
    due = periods.at(day, "03:30")
    if due <= moment:
        yield "jobs.sweep", f"jobs.sweep:{day}", {}, due, None
