"""Reading figures for boards, month pages, the API and workbooks: stored facts for the past, live rows for today.

`by` groups them: "store", "person", "team", "day" or "part" (grade). Numerators and denominators are summed over
the reader's reach first and divided last. A KPI whose rows the reader cannot reach, or whose profit they may not
see, is left out of the answer. The state of a past day that was not recorded is unknown, never zero.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Any, Literal, NamedTuple

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When

from dealership.core import periods, request_cache
from dealership.core.figure import UNKNOWN, Figure, difference, make_figure, median_figure
from dealership.core.kpi import (
    SYSTEM,
    Group,
    Kpi,
    Measure,
    Pass,
    Scope,
    counted,
    first_of_month,
    months_of,
    passes,
    sums_of_rows,
)
from dealership.core.periods import Period
from dealership.core.prepared import Question, ask_ahead
from dealership.core.scoping import reach_for
from dealership.org.prepared import question_for
from dealership.org.reach import sees_profit
from reports.choices import FactGrain
from reports.models import Fact, FillState
from reports.registry import BY_KEY
from reports.services.cells import question

By = Literal["store", "person", "team", "day", "part"]
Figures = dict[str, Figure]
_COLUMN = {"store": "store_id", "person": "person_id", "team": "team_id", "day": "day", "part": "part"}
# (group, KPI key) → [numerator, denominator]
_Sums = dict[tuple[Any, str], list[Decimal]]
# (group, KPI key) of a median → how many rows have each value
_Spreads = dict[tuple[Any, str], dict[str, Decimal]]
# group, value of a median's rows, KPI key, numerator, denominator
_Side = tuple[Any, str, str, Decimal, Decimal]


def readable_kpis(reader: Any, store_ids: Iterable[int], keys: Iterable[str] | None = None) -> list[Kpi]:
    """The KPIs (all, or those named) that this reader may see over these stores."""
    wanted = [BY_KEY[key] for key in keys] if keys is not None else list(BY_KEY.values())
    if reader is SYSTEM:
        return wanted
    stores = list(store_ids)
    profit = bool(stores) and all(sees_profit(reader, store) for store in stores)
    reached: dict[str, bool] = {}
    for resource in {name for kpi in wanted for name in kpi.resources}:
        reached[resource] = not reach_for(reader, resource).is_empty
    return [kpi for kpi in wanted if (profit or not kpi.profit) and all(reached[name] for name in kpi.resources)]


def is_recorded(store_ids: Collection[int], period: Period) -> bool:
    """Is the state at the end of this period known for every store: still running, or recorded while it was so?"""
    if period.end > periods.today():
        return True
    filled = FillState.objects.filter(grain=FactGrain.NOW, day=period.last_day, done_at__isnull=False)
    return filled.filter(store_id__in=store_ids).count() == len(set(store_ids))


def totals(
    *,
    reader: Any,
    store_ids: Collection[int],
    period: Period,
    keys: Iterable[str] | None = None,
    person_id: int | None = None,
) -> Figures:
    """One figure per KPI over the stores (or one person in them), within the reader's reach."""
    answer = grouped(reader=reader, store_ids=store_ids, period=period, keys=keys, by=None, person_id=person_id)
    return answer[None]


def grouped(
    *,
    reader: Any,
    store_ids: Collection[int],
    period: Period,
    by: By | None,
    keys: Iterable[str] | None = None,
    person_id: int | None = None,
) -> dict[Any, Figures]:
    """Figures per store, person, team, day or grade. People without rows in the period are not listed.

    By day only figures that sum over days are answered; a month's figures take the whole month of `period`.
    """
    return grouped_many(reader=reader, store_ids=store_ids, cuts=[Cut(period, by, keys, person_id)])[0]


class Cut(NamedTuple):
    """What one call of `grouped` asks about the stores."""

    period: Period
    by: By | None
    keys: Iterable[str] | None = None
    person_id: int | None = None


def grouped_many(
    *, reader: Any, store_ids: Collection[int], cuts: Iterable[Cut], also: Iterable[Question] = ()
) -> list[dict[Any, Figures]]:
    """Several answers of `grouped` about the same stores; their rows are asked for in one message.

    `also` travels in that message, for whoever asks next.
    """
    with request_cache.unit():
        tables = [_Table(reader, tuple(store_ids), cut, readable_kpis(reader, store_ids, cut.keys)) for cut in cuts]
        if reader is not SYSTEM:
            ask_ahead(chain(also, (question for table in tables for question in table.questions())))
        return [table.answer() for table in tables]


