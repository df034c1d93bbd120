"""The frame of every write: one transaction, clear conflicts, locked rows, versions, reach after writing."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dealership.core import request_cache
from dealership.core.errors import Conflict, DomainError, NotFound
from dealership.core.scoping import ScopedQuerySet

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

_constraint_messages: dict[str, tuple[str, str | Promise]] = {}
CLOSED_MONTH_MARK = "closed_month:"
# How often the victim of a deadlock is tried again before its caller is told (R11).
DEADLOCK_RETRIES = 2
_inside: ContextVar[bool] = ContextVar("inside_service", default=False)


def register_conflict(constraint: str, code: str, message: str | Promise) -> None:
    """Say in Chinese what a violated database constraint means (called beside the models at start-up)."""
    _constraint_messages[constraint] = (code, message)


def translate_database_error(error: DatabaseError) -> DomainError | None:
    """The refusal a database error stands for, or None when it is a defect."""
    text = str(error)
    if found := re.search(CLOSED_MONTH_MARK + r"(\d{4})-(\d{2})", text):
        month = _("%(year)s年%(month)s月") % {"year": found[1], "month": int(found[2])}
        return Conflict("month_closed", _("%s已关账，不能再写入该月的记录。请按本月日期登记，或由财务做调整。") % month)
    diag = getattr(error.__cause__, "diag", None)
    name = getattr(diag, "constraint_name", None)
    if name in _constraint_messages:
        code, message = _constraint_messages[name]
        return Conflict(code, message)
    if "lock timeout" in text or "deadlock detected" in text:
        return Conflict("busy", _("其他同事正在修改这条记录，请稍候几秒再保存。"))
    if isinstance(error, IntegrityError):
        return Conflict("conflict", _("记录与现有数据冲突，未保存。请刷新后核对再试。"))
    return None


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator of every public write: atomic, with database refusals turned into `Conflict`.

    A service called by a service is part of its transaction and takes no savepoint of its own: a refusal inside marks
    the whole as to be rolled back, so nothing half written is kept by catching it on the way: that is an error.
    Of two that wait for each other PostgreSQL ends one; as nothing of it is left, it is done again (R11).
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        nested, tries = _inside.get(), 0
        token = _inside.set(True)
        try:
            while True:
                try:
                    return _in_transaction(lambda: function(*args, **kwargs), nested=nested)
                except DatabaseError as error:
                    is_victim = _is_deadlock(error)
                    if is_victim and nested:
                        raise
                    if is_victim and tries < DEADLOCK_RETRIES and not connection.in_atomic_block:
                        tries += 1
                        continue
                    refusal = translate_database_error(error)
                    if refusal is None:
                        raise
                    raise refusal from error
        finally:
            _inside.reset(token)

    return run


def _in_transaction(act: Callable[[], R], *, nested: bool) -> R:
    with request_cache.unit(), transaction.atomic(savepoint=not nested):
        answer = act()
        if not nested and transaction.get_rollback():
            raise RuntimeError("a refusal inside this service was swallowed: nothing of it would be saved")
        return answer


def _is_deadlock(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == "40P01"


def lock(queryset: models.QuerySet[M], pk: int | None) -> M:
    """Load one row locked for update; `NotFound` when it is not in the (scoped) queryset."""
    return found_one(list(queryset.select_for_update(of=("self",)).filter(pk=pk)))


def found_one(rows: Sequence[M]) -> M:
    """The one row that was asked for; `NotFound` without it."""
    if not rows:
        raise NotFound
    return rows[0]


def check_version(row: Any, version: int | None, **shown: Any) -> None:
    """Refuse a stale save (R06). `version` None means the caller does not edit a form; `shown` are present values."""
    if version is not None and row.version != version:
        raise Conflict(
            "stale",
            _("这条记录刚刚被别人修改过，您的修改还没有保存。请对照最新内容后再提交。"),
            current={"version": row.version, **shown},
        )


def still_visible(row: Any, by: Any) -> None:
    """After a write the row must still be in the actor's reach, else the transaction is rolled back."""
    queryset: ScopedQuerySet = type(row)._default_manager.all()
    if not queryset.visible_to(by).filter(pk=row.pk).exists():
        raise DomainError("out_of_reach", _("保存后该记录将不在您的管理范围内，已取消本次操作。"))
