"""What a KPI is, and how one is evaluated. KPIs are declared in each app's `kpis.py` and nowhere else.

A figure is always numerator and denominator, each the sum of one or more measures. A measure is a set of
rows (the drill-down), a value over them (count or sum), the column that dates them and the columns that
credit them to a person, team and store **as they were at the event** (snapshot columns). Ratios are built
last, from summed numerators and denominators, never from other ratios (domain.md §3.0).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from django.db.models import Aggregate, Count, F, QuerySet, Value
from django.db.models.fields import DateField

from dealership.core.money import ratio
from dealership.core.periods import Period, day_bucket

Unit = Literal["组", "张", "人", "次", "条", "单", "台", "元", "元/台", "%", "pp", "天", "份"]


@dataclass(frozen=True)
class Scope:
    """Whose figures: one store or several, optionally one team or person."""

    store_ids: tuple[int, ...]
    team_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True)
class Measure:
    """Rows that are counted. `date` None means 'as it stands now' (stock figures)."""

    rows: Callable[[], QuerySet[Any]]
    date: str | None
    is_date: bool = False
    value: Aggregate = field(default_factory=lambda: Count("pk"))
    person: str | None = "owner"
    team: str | None = "team"
    store: str = "store"
    sign: int = 1

    def rows_in(self, scope: Scope, period: Period | None) -> QuerySet[Any]:
        """Exactly the rows counted for this scope and period (unscoped by reader: apply `visible_to`)."""
        rows = self.rows().filter(**{f"{self.store}__in": scope.store_ids})
        if scope.team_id is not None:
            rows = rows.filter(**{self.team: scope.team_id}) if self.team else rows.none()
        if scope.person_id is not None:
            rows = rows.filter(**{self.person: scope.person_id}) if self.person else rows.none()
        if self.date is not None and period is not None:
            rows = rows.filter(**period.filter(self.date, is_date=self.is_date))
        return rows

    def total(self, scope: Scope, period: Period | None) -> Decimal:
        got = self.rows_in(scope, period).order_by().aggregate(total=self.value)["total"]
        return self.sign * Decimal(got or 0)

    def by_person_day(self, scope: Scope, period: Period) -> Iterator[dict[str, Any]]:
        """Grouped sums `{store, team, person, day, total}` for the roll-up; needs a dated measure."""
        if self.date is None:
            raise ValueError("an as-of measure has no days")
        day = F(self.date) if self.is_date else day_bucket(self.date)
        rows = self.rows_in(scope, period).order_by()
        grouped = rows.values(
            f_store=F(self.store),
            f_team=F(self.team) if self.team else Value(None, output_field=DateField()),
            f_person=F(self.person) if self.person else Value(None, output_field=DateField()),
            f_day=day,
        ).annotate(f_total=self.value)
        for row in grouped:
            yield {
                "store": row["f_store"],
                "team": row["f_team"],
                "person": row["f_person"],
                "day": row["f_day"],
                "total": self.sign * Decimal(row["f_total"] or 0),
            }


@dataclass(frozen=True)
class Figure:
    """An evaluated KPI: `value` is the ratio (or the numerator when there is no denominator); None is '—'."""

    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None


Compute = Callable[[Scope, Period], tuple[Decimal | None, Decimal | None]]


@dataclass(frozen=True)
class Kpi:
    """One figure of the trade: key, Chinese label, plain explanation, unit, and where its rows are.

    grain: `day` sums over days; `month` exists per month only (snapshots, distinct cohorts); `now` is as-of.
    compute: for the few figures that are not sums of rows (time progress); then `numerator` is empty.
    minus_progress marks `pace_gap`-like differences that the registry derives.
    """

    key: str
    label: str
    explanation: str
    unit: Unit
    numerator: tuple[Measure, ...] = ()
    denominator: tuple[Measure, ...] = ()
    grain: Literal["day", "month", "now"] = "day"
    profit: bool = False
    compute: Compute | None = None

    @property
    def is_ratio(self) -> bool:
        return bool(self.denominator) or self.compute is not None

    def figure(self, scope: Scope, period: Period) -> Figure:
        """The live figure for a scope and period."""
        if self.compute is not None:
            numerator, denominator = self.compute(scope, period)
            return make_figure(numerator, denominator, is_ratio=True)
        numerator = sum((m.total(scope, period) for m in self.numerator), Decimal(0))
        denominator = sum((m.total(scope, period) for m in self.denominator), Decimal(0)) if self.denominator else None
        return make_figure(numerator, denominator, is_ratio=bool(self.denominator))

    def drill(self, scope: Scope, period: Period, user: Any) -> list[QuerySet[Any]]:
        """The rows behind the numerator within the reader's reach, one queryset per measure."""
        return [measure.rows_in(scope, period).visible_to(user) for measure in self.numerator]  # type: ignore[attr-defined]


def make_figure(numerator: Decimal | None, denominator: Decimal | None, *, is_ratio: bool) -> Figure:
    """Zero or unknown denominators give no value; plain figures are their numerator."""
    return Figure(numerator, denominator, ratio(numerator, denominator) if is_ratio else numerator)


def month_to_date(day: dt.date) -> Period:
    """The month of `day` up to and including it."""
    return Period.containing("month", day).until(day)