class _Asked(NamedTuple):
    """Which stored sums: the resources' KPIs, whole months, the days in them, the grouping column ("" for none).

    `one_person`: the last of the ids is a person's, the others are stores. `medians` are those of the KPIs whose parts
    are values: they are told one by one, and broken down by part they are whole.
    """

    resources: tuple[tuple[str, tuple[str, ...]], ...]
    months: tuple[dt.date, ...]
    days: Q
    column: str
    one_person: bool
    medians: tuple[str, ...]


def _stored(reader: Any, ids: Sequence[int], asked: _Asked) -> QuerySet[Any, Any]:
    """Stored sums by a column and KPI."""
    stores = ids[:-1] if asked.one_person else ids
    rows = Fact.objects.filter(asked.days, store_id__in=stores, month__in=asked.months)
    if asked.one_person:
        rows = rows.filter(person_id=ids[-1])
    if reader is SYSTEM:
        rows = rows.filter(kpi__in=[key for _resource, keys in asked.resources for key in keys])
    else:
        rows = rows.readable_by(reader, dict(asked.resources))
    group: Any = F(asked.column) if asked.column else Value("")
    value: Any = Value("")
    if asked.medians:
        is_median = Q(kpi__in=asked.medians)
        value = Case(When(is_median, then=F("part")), default=value)
        group = Case(When(is_median, then=Value("")), default=group) if asked.column == "part" else group
    found = rows.order_by().values(told_by=group, told_value=value).values_list("told_by", "told_value", "kpi")
    return found.annotate(top=Sum("numerator"), bottom=Sum("denominator"))


def _counted(
    reader: Any, stores: Sequence[int], keys: tuple[tuple[str, ...], ...], chosen: tuple[Pass, ...], daily: bool
) -> QuerySet[Any, Any]:
    """The statement of `_Table._live`; a pass names its store by the place in `stores`."""
    asked = [measure for group in keys for measure in question(BY_KEY[key] for key in group)[0]]
    return counted(asked, [replace(one, store=stores[one.store]) for one in chosen], daily=daily, reader=reader)


def _read(rows: Question | Iterable[Any]) -> Iterable[Any]:
    return rows.rows() if isinstance(rows, Question) else rows


