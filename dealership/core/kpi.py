"""What a KPI is, and how one is evaluated. KPIs are declared in each app's `kpis.py` and nowhere else.

A figure is always numerator and denominator, each the sum of one or more measures. A measure is a set of
rows (the drill-down), a value over them (count or sum), the column that dates them and the columns that
credit them to a person, team and store **as they were at the event** (snapshot columns). Ratios are built
last, from summed numerators and denominators, never from other ratios (domain.md §3.0).

Every evaluation names its reader: `SYSTEM` (roll-up, checks) or a user, whose reach then cuts the rows, so
that a figure and the rows behind it agree for everybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    BigIntegerField,
    CharField,
    Count,
    DateField,
    DecimalField,
    F,
    Func,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast

from dealership.core import money, periods
from dealership.core.figure import Figure, difference, make_figure, median_figure
from dealership.core.periods import Period, day_bucket

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Unit = Literal[
    "组", "张", "人", "次", "条", "单", "台", "元", "元/台", "元/天", "台/人",
    "%", "pp", "天", "分钟", "次/天", "份", "件"
]  # fmt: skip
Grain = Literal["day", "month", "now"]
SYSTEM: Final = object()
_TOTAL: Final = DecimalField(max_digits=20, decimal_places=4)


@dataclass(frozen=True)
class Scope:
    """Whose figures: one store or several, optionally one team or person."""

    store_ids: tuple[int, ...]
    team_id: int | None = None
    person_id: int | None = None


class Group(NamedTuple):
    """One grouped sum of a measure; `measure` is its place in the question."""

    measure: int
    store: int
    team: int | None
    person: int | None
    day: dt.date | None
    part: str
    total: Decimal


@dataclass(frozen=True)
class Measure:
    """Rows that are counted.

    rows/date: dated rows; `is_date` when the column is a date, `is_range` when it is a range of days (month figures:
    rows whose range touches the month). as_of instead of both: the rows that stand at a moment.
    only: which of these rows; measures that differ in this (or in `value`) alone are counted in one pass over them.
    opening: rows frozen per month; a longer period takes those of its first month.
    value: an aggregate, or a function (store, first of month) → aggregate when a store's policy is part of it.
    applies: (store, first of month) → does this measure count there (`retail_basis`)?
    part: a column that breaks the figure down (grade), or holds the values of a median.
    """

    rows: Callable[[], QuerySet[Any]] | None = None
    date: str | None = None
    only: Q | Callable[[], Q] = Q()  # noqa: RUF009  never changed
    is_date: bool = False
    is_range: bool = False
    value: Aggregate | Callable[[int, dt.date], Aggregate] = field(default_factory=lambda: Count("pk"))
    person: str | None = "owner"
    team: str | None = "team"
    store: str = "store"
    sign: int = 1
    as_of: Callable[[dt.datetime], QuerySet[Any]] | None = None
    opening: bool = False
    applies: Callable[[int, dt.date], bool] | None = None
    part: str | None = None

    @cached_property
    def resource(self) -> str:
        """The resource of the role table whose reach cuts these rows: a constant of their queryset's class."""
        return str(self._source(periods.now()).resource)  # type: ignore[attr-defined]

    @property
    def source(self) -> tuple[Any, ...]:
        """What is read, dated and credited; equal for measures that one pass can count."""
        reads = self.as_of or self.rows
        return reads, self.date, self.is_date, self.person, self.team, self.store, self.opening, self.part

    @property
    def condition(self) -> Q:
        """`only`, asked now."""
        return self.only if isinstance(self.only, Q) else self.only()

    @property
    def is_count(self) -> bool:
        return isinstance(self.value, Count)

    def rows_in(self, scope: Scope, period: Period, reader: Any = SYSTEM) -> QuerySet[Any]:
        """Exactly the rows counted for this scope and period, within the reader's reach."""
        rows = self.readable(period, reader).filter(self._where(scope, period) & self.condition)
        if scope.team_id is not None:
            rows = rows.filter(**{self.team: scope.team_id}) if self.team else rows.none()
        if scope.person_id is not None:
            rows = rows.filter(**{self.person: scope.person_id}) if self.person else rows.none()
        return rows

    def readable(self, period: Period, reader: Any) -> QuerySet[Any]:
        """All rows of the source that the reader may see; as-of rows are those of the period's end."""
        rows = self._source(min(period.end_at, periods.now()))
        return rows if reader is SYSTEM else rows.visible_to(reader)  # type: ignore[attr-defined,no-any-return]

    def _source(self, moment: dt.datetime) -> QuerySet[Any]:
        if self.as_of is not None:
            return self.as_of(moment)
        if self.rows is None:
            raise ValueError("a measure needs rows or as_of")
        return self.rows()

    def _where(self, scope: Scope, period: Period) -> Q:
        """Store and date condition; month by month when a dated policy decides what counts."""
        if self.applies is None:
            return Q(**{f"{self.store}__in": scope.store_ids}) & self.dated(period)
        counted = Q(pk__in=[])
        for month in months_of(period):
            stores = [pk for pk in scope.store_ids if self.applies(pk, first_of_month(month.start))]
            if stores:
                counted |= Q(**{f"{self.store}__in": stores}) & self.dated(month)
        return counted

    def dated(self, period: Period) -> Q:
        """The condition on the column that dates the rows."""
        if self.date is None:
            return Q()
        if self.is_range:
            return Q(**{f"{self.date}__overlap": (period.start, period.end)})
        if self.opening:
            return Q(**{self.date: first_of_month(period.start)})
        return Q(**period.filter(self.date, is_date=self.is_date))

    def total(self, scope: Scope, period: Period, reader: Any = SYSTEM) -> Decimal:
        """The sum over the rows, signed."""
        if isinstance(self.value, Aggregate):
            questions = [(scope, period, self.value)]
        else:
            questions = [
                (Scope((store,), scope.team_id, scope.person_id), month, self.value(store, first_of_month(month.start)))
                for store in scope.store_ids
                for month in months_of(period)
            ]
        found = (self.rows_in(s, p, reader).order_by().aggregate(total=v)["total"] for s, p, v in questions)
        return self.sign * sum((Decimal(got or 0) for got in found), Decimal(0))

    def counts(self, scope: Scope, period: Period, reader: Any = SYSTEM) -> dict[str, Decimal]:
        """How many of the rows have each value of `part`."""
        rows = self.rows_in(scope, period, reader).order_by().values_list(F(str(self.part))).annotate(total=Count("pk"))
        return {str(value): Decimal(total) for value, total in rows}

    def value_in(self, store_id: int, month: dt.date) -> Aggregate:
        """The aggregate of this store and month."""
        return self.value if isinstance(self.value, Aggregate) else self.value(store_id, month)


