"""Statements a page asks each time, put together once per process.

Building a queryset and compiling it costs the web worker several times what reading its rows costs. `rows_of` does it
the first and the second time only. What changes from call to call (who asks, which store, the moment) are the `values`
of a statement.
It is built with stand-ins for them, so that their places in the parameters are known, and once with the values
themselves: only when both give the same SQL, with the values in these very places, is it kept. A statement that depends
on a value in any other way, or reads something while it is built, is built anew each time, as if this were not here.

What is kept also has a name in PostgreSQL (core/named.py).
"""

from __future__ import annotations

import contextvars
import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import get_language
from psycopg.sql import Literal

from dealership.core import periods, request_cache
from dealership.core.named import Named

KEPT = 300
# Larger than any id, and within the range of the column.
_FIRST_STAND_IN = 1 << 62
_TOO_LARGE = 1 << 63

Value = int | dt.datetime
Build = Callable[[Sequence[Any]], QuerySet[Any, Any]]


class _ReadWhileBuilt(Exception):
    """A statement asks the database before it is complete."""


_numbers = count(1)


@dataclass(frozen=True)
class _Plan:
    """A compiled statement; each parameter is a literal or, where `place` is not None, one of the values."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    params: tuple[tuple[int | None, Any], ...]
    converters: dict[int, Any]
    named: Named
    used: tuple[int, ...]

    def filled(self, values: Sequence[Value]) -> tuple[Any, ...]:
        return tuple(literal if place is None else values[place] for place, literal in self.params)

    def call(self, values: Sequence[Value]) -> tuple[str, tuple[Any, ...]]:
        """What runs it on the default connection."""
        return self.named.call([values[place] for place in self.used])

    def rows(self, values: Sequence[Value], read: list[Any] | None = None) -> list[Any]:
        """Read them as Django does, with what it has worked out already: the SQL and the columns' converters.

        `read` are the rows as they came, when they were asked for ahead.
        """
        like: Any = self.queryset
        compiler: Any = copy(self.compiler)
        compiler.connection = connections[like.db]
        compiler.as_sql = lambda *_args, **_named: self.call(values)
        if read is not None:
            compiler.execute_sql = lambda *_args, **_named: [read]
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


@dataclass(frozen=True)
class Question:
    """The rows of `build(values)`. The key names the statement with everything but the values that shapes it.

    The clock stands at one moment while a statement is built, which is its first value: a condition on now is filled
    in anew each time. Days are part of the statement: it is built again every day.
    """

    key: Hashable
    build: Build
    values: tuple[Value, ...]

    @property
    def memory_key(self) -> Hashable:
        """Where its rows lie when they were asked for ahead."""
        return "ahead", self.key, self.values

    def rows(self) -> list[Any]:
        """Read them, or take what `ask_ahead` has read in this request."""
        values = [periods.now(), *self.values]
        plan = _plan_of(self.key, self.build, values)
        if plan is None:
            return list(_built(self.build, values))
        return plan.rows(values, request_cache.take(self.memory_key))


def ask_ahead(questions: Iterable[Question]) -> None:
    """Several kept statements in one message to the server; whoever asks one of them next finds it answered.

    For pages that only read: the answers are those of this moment.
    """
    now = periods.now()
    wanted: list[tuple[Question, tuple[str, tuple[Any, ...]]]] = []
    for question in questions:
        values = [now, *question.values]
        plan = _plan_of(question.key, question.build, values)
        if plan is not None:
            wanted.append((question, plan.call(values)))
    if len(wanted) < 2:
        return
    texts, given = zip(*(call for _question, call in wanted), strict=True)
    with connections["default"].cursor() as cursor:
        cursor.execute("; ".join(texts), [*chain(*given)])
        for question, _call in wanted:
            request_cache.put(question.memory_key, cursor.fetchall())
            cursor.nextset()


def rows_of(key: Hashable, build: Build, values: Sequence[Value]) -> list[Any]:
    """The rows of one `Question`."""
    return Question(key, build, tuple(values)).rows()


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
    used = tuple(sorted({place for place, _literal in marked if place is not None}))
    named = _named(sql, marked, {place: values[place] for place in used})
    plan = _Plan(queryset, compiler, sql, marked, compiler.get_converters(columns), named, used)
    return plan if (same_sql, same_params) == (sql, plan.filled(values)) else None


def _named(sql: str, marked: Iterable[tuple[int | None, Any]], used: dict[int, Value]) -> Named:
    """Literals stay literals: whether a partial index will do is read off them."""
    line = connections["default"].connection
    numbers = {place: f"${number}" for number, place in enumerate(used, 1)}
    texts = tuple(Literal(given).as_string(line) if place is None else numbers[place] for place, given in marked)
    types = tuple("timestamptz" if isinstance(value, dt.datetime) else "bigint" for value in used.values())
    return Named(f"kept_{next(_numbers)}", types, sql % texts)


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
