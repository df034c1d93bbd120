"""Is the product well? One part per thing that can fail alone: database, broker, worker, disk, queue.

Read by `/healthz` (public, terse), by the health page of the settings and by the shell's banner.
"""

from __future__ import annotations

import datetime as dt
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.jobs.models import Job, JobState

HEARTBEAT_LIMIT = dt.timedelta(minutes=3)
QUEUE_LIMIT = dt.timedelta(minutes=10)
FREE_BYTES = 1024**3
STARTED = time.monotonic()
_probe: list[tuple[float, bool]] = []
_due = threading.Event()


@dataclass(frozen=True)
class Part:
    """One line of the health page."""

    key: str
    label: str
    is_ok: bool
    text: str


def last_heartbeat() -> dt.datetime | None:
    """When a worker last finished a heartbeat job; read through the unique index of the keys."""
    beats = Job.objects.filter(key__gte="heartbeat:", key__lt="heartbeat;", state=JobState.DONE)
    return beats.order_by("-key").values_list("finished_at", flat=True).first()


def is_delayed() -> bool:
    """Is background work late? Asked by every page, so remembered per process.

    After `HEALTH_PROBE_SECONDS` it is asked again once the answer is out (`refresh`); a process that was idle for
    long, or is told not to remember, asks at once.
    """
    age = time.monotonic() - _probe[0][0] if _probe else None
    if age is None or age > HEARTBEAT_LIMIT.total_seconds() or not settings.HEALTH_PROBE_SECONDS:
        return _ask()
    if age > settings.HEALTH_PROBE_SECONDS:
        _due.set()
    return _probe[0][1]


def refresh(**_told: Any) -> None:
    """Ask again when a page found the answer old; called when a response has been sent (jobs/apps.py)."""
    if _due.is_set():
        _due.clear()
        with suppress(DatabaseError):
            _ask()


def _ask() -> bool:
    beat = last_heartbeat()
    if beat is None:  # a product that has just started has no heartbeat yet
        late = time.monotonic() - STARTED > HEARTBEAT_LIMIT.total_seconds()
    else:
        late = periods.now() - beat > HEARTBEAT_LIMIT
    _probe[:] = [(time.monotonic(), late)]
    return late


def parts() -> list[Part]:
    """Every part; those that need the database are red with it."""
    database = _database()
    found = [database, _broker()]
    found += [_worker(), _queue()] if database.is_ok else []
    return [*found, _disk()]


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Part("database", _("数据库"), False, _("无法访问（%s）") % type(error).__name__)
    return Part("database", _("数据库"), True, _("正常"))


def _broker() -> Part:
    label = _("消息队列")
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        return Part("broker", label, False, _("无法访问（%s），后台任务会延后执行") % type(error).__name__)
    finally:
        client.close()
    return Part("broker", label, True, _("正常"))


def _worker() -> Part:
    beat, label = last_heartbeat(), _("后台任务进程")
    if beat is None:
        return Part("worker", label, False, _("还没有心跳记录，请检查 worker 与 beat 是否已启动"))
    seconds = max(0, int((periods.now() - beat).total_seconds()))
    is_ok = seconds <= HEARTBEAT_LIMIT.total_seconds()
    return Part("worker", label, is_ok, _("最近心跳在 %s 秒前") % seconds)


def _queue() -> Part:
    waiting = Job.objects.filter(state=JobState.QUEUED, due_at__lte=periods.now())
    late = waiting.filter(due_at__lt=periods.now() - QUEUE_LIMIT).exists()
    return Part("queue", _("任务队列"), not late, _("%s 个任务在等待") % waiting.count())


def _disk() -> Part:
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Part("disk", _("磁盘"), free > FREE_BYTES, _("剩余 %s GB") % (free // 1024**3))