@dataclass(frozen=True)
class Pass:
    """One reading of a source for one store inside one month; `members` are places of measures in the question.

    `day` dates as-of rows when they are stored. `terms` are the members' aggregates, where they were asked for ahead.
    """

    store: int
    period: Period
    members: tuple[int, ...]
    day: dt.date | None = None
    terms: tuple[Aggregate | None, ...] = ()

    def with_terms(self, asked: Sequence[Measure]) -> Pass:
        """The same with the aggregates a store's policy is part of, so that nobody needs the store to build it."""
        month = first_of_month(self.period.start)
        found = (asked[place] for place in self.members)
        return replace(self, terms=tuple(m.value_in(self.store, month) if callable(m.value) else None for m in found))


def passes(
    asked: Sequence[Measure], store_ids: Iterable[int], period: Period, day: dt.date | None = None
) -> list[Pass]:
    """The fewest readings that answer the measures: one per store and source."""
    month = first_of_month(period.start)
    found: list[Pass] = []
    for store in store_ids:
        sources: dict[Any, list[int]] = {}
        for place, measure in enumerate(asked):
            if measure.applies is None or measure.applies(store, month):
                sources.setdefault(measure.source, []).append(place)
        found += [Pass(store, period, tuple(members), day) for members in sources.values()]
    return found


def counted(
    asked: Sequence[Measure], chosen: Sequence[Pass], *, daily: bool, reader: Any = SYSTEM
) -> QuerySet[Any, Any]:
    """All passes as **one** statement of rows `pass, store, team, person, day, part, [a sum per member]`."""
    queries = [_counted(asked, number, one, daily=daily, reader=reader) for number, one in enumerate(chosen)]
    return queries[0].union(*queries[1:], all=True) if len(queries) > 1 else queries[0]


def _counted(asked: Sequence[Measure], number: int, one: Pass, *, daily: bool, reader: Any) -> QuerySet[Any, Any]:
    first = asked[one.members[0]]
    rows = first.readable(one.period, reader).filter(first.dated(one.period), **{first.store: one.store})
    if len(one.members) == 1:
        rows = rows.filter(first.condition)
    day = Cast(Value(one.day), DateField())
    if daily and first.date is not None and not first.is_range:
        day = Cast(F(first.date) if first.is_date else day_bucket(first.date), DateField())
    columns = {
        "g_pass": Value(number),
        "g_store": F(first.store),
        "g_team": F(first.team) if first.team else Cast(Value(None), BigIntegerField()),
        "g_person": F(first.person) if first.person else Cast(Value(None), BigIntegerField()),
        "g_day": day,
        "g_part": Cast(F(first.part) if first.part else Value(""), CharField()),
    }
    terms = one.terms or (None,) * len(one.members)
    sums = [_sum_of(asked[place], one, term) for place, term in zip(one.members, terms, strict=True)]
    array = Func(*sums, template="ARRAY[%(expressions)s]", output_field=ArrayField(_TOTAL))
    return rows.order_by().values(**columns).annotate(g_sums=array).values_list(*columns, "g_sums")


def _sum_of(measure: Measure, one: Pass, term: Aggregate | None) -> Cast:
    value = term or measure.value_in(one.store, first_of_month(one.period.start))
    if measure.condition and len(one.members) > 1:
        value = copy(value)
        value.filter = measure.condition
    return Cast(value, _TOTAL)


