"""Running one job: claimed in the database, counted, heartbeaten, cancelled, never doubled."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from dealership.core import periods, request_cache
from dealership.core.errors import DomainError
from dealership.jobs.models import Job, JobState
from dealership.jobs.registry import kinds
from dealership.jobs.services import report_dead

log = structlog.get_logger(__name__)
LOCK_SPACE = 4_090_001  # first half of the advisory locks of jobs; the second is the job's id


class Cancelled(Exception):
    """Raised inside a handler when its requester asked to stop."""


class JobRun:
    """What a handler gets: the job's payload, progress, cancel and the place of its result file."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.payload: dict[str, Any] = job.payload

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report counts (also the heartbeat); raises `Cancelled` when the requester asked to stop."""
        Job.objects.filter(pk=self.job.pk).update(
            done=done, total=total, message=message[:300], heartbeat_at=periods.now()
        )
        self.stop_if_asked()

    def stop_if_asked(self) -> None:
        """Only look whether to stop: inside a long transaction `progress` would hold the job's row until its end."""
        if Job.objects.filter(pk=self.job.pk, cancel_requested=True).exists():
            raise Cancelled

    @contextmanager
    def result(self, name: str) -> Iterator[Path]:
        """Write the result to a temporary file; it becomes downloadable only when the block ends well (F13)."""
        folder = Path(settings.MEDIA_ROOT) / "jobs"
        folder.mkdir(parents=True, exist_ok=True)
        stored = f"{uuid.uuid4().hex}{Path(name).suffix}"
        temporary = folder / f".{stored}.part"
        try:
            yield temporary
            temporary.replace(folder / stored)
        finally:
            temporary.unlink(missing_ok=True)
        self.job.result_file, self.job.result_name = f"jobs/{stored}", name


@contextmanager
def alone(job_id: int) -> Iterator[bool]:
    """Hold the job's session lock while it runs; False when another process holds it (F04).

    PostgreSQL frees the lock the moment the holder's connection is gone, so the job of a killed worker can
    be taken over at once and a job that merely takes long is never run twice at the same time (F01, F02).
    """
    numbers = [LOCK_SPACE, job_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", numbers)
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", numbers)
            except DatabaseError:
                connection.close()


def claim(job_id: int) -> Job | None:
    """Take the job unless it is over; count the attempt. The caller holds `alone(job_id)`.

    A locked row is waited for: who sent the job notes that at this very moment, and to skip it then would leave the job
    lying until it is sent again.
    """
    with transaction.atomic():
        job: Job | None = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None or not job.is_open:
            return None
        moment = periods.now()
        if job.attempts >= kinds[job.kind].max_attempts:
            job.state, job.finished_at = JobState.DEAD, moment
            job.message = "多次执行失败，已停止；请联系系统管理员。"
            job.save()
            report_dead(job)
            return None
        job.state, job.started_at, job.heartbeat_at = JobState.RUNNING, moment, moment
        job.attempts += 1
        job.save()
        return job


def run(job_id: int) -> None:
    """Do one job. A refusal ends it as failed; a defect leaves it to be retried until `max_attempts`."""
    with alone(job_id) as held:
        job = claim(job_id) if held else None
        if job is not None:
            _work(job)


def _work(job: Job) -> None:
    """Call the kind's handler and write down how it ended."""
    request_cache.begin()
    state, message = JobState.DONE, ""
    try:
        handle = JobRun(job)
        kinds[job.kind].handler(handle)
    except Cancelled:
        state, message = JobState.CANCELLED, "已取消"
    except DomainError as error:
        state, message = JobState.FAILED, error.message
    except OSError as error:
        log.exception("job_failed", job_id=job.pk, kind=job.kind)
        state, message = JobState.FAILED, f"文件写入失败（{error.strerror or '磁盘错误'}），请联系系统管理员后重试。"
    except Exception:  # the task boundary: every defect is logged and retried, then reported as dead
        log.exception("job_crashed", job_id=job.pk, kind=job.kind)
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, heartbeat_at=None, sent_at=None)
        return
    finally:
        request_cache.end()
    current = Job.objects.filter(pk=job.pk).values("message").get()
    Job.objects.filter(pk=job.pk).update(
        state=state,
        message=message or current["message"],
        finished_at=periods.now(),
        heartbeat_at=periods.now(),
        result_file=job.result_file if state == JobState.DONE else "",
        result_name=job.result_name if state == JobState.DONE else "",
    )
