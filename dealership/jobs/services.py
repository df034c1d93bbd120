"""Asking for work, resending what Redis lost, cancelling."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from dealership.accounts.models import User
from dealership.audit.services import record, record_export
from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.services import lock, service
from dealership.jobs.models import Job, JobState
from dealership.jobs.registry import kinds, plans
from dealership.jobs.selectors import is_fetchable, job_get, with_old_results
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.reach import can, require

log = structlog.get_logger(__name__)
RUN_JOB = "dealership.jobs.tasks.run_job"


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
    resend_before = moment - dt.timedelta(seconds=settings.JOB_RESEND_SECONDS)
    stale_before = moment - dt.timedelta(seconds=settings.JOB_STALE_SECONDS)
    lost = Q(state=JobState.QUEUED, due_at__lte=moment) & (Q(sent_at=None) | Q(sent_at__lt=resend_before))
    stuck = Q(state=JobState.RUNNING, heartbeat_at__lt=stale_before)
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
        raise DomainError("job_over", _("该任务已经结束，不能取消。"))
    job.cancel_requested = True
    if job.state == JobState.QUEUED:
        job.state, job.finished_at, job.message = JobState.CANCELLED, periods.now(), "已取消"
    job.save(update_fields=["cancel_requested", "state", "finished_at", "message"])
    return job


def jobs_end(user: User) -> None:
    """The account of `user` is closed: files being made for the person are not finished (R12).

    Only kinds that make a file or wait for the person's word; what the store needs whoever asked for it goes on.
    """
    personal = [name for name, kind in kinds.items() if kind.act]
    rows = Job.objects.filter(requested_by=user, kind__in=personal)
    rows.filter(state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested=True, finished_at=periods.now(), message="账号已停用，任务已取消。"
    )
    rows.filter(state=JobState.RUNNING).update(cancel_requested=True)


def report_dead(job: Job) -> None:
    """A job gave up: tell the system administrators once (F03)."""
    log.error("job_dead", job_id=job.pk, kind=job.kind)
    admins = User.objects.filter(
        is_active=True, memberships__role=Role.SYS_ADMIN, memberships__valid__contains=periods.today()
    )
    text = f"后台任务「{job.title or job.kind}」多次失败，已停止，请检查后重试。"
    notify(to=admins.distinct(), kind="job", key=f"job_dead:{job.pk}:{job.attempts}", text=text, url="/jobs/health/")


@service
def job_retry(*, by: User, job_id: int) -> Job:
    """Queue a dead or failed job again with fresh attempts. System administrators only (`job.manage`)."""
    require(by, "job.manage")
    job = lock(Job.objects.all(), job_id)
    if job.state not in (JobState.DEAD, JobState.FAILED):
        raise DomainError("job_not_dead", _("只有失败的任务可以重试，请刷新页面查看最新状态。"))
    job.state, job.attempts, job.message = JobState.QUEUED, 0, ""
    job.due_at, job.finished_at, job.heartbeat_at, job.sent_at = periods.now(), None, None, None
    job.save()
    record(by=by, action="job.retry", target=job)
    transaction.on_commit(lambda: hint(job.pk))
    return job


def jobs_in_trouble() -> list[Job]:
    """The newest jobs that gave up or were refused, for the health page."""
    return list(Job.objects.filter(state__in=[JobState.DEAD, JobState.FAILED]).order_by("-id")[:30])


def job_download(*, by: User, job_id: int) -> Job:
    """Let the requester fetch the result file; every attempt at a job that exists is logged (A08).

    404: not mine, or no file. 403: the role that allowed it is gone. 410: expired. The refusal is written in its own
    transaction, so that it stays although the request fails.
    """
    try:
        job = job_get(user=by, pk=job_id)
    except NotFound as foreign:
        if theirs := Job.objects.filter(pk=job_id).first():
            _log_download(by, theirs, foreign)
        raise
    refusal = _download_refusal(by, job)
    _log_download(by, job, refusal)
    if refusal is not None:
        raise refusal
    return job


def _download_refusal(by: User, job: Job) -> DomainError | None:
    if not job.result_file:
        return NotFound(_("该任务没有可下载的结果文件。"))
    act = kinds[job.kind].act if job.kind in kinds else ""
    if act and not can(by, act, job.store_id):
        return NotAllowed(_("您的岗位已调整，不能再下载这份文件。"))
    if job.store_id is not None and not Store.objects.visible_to(by).filter(pk=job.store_id).exists():
        return NotAllowed(_("您已不在该门店任职，不能再下载这份文件。"))
    if not is_fetchable(job) or not (Path(settings.MEDIA_ROOT) / job.result_file).is_file():
        return DomainError("result_expired", _("结果文件已过保留期，请重新生成。"), status=410)
    return None


@service
def _log_download(by: User, job: Job, refusal: DomainError | None) -> None:
    if refusal is None:
        record_export(by=by, kind=job.kind, filename=job.result_name, rows=job.done, store_id=job.store_id)
    changes = {"file": job.result_name, "refused": refusal.code if refusal else None}
    record(by=by, action="job.download", target=job, changes=changes)


@service
def results_sweep() -> int:
    """Remove result files past their time; the rows stay and say so. Returns how many. Called once a day."""
    removed = 0
    for job in with_old_results(periods.now())[:1000]:
        if not is_fetchable(job):
            (Path(settings.MEDIA_ROOT) / job.result_file).unlink(missing_ok=True)
            Job.objects.filter(pk=job.pk).update(result_file="", message="结果文件已过保留期并清除。")
            removed += 1
    return removed
