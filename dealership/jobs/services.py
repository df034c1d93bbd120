"""Asking for work, resending what Redis lost, cancelling."""

from __future__ import annotations

import datetime as dt
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from dealership.core import periods
from dealership.core.errors import DomainError, NotFound
from dealership.core.services import service
from dealership.jobs.models import Job, JobState
from dealership.jobs.registry import kinds, plans

log = structlog.get_logger(__name__)
RUN_JOB = "dealership.jobs.tasks.run_job"
RESEND_AFTER = dt.timedelta(seconds=60)
STALE_AFTER = dt.timedelta(seconds=90)


@service
def request_job(
    *,
    kind: str,
    key: str,
    payload: dict[str, Any] | None = None,
    by: Any = None,
    store_id: int | None = None,
    title: str = "",
    due_at: dt.datetime | None = None,
) -> Job:
    """Write the job in the caller's transaction and hint the broker after commit. The same key is the same job."""
    if kind not in kinds:
        raise KeyError(kind)
    moment = periods.now()
    job, fresh = Job.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind, "payload": payload or {}, "requested_by": by, "store_id": store_id,
            "title": title, "due_at": due_at or moment,
        },
    )  # fmt: skip
    if fresh and job.due_at <= moment:
        transaction.on_commit(lambda: hint(job.pk))
    return job


def hint(job_id: int) -> None:
    """Tell the broker, never waiting long: a lost hint is resent by `relay` (F05, F06, F08)."""
    try:
        current_app.send_task(RUN_JOB, args=[job_id], retry=False)
    except (BrokerError, RedisError, OSError) as error:
        log.warning("broker_unavailable", job_id=job_id, error=type(error).__name__)
        return
    Job.objects.filter(pk=job_id).update(sent_at=periods.now())


def relay() -> int:
    """Send again what is due and was not sent lately, and what runs without a heartbeat. Returns how many."""
    moment = periods.now()
    lost = Q(state=JobState.QUEUED, due_at__lte=moment) & (Q(sent_at=None) | Q(sent_at__lt=moment - RESEND_AFTER))
    stuck = Q(state=JobState.RUNNING, heartbeat_at__lt=moment - STALE_AFTER)
    ids = list(Job.objects.filter(lost | stuck).order_by("due_at").values_list("pk", flat=True)[:200])
    for job_id in ids:
        hint(job_id)
    return len(ids)


def plan_due(moment: dt.datetime) -> int:
    """Create every periodic job that is due and missing, including those of a downtime. Returns how many."""
    made = 0
    for plan in plans:
        wanted = {key: (kind, payload, due, store) for kind, key, payload, due, store in plan(moment)}
        known = set(Job.objects.filter(key__in=wanted).values_list("key", flat=True))
        for key, (kind, payload, due, store) in wanted.items():
            if key not in known:
                request_job(kind=kind, key=key, payload=dict(payload), due_at=due, store_id=store)
                made += 1
    return made


@service
def job_cancel(*, by: Any, job_id: int) -> Job:
    """Ask my job to stop: at once when it waits, at its next step when it runs."""
    job: Job | None = Job.objects.visible_to(by).select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound
    if not job.is_open:
        raise DomainError("job_over", "该任务已经结束，不能取消。")
    job.cancel_requested = True
    if job.state == JobState.QUEUED:
        job.state, job.finished_at, job.message = JobState.CANCELLED, periods.now(), "已取消"
    job.save(update_fields=["cancel_requested", "state", "finished_at", "message"])
    return job
