"""Start-up checks: a wrong database, broker or production setting is refused before the first request."""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connection


@register(Tags.security, deploy=True)
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG, a missing or short secret, or demo data in production."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG 不能在生产环境打开。", id="dealership.E001"))
    if len(settings.SECRET_KEY) < 50:
        found.append(Error("SECRET_KEY 缺失或过短（至少 50 个字符），请在环境变量中设置。", id="dealership.E002"))
    if settings.DEMO_ALLOWED:
        found.append(Error("生产环境不能允许演示数据。", id="dealership.E003"))
    return found


@register(Tags.compatibility)
def broker_timing(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A visibility timeout below the task limit would run one task twice at the same time."""
    visibility = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    if visibility <= settings.CELERY_TASK_TIME_LIMIT:
        return [
            Error(
                f"visibility_timeout ({visibility}s) 必须大于任务时限 ({settings.CELERY_TASK_TIME_LIMIT}s)。",
                id="dealership.E004",
            )
        ]
    return []


@register(Tags.database)
def trigram_sees_chinese(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """With LC_CTYPE=C trigram search silently finds no Chinese name."""
    if not databases:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
            if cursor.fetchone()[0] == 0:
                return []
            cursor.execute("SELECT cardinality(show_trgm('张三'))")
            if cursor.fetchone()[0]:
                return []
    except DatabaseError as error:
        return [Error(f"数据库无法访问：{type(error).__name__}", id="dealership.E006")]
    return [Error("数据库的 LC_CTYPE 不支持中文检索，请用 --locale=C.UTF-8 建库。", id="dealership.E005")]


def broker_keeps_its_queue() -> list[CheckMessage]:
    """A broker that evicts loses queued jobs without an error (F09). Unreachable is only a warning (F07)."""
    try:
        client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=3, socket_connect_timeout=3)
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.RedisError as error:
        return [
            CheckWarning(f"消息队列暂时无法访问（{type(error).__name__}），后台任务会延后执行。", id="dealership.W007")
        ]
    if policy != "noeviction":
        return [Error(f"消息队列的 maxmemory-policy 是 {policy}，会丢任务；必须为 noeviction。", id="dealership.E007")]
    return []
