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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from django.db.models import (
    Aggregate,
    BigIntegerField,
    CharField,
    Count,
    DateField,
    DecimalField,
    F,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast

from dealership.core import money, periods
from dealership.core.money import ratio
from dealership.core.periods import Period, day_bucket

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Unit = Literal["组", "张", "人", "次", "条", "单", "台", "元", "元/台", "%", "pp", "天", "份"]
Grain = Literal["day", "month", "now"]
SYSTEM: Final = object()


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

    rows/date: dated rows; `is_date` when the column is a date. as_of instead of both: the rows that stand at a moment.
    opening: rows frozen per month; a longer period takes those of its first month.
    value: an aggregate, or a function (store, first of month) → aggregate when a store's policy is part of it.
    applies: (store, first of month) → does this measure count there (`retail_basis`)?
    part: a column that breaks the figure down (grade).
    """

    rows: Callable[[], QuerySet[Any]] | None = None
    date: str | None = None
    is_date: bool = False
    value: Aggregate | Callable[[int, dt.date], Aggregate] = field(default_factory=lambda: Count("pk"))
    person: str | None = "owner"
    team: str | None = "team"
    store: str = "store"
    sign: int = 1
    as_of: Callable[[dt.datetime], QuerySet[Any]] | None = None
    opening: bool = False
    applies: Callable[[int, dt.date], bool] | None = None
    part: str | None = None

    @property
    def resource(self) -> str:
        """The resource of the role table whose reach cuts these rows."""
        return str(self._source(periods.now()).resource)  # type: ignore[attr-defined]

    @property
    def is_count(self) -> bool:
        return isinstance(self.value, Count)

    def rows_in(self, scope: Scope, period: Period, reader: Any = SYSTEM) -> QuerySet[Any]:
        """Exactly the rows counted for this scope and period, within the reader's reach."""
        rows = self._source(min(period.end_at, periods.now()))
        if reader is not SYSTEM:
            rows = rows.visible_to(reader)  # type: ignore[attr-defined]
        rows = rows.filter(self._where(scope, period))
        if scope.team_id is not None:
            rows = rows.filter(**{self.team: scope.team_id}) if self.team else rows.none()
        if scope.person_id is not None:
            rows = rows.filter(**{self.person: scope.person_id}) if self.person else rows.none()
        return rows

    def _source(self, moment: dt.datetime) -> QuerySet[Any]:
        if self.as_of is not None:
            return self.as_of(moment)
        if self.rows is None:
            raise ValueError("a measure needs rows or as_of")
        return self.rows()

    def _where(self, scope: Scope, period: Period) -> Q:
        """Store and date condition; month by month when a dated policy decides what counts."""
        if self.applies is None:
            return Q(**{f"{self.store}__in": scope.store_ids}) & self._dated(period)
        counted = Q(pk__in=[])
        for month in months_of(period):
            stores = [pk for pk in scope.store_ids if self.applies(pk, first_of_month(month.start))]
            if stores:
                counted |= Q(**{f"{self.store}__in": stores}) & self._dated(month)
        return counted

    def _dated(self, period: Period) -> Q:
        if self.date is None:
            return Q()
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

    def grouped(
        self, index: int, store_id: int, period: Period, *, daily: bool, reader: Any = SYSTEM
    ) -> QuerySet[Any, Any]:
        """Grouped sums of one store inside one month as `Group` tuples; all measures have the same columns (UNION)."""
        rows = self.rows_in(Scope((store_id,)), period, reader).order_by()
        value = self.value if isinstance(self.value, Aggregate) else self.value(store_id, first_of_month(period.start))
        day = Cast(Value(None), DateField())
        if daily and self.date is not None:
            day = Cast(F(self.date) if self.is_date else day_bucket(self.date), DateField())
        columns = {
            "g_index": Value(index),
            "g_store": F(self.store),
            "g_team": F(self.team) if self.team else Cast(Value(None), BigIntegerField()),
            "g_person": F(self.person) if self.person else Cast(Value(None), BigIntegerField()),
            "g_day": day,
            "g_part": Cast(F(self.part) if self.part else Value(""), CharField()),
        }
        total = Cast(value, DecimalField(max_digits=20, decimal_places=4))
        return rows.values(**columns).annotate(g_total=total).values_list(*columns, "g_total")


def grouped_sums(
    measures: Iterable[Measure], store_ids: Iterable[int], period: Period, *, daily: bool, reader: Any = SYSTEM
) -> Iterator[Group]:
    """Grouped sums of several measures in **one** statement; `Group.measure` is the place in the question."""
    asked = list(measures)
    queries = [
        measure.grouped(index, store, period, daily=daily, reader=reader)
        for store in store_ids
        for index, measure in enumerate(asked)
    ]
    if not queries:
        return
    for row in queries[0].union(*queries[1:], all=True) if len(queries) > 1 else queries[0]:
        group = Group(*row)
        yield group._replace(total=asked[group.measure].sign * (group.total or Decimal(0)))


@dataclass(frozen=True)
class Figure:
    """An evaluated KPI: `value` is the ratio (or the numerator when there is no denominator); None is '—'."""

    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None


UNKNOWN = Figure(None, None, None)
Compute = Callable[[Scope, Period], tuple[Decimal | None, Decimal | None]]


@dataclass(frozen=True)
class Kpi:
    """One figure of the trade: key, Chinese label, plain explanation (the formula), unit, and where its rows are.

    grain: `day` sums over days; `month` exists per month only (openings, targets); `now` is the state at a moment.
    compute: for the few figures that are not sums of rows (time progress).
    minus: two KPIs whose difference this one is (in percentage points), for example the pace gap.
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

    @property
    def is_ratio(self) -> bool:
        return bool(self.denominator) or self.compute is not None

    @property
    def is_rows(self) -> bool:
        """Can it be opened to rows? Time progress and differences cannot."""
        return bool(self.numerator)

    @property
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
        if self.unit in ("元", "元/台"):
            return money.show_money(value)
        if self.unit == "天":
            return f"{value.quantize(Decimal('0.1'), rounding=ROUND_HALF_UP)}"
        return f"{money.whole(value)}"


def make_figure(numerator: Decimal | None, denominator: Decimal | None, *, is_ratio: bool) -> Figure:
    """Zero or unknown denominators give no value; plain figures are their numerator."""
    return Figure(numerator, denominator, ratio(numerator, denominator) if is_ratio else numerator)


def difference(first: Figure, second: Figure) -> Figure:
    """The difference of two ratios; unknown when one of them is."""
    if first.value is None or second.value is None:
        return UNKNOWN
    return Figure(None, None, first.value - second.value)


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
