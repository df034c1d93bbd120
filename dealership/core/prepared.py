"""Statements a page asks each time, put together once per process.

Building a queryset and compiling it costs the web worker several times what reading its rows costs. `rows_of` does it
the first and the second time only. What changes from call to call (who asks, which store, the moment) are the `values`
of a statement.
It is built with stand-ins for them, so that their places in the parameters are known, and once with the values
themselves: only when both give the same SQL, with the values in these very places, is it kept. A statement that depends
on a value in any other way, or reads something while it is built, is built anew each time, as if this were not here.
"""

from __future__ import annotations

import contextvars
import datetime as dt
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import get_language

from dealership.core import periods, request_cache

KEPT = 300
# Larger than any id, and within the range of the column.
_FIRST_STAND_IN = 1 << 62
_TOO_LARGE = 1 << 63

Value = int | dt.datetime
Build = Callable[[Sequence[Any]], QuerySet[Any, Any]]


class _ReadWhileBuilt(Exception):
    """A statement asks the database before it is complete."""


@dataclass(frozen=True)
class _Plan:
    """A compiled statement; each parameter is a literal or, where `place` is not None, one of the values."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    params: tuple[tuple[int | None, Any], ...]
    converters: dict[int, Any]

    def filled(self, values: Sequence[Value]) -> tuple[Any, ...]:
        return tuple(literal if place is None else values[place] for place, literal in self.params)

    def rows(self, values: Sequence[Value]) -> list[Any]:
        """Read them as Django does, with what it has worked out already: the SQL and the columns' converters."""
        like: Any = self.queryset
        compiler: Any = copy(self.compiler)
        compiler.connection = connections[like.db]
        compiler.as_sql = lambda *_args, **_named: (self.sql, self.filled(values))
        compiler.get_converters = lambda _columns: self.converters
        # `all()` would copy the whole query, deep enough to be changed; this one is only read.
        query = copy(like.query)
        query.get_compiler = lambda *_args, **_named: compiler
        queryset = type(like)(model=like.model, query=query, using=like.db)
        for name in ("_iterable_class", "_fields", "_prefetch_related_lookups", "_known_related_objects"):
            setattr(queryset, name, getattr(like, name))
        return list(queryset)


UNKNOWN: Any = object()
ASKED: Any = object()
_plans: dict[Hashable, _Plan | None] = {}


def rows_of(key: Hashable, build: Build, values: Sequence[Value]) -> list[Any]:
    """The rows of `build(values)`. The key names the statement with everything but the values that shapes it.

    The clock stands at one moment while a statement is built, which is its first value: a condition on now is filled
    in anew each time. Days are part of the statement: it is built again every day.
    """
    values = [periods.now(), *values]
    plan = _plan_of(key, build, values)
    return list(_built(build, values)) if plan is None else plan.rows(values)


def sql_of(key: Hashable, build: Build, values: Sequence[Value]) -> tuple[str, tuple[Any, ...]]:
    """The statement with its parameters, to be made part of a larger one."""
    values = [periods.now(), *values]
    plan = _plan_of(key, build, values)
    if plan is None:
        _compiler, sql, params = _compiled(_built(build, values))
        return sql, params
    return plan.sql, plan.filled(values)


def _plan_of(key: Hashable, build: Build, values: Sequence[Value]) -> _Plan | None:
    # An id typed into an address may be larger than any column holds: Django finds nothing, PostgreSQL would complain.
    if any(isinstance(value, int) and value >= _TOO_LARGE for value in values):
        return None
    whole = (key, periods.today(), get_language())
    plan = _plans.get(whole, UNKNOWN)
    if plan is UNKNOWN:
        if len(_plans) >= KEPT:
            _plans.pop(next(iter(_plans)), None)
        # What is asked once is not worth the proof.
        _plans[whole] = ASKED
        return None
    if plan is ASKED:
        plan = _plans[whole] = _prepare(build, values)
    return plan


def _built(build: Build, values: Sequence[Any]) -> QuerySet[Any, Any]:
    with periods.standing(values[0]):
        return build(values[1:])


def _prepare(build: Build, values: Sequence[Value]) -> _Plan | None:
    stand_ins = [_stand_in(place, value) for place, value in enumerate(values)]
    try:
        queryset, compiler, sql, params = contextvars.copy_context().run(_posed, build, stand_ins)
        _other, same_sql, same_params = _compiled(_built(build, values))
    except (EmptyResultSet, _ReadWhileBuilt):
        return None
    places = {value: place for place, value in enumerate(stand_ins)}
    marked = tuple((places.get(param) if isinstance(param, (int, dt.datetime)) else None, param) for param in params)
    columns = [column for column, *_rest in compiler.select[: compiler.col_count]]
    plan = _Plan(queryset, compiler, sql, marked, compiler.get_converters(columns))
    return plan if (same_sql, same_params) == (sql, plan.filled(values)) else None


def _posed(build: Build, stand_ins: Sequence[Value]) -> tuple[QuerySet[Any, Any], SQLCompiler, str, tuple[Any, ...]]:
    """Built knowing nothing of the request: a policy read before would have to be read again, which is refused."""
    request_cache.begin()
    with _nothing_read():
        queryset = _built(build, stand_ins)
        return queryset, *_compiled(queryset)


def _compiled(queryset: QuerySet[Any, Any]) -> tuple[SQLCompiler, str, tuple[Any, ...]]:
    compiler = queryset.query.get_compiler(queryset.db)
    sql, params = compiler.as_sql()
    return compiler, sql, tuple(params)


def _stand_in(place: int, value: Value) -> Value:
    if isinstance(value, dt.datetime):
        return value + dt.timedelta(microseconds=1 + place)
    return _FIRST_STAND_IN + place


@contextmanager
def _nothing_read() -> Iterator[None]:
    def refuse(*_args: Any) -> None:
        raise _ReadWhileBuilt

    with connections["default"].execute_wrapper(refuse):
        yield
