"""Writing the audit trail, and running a creating request once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.db import connection, models
from django.utils.translation import gettext as _

from dealership.audit.models import AuditEntry, ExportLog, IdempotencyKey, RevealLog
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import service

M = TypeVar("M", bound=models.Model)
REVEALS_PER_HOUR = 30


def record(*, by: Any, action: str, target: models.Model, changes: Mapping[str, Any] | None = None) -> None:
    """Write one entry in the caller's transaction. `by` None is the system. No personal data in `changes`."""
    context = structlog.contextvars.get_contextvars()
    AuditEntry.objects.create(
        actor=by,
        action=action,
        object_type=target._meta.label_lower,
        object_id=target.pk,
        store_id=getattr(target, "store_id", None),
        changes=_plain(changes or {}),
        request_id=str(context.get("request_id") or context.get("task_id") or ""),
    )


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, (int, bool, type(None), list, dict)) else str(value)
        for key, value in changes.items()
    }


def record_export(*, by: Any, kind: str, filename: str, rows: int, store_id: int | None) -> None:
    """Log a download (exports are named, counted and attributable)."""
    ExportLog.objects.create(actor=by, kind=kind, filename=filename, rows=rows, store_id=store_id)


@service
def record_reveal(*, by: Any, target: models.Model, field: str, reason: str, ip: str | None) -> None:
    """Log that plain personal data was shown; refuses without a reason and past the hourly limit."""
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", _("查看完整号码需要填写原因。"), {"reason": [_("请填写查看原因。")]})
    hour_ago = periods.now() - timedelta(hours=1)
    if RevealLog.objects.filter(actor=by, at__gte=hour_ago).count() >= REVEALS_PER_HOUR:
        raise DomainError(
            "too_many_reveals", _("一小时内最多查看 %s 个完整号码，请稍后再试。") % REVEALS_PER_HOUR, status=429
        )
    RevealLog.objects.create(
        actor=by, object_type=target._meta.label_lower, object_id=target.pk, field=field, reason=reason.strip(), ip=ip
    )


@service
def once(
    *, by: Any, action: str, key: uuid.UUID | None, create: Callable[[], M], find: Callable[[int], M]
) -> tuple[M, bool]:
    """Run `create` once per (person, action, key); later calls get `find(id)` and True.

    A second request that arrives while the first is still running waits for it on the unique index.
    """
    if key is None:
        return create(), False
    slot, result_id = _slot(by.pk, action, key)
    if result_id is not None:
        return find(result_id), True
    row = create()
    IdempotencyKey.objects.filter(pk=slot).update(result_id=row.pk)
    return row, False


def _slot(user_id: int, action: str, key: uuid.UUID) -> tuple[int, int | None]:
    """The key's row, made or found and locked, in one statement (the ORM needs four): its id and the first result."""
    statement = """INSERT INTO audit_idempotencykey (user_id, action, key, created_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT ON CONSTRAINT audit_idempotencykey_once DO UPDATE SET key = EXCLUDED.key RETURNING id, result_id"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [user_id, action, key, periods.now()])
        slot, result_id = cursor.fetchone()
    return slot, result_id