class _Table:
    """Whose figures of which period, and how they are collected per grain: first what to ask, then the answers."""

    def __init__(self, reader: Any, store_ids: tuple[int, ...], cut: Cut, kpis: list[Kpi]) -> None:
        self.reader, self.store_ids, self.kpis = reader, store_ids, kpis
        self.period, self.by, self.person_id = cut.period, cut.by, cut.person_id
        self.today = periods.today()
        self.unknown: set[str] = set()
        self.stored: list[Question | QuerySet[Any, Any]] = []
        self.live: list[tuple[list[Kpi], list[Period]]] = []
        self._collect()
        self.measures, self.feeds, self.passes = self._passes()
        self.live_rows = self._rows()

    def _collect(self) -> None:
        """What is stored, grain by grain, and what has to be counted live."""
        named = {kpi.key: kpi for kpi in self.kpis}
        for kpi in self.kpis:
            named |= {parent.key: parent for parent in kpi.minus or ()}
        for grain, collect in (("day", self.days), ("month", self.months), ("now", self.moments)):
            members = [kpi for kpi in named.values() if kpi.grain == grain and kpi.is_rows]
            if members and (self.by != "day" or grain == "day"):
                collect(members)

    def questions(self) -> list[Question]:
        """The statements of this table."""
        return [rows for rows in (*self.stored, self.live_rows) if isinstance(rows, Question)]

    def answer(self) -> dict[Any, Figures]:
        """Both sides of every figure per group, then divide."""
        sums: _Sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
        spreads: _Spreads = defaultdict(lambda: defaultdict(Decimal))
        for group, value, key, top, bottom in chain(self._facts(), self._live()):
            sums[(group, key)][0] += top
            sums[(group, key)][1] += bottom
            if BY_KEY[key].is_median:
                spreads[(group, key)][value] += top
        groups = {group for group, _key in sums} | ({None} if self.by is None else set())
        if self.by == "part" and self.unknown:
            groups.add("")
        if self.by == "store":
            groups |= set(self.store_ids)
        return {group: self.figures(sums, spreads, group) for group in groups}

    def days(self, kpis: list[Kpi]) -> None:
        """Facts of finished days, and today's rows live."""
        finished = Period(self.period.start, min(self.period.end, max(self.today, self.period.start)))
        if finished.start < finished.end:
            self._store(kpis, Q(day__gte=finished.start, day__lt=finished.end), finished)
        if self.period.contains(self.today):
            self.live.append((kpis, [Period.day(self.today)]))

    def months(self, kpis: list[Kpi]) -> None:
        """Facts of one finished month; the running month and longer periods are counted live."""
        span = kpis[0].span(self.period)
        month = Period.containing("month", span.start)
        if span.end <= month.end and month.end <= self.today:
            self._store(kpis, Q(day=None), month)
        else:
            self.live.append((kpis, [month] if span.end <= month.end else months_of(span)))

    def moments(self, kpis: list[Kpi]) -> None:
        """The state now, or at the end of the period's last day; unknown when that was not recorded for all stores."""
        if not is_recorded(self.store_ids, self.period):
            self.unknown |= {kpi.key for kpi in kpis}
        elif self.period.end > self.today:
            self.live.append((kpis, [Period.day(self.today)]))
        else:
            self._store(kpis, Q(day=self.period.last_day), self.period)

    def _store(self, kpis: list[Kpi], days: Q, span: Period) -> None:
        months = tuple(first_of_month(part.start) for part in months_of(span))
        resources: dict[str, list[str]] = defaultdict(list)
        for kpi in kpis:
            resources[kpi.numerator[0].resource].append(kpi.key)
        cut = tuple((name, tuple(keys)) for name, keys in resources.items())
        medians = tuple(kpi.key for kpi in kpis if kpi.is_median)
        asked = _Asked(cut, months, days, _COLUMN[self.by] if self.by else "", self.person_id is not None, medians)
        ids = [*self.store_ids, *([] if self.person_id is None else [self.person_id])]
        is_system = self.reader is SYSTEM
        self.stored.append(
            _stored(SYSTEM, ids, asked) if is_system else question_for(self.reader, _stored, asked, ids=ids)
        )

    def _passes(self) -> tuple[list[Measure], list[Any], list[Pass]]:
        """The measures counted live, the figures each feeds, and the passes over their rows."""
        asked: list[Measure] = []
        feeds: list[Any] = []
        chosen: list[Pass] = []
        for kpis, spans in self.live:
            measures, fed = question(kpis)
            for number, span in enumerate(spans):
                # Rows frozen per month count once, in the first month of a longer period.
                places = [place for place, one in enumerate(measures) if number == 0 or not one.opening]
                for one in passes([measures[place] for place in places], self.store_ids, span):
                    members = tuple(len(asked) + places[member] for member in one.members)
                    chosen.append(replace(one, members=members))
            asked += measures
            feeds += fed
        return asked, feeds, chosen

    def _rows(self) -> Question | Iterable[Any]:
        """The live rows of all passes; the statement of a reader is put together once for all stores."""
        daily = self.by == "day"
        if not self.passes:
            return ()
        if self.reader is SYSTEM:
            return counted(self.measures, self.passes, daily=daily)
        places = {store: place for place, store in enumerate(self.store_ids)}
        shape = tuple(replace(one.with_terms(self.measures), store=places[one.store]) for one in self.passes)
        keys = tuple(tuple(kpi.key for kpi in kpis) for kpis, _spans in self.live)
        return question_for(self.reader, _counted, keys, shape, daily, ids=self.store_ids)

    def _facts(self) -> Iterator[_Side]:
        for rows in self.stored:
            for group, value, key, top, bottom in _read(rows):
                yield (group if self.by else None), value, key, top, bottom or Decimal(0)

    def _live(self) -> Iterator[_Side]:
        for row in sums_of_rows(self.measures, self.passes, _read(self.live_rows)):
            if self.person_id is None or row.person == self.person_id:
                for kpi, is_denominator in self.feeds[row.measure]:
                    zero = Decimal(0)
                    top, bottom = (zero, row.total) if is_denominator else (row.total, zero)
                    yield self._group(row, kpi), row.part, kpi.key, top, bottom

    def _group(self, row: Group, kpi: Kpi) -> Any:
        if self.by is None:
            return None
        return "" if self.by == "part" and kpi.is_median else getattr(row, self.by)

    def figures(self, sums: _Sums, spreads: _Spreads, group: Any) -> Figures:
        """Ratios and medians last: the figures of one group from its summed sides."""
        return {
            kpi.key: median_figure(spreads.get((group, kpi.key), {}))
            if kpi.is_median
            else self._figure(kpi, sums, group)
            for kpi in self.kpis
            if self.by != "day" or kpi.grain == "day"
        }

    def _figure(self, kpi: Kpi, sums: _Sums, group: Any) -> Figure:
        if kpi.minus is not None:
            first, second = (self._figure(parent, sums, group) for parent in kpi.minus)
            return difference(first, second)
        if kpi.compute is not None:
            stores = (group,) if self.by == "store" else self.store_ids
            return make_figure(*kpi.compute(Scope(stores), self.period), is_ratio=True) if stores else UNKNOWN
        if kpi.key in self.unknown:
            return UNKNOWN
        top, bottom = sums.get((group, kpi.key), (Decimal(0), Decimal(0)))
        return make_figure(top, bottom if kpi.is_ratio else None, is_ratio=kpi.is_ratio)