def grouped_sums(
    measures: Iterable[Measure], store_ids: Collection[int], period: Period, *, daily: bool, reader: Any = SYSTEM
) -> Iterator[Group]:
    """Grouped sums of several measures in **one** statement that reads each source once per store."""
    asked = list(measures)
    yield from sums_of_passes(asked, passes(asked, store_ids, period), daily=daily, reader=reader)


def sums_of_passes(
    asked: Sequence[Measure], chosen: Sequence[Pass], *, daily: bool, reader: Any = SYSTEM
) -> Iterator[Group]:
    """The grouped sums of chosen passes, each with a period of its own, in one statement."""
    if chosen:
        yield from sums_of_rows(asked, chosen, counted(asked, chosen, daily=daily, reader=reader))


def sums_of_rows(asked: Sequence[Measure], chosen: Sequence[Pass], rows: Iterable[Any]) -> Iterator[Group]:
    """The rows of `counted`, one group per sum."""
    for number, store, team, person, day, part, sums in rows:
        for place, total in zip(chosen[number].members, sums, strict=True):
            if total is not None and (total or not asked[place].is_count):
                yield Group(place, store, team, person, day, part, asked[place].sign * total)


Compute = Callable[[Scope, Period], tuple[Decimal | None, Decimal | None]]


@dataclass(frozen=True)
class Kpi:
    """One figure of the trade: key, Chinese label, plain explanation (the formula), unit, and where its rows are.

    grain: `day` sums over days; `month` exists per month only (openings, targets); `now` is the state at a moment.
    compute: for the few figures that are not sums of rows (time progress).
    minus: two KPIs whose difference this one is (in percentage points), for example the pace gap.
    is_median: the value is the median of the one measure's `part`; facts keep how many rows have each value, so that
    the median of any scope is that of its rows.
    """

    key: str
    label: StrOrPromise
    explanation: StrOrPromise
    unit: Unit
    numerator: tuple[Measure, ...] = ()
    denominator: tuple[Measure, ...] = ()
    grain: Grain = "day"
    profit: bool = False
    compute: Compute | None = None
    minus: tuple[Kpi, Kpi] | None = None
    is_median: bool = False

    @property
    def is_ratio(self) -> bool:
        return bool(self.denominator) or self.compute is not None

    @property
    def is_rows(self) -> bool:
        """Can it be opened to rows? Time progress and differences cannot."""
        return bool(self.numerator)

    @cached_property
    def resources(self) -> frozenset[str]:
        """Resources of the role table a reader must reach to see this figure."""
        parents = self.minus or ()
        own = frozenset(measure.resource for measure in (*self.numerator, *self.denominator))
        return own.union(*(parent.resources for parent in parents)) or frozenset({"figure"})

    def span(self, period: Period) -> Period:
        """Month figures of a day or week are those of its month; longer periods stay as they are."""
        if self.grain == "month" and period.kind in ("day", "week"):
            return Period.containing("month", period.start)
        return period

    def figure(self, scope: Scope, period: Period, reader: Any = SYSTEM) -> Figure:
        """The live figure for a scope and period within the reader's reach."""
        if self.minus is not None:
            return difference(*(parent.figure(scope, period, reader) for parent in self.minus))
        span = self.span(period)
        if self.compute is not None:
            return make_figure(*self.compute(scope, span), is_ratio=True)
        if self.is_median:
            return median_figure(self.numerator[0].counts(scope, span, reader))
        numerator = sum((m.total(scope, span, reader) for m in self.numerator), Decimal(0))
        denominator = sum((m.total(scope, span, reader) for m in self.denominator), Decimal(0))
        return make_figure(numerator, denominator if self.denominator else None, is_ratio=self.is_ratio)

    def drill(
        self, scope: Scope, period: Period, reader: Any, *, denominator: bool = False
    ) -> list[tuple[Measure, QuerySet[Any]]]:
        """The rows behind one side of the figure within the reader's reach, one queryset per measure."""
        side = self.denominator if denominator else self.numerator
        return [(measure, measure.rows_in(scope, self.span(period), reader)) for measure in side]

    def show(self, value: Decimal | None) -> str:
        """A value as a screen writes it: `82.4%`, `+3.2个百分点`, `168,000.00`, `12`; unknown is an em dash."""
        if value is None:
            return "—"
        if self.unit == "%":
            return money.show_ratio(value)
        if self.unit == "pp":
            return f"{'+' if value >= 0 else ''}{money.show_ratio(value)[:-1]}个百分点"
        if self.unit in ("元", "元/台", "元/天"):
            return money.show_money(value)
        if self.unit in ("天", "分钟", "次/天", "台/人"):
            return f"{value.quantize(Decimal('0.1'), rounding=ROUND_HALF_UP)}"
        return f"{money.whole(value)}"


def first_of_month(day: dt.date) -> dt.date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def months_of(period: Period) -> list[Period]:
    """The period cut at month ends (policies are dated by month)."""
    parts, start = [], period.start
    while start < period.end:
        end = min(Period.containing("month", start).end, period.end)
        parts.append(Period(start, end, period.kind))
        start = end
    return parts


def month_to_date(day: dt.date) -> Period:
    """The month of `day` up to and including it."""
    return Period.containing("month", day).until(day)
