"""From measures to fact rows: what the roll-up stores and the verification recomputes. No writes here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from dealership.core import periods
from dealership.core.kpi import Grain, Kpi, Measure, Pass, Scope, grouped_sums, passes
from dealership.core.periods import Period
from leads.kpis import PROSPECTS_BY_GRADE
from reports.registry import STORED, stored

CATCH_UP_DAYS = 7
# States that append-only histories give again for any past moment.
REPLAYED = (PROSPECTS_BY_GRADE.key,)
PLACES = Decimal("0.0001")


class Cell(NamedTuple):
    """What makes a fact unique inside a store's month."""

    kpi: str
    day: dt.date | None
    part: str
    person: int | None
    team: int | None


Value = tuple[Decimal, Decimal | None]
Sums = dict[Cell, Value]


class _Sides(NamedTuple):
    kpi: Kpi
    is_denominator: bool


class Feed(NamedTuple):
    """Which sum of a pass (`place` counts from 1) goes into which side of which KPI; `monthly` drops the day."""

    number: int
    place: int
    kpi: str
    sign: int
    is_denominator: bool
    is_ratio: bool
    monthly: bool


class Work(NamedTuple):
    """The whole question of a store's month: measures, the passes that answer them, where the sums go."""

    measures: list[Measure]
    passes: list[Pass]
    feeds: list[Feed]
    computed: Sums


def question(kpis: Iterable[Kpi]) -> tuple[list[Measure], list[list[_Sides]]]:
    """The distinct measures of the KPIs, each asked once, and which sides its answer feeds."""
    measures: list[Measure] = []
    feeds: list[list[_Sides]] = []
    place: dict[int, int] = {}
    for kpi in kpis:
        for side, members in ((False, kpi.numerator), (True, kpi.denominator)):
            for measure in members:
                if id(measure) not in place:
                    place[id(measure)] = len(measures)
                    measures.append(measure)
                    feeds.append([])
                feeds[place[id(measure)]].append(_Sides(kpi, side))
    return measures, feeds


def month_work(store_id: int, month: Period, days: Iterable[dt.date]) -> Work:
    """Every stored figure of a store's month: each source is read once, as-of sources once for each of `days`.

    Month figures are the sums of the day figures' rows, so they cost no reading of their own.
    """
    measures, sides = question(kpi for kpi in STORED if kpi.compute is None)
    dated = [place for place, measure in enumerate(measures) if measure.as_of is None]
    states = [place for place, measure in enumerate(measures) if measure.as_of is not None]
    chosen = _passes(measures, dated, store_id, month)
    for day in days:
        chosen += _passes(measures, states, store_id, Period.day(day), day)
    feeds = [
        Feed(number, place, kpi.key, measures[member].sign, is_denominator, kpi.is_ratio, monthly=kpi.grain == "month")
        for number, one in enumerate(chosen)
        for place, member in enumerate(one.members, 1)
        for kpi, is_denominator in sides[member]
    ]
    computed = {cell: value for day in days for cell, value in _computed(store_id, day)}
    return Work(measures, chosen, feeds, computed)


def _passes(
    measures: list[Measure], places: list[int], store_id: int, period: Period, day: dt.date | None = None
) -> list[Pass]:
    """The passes over some of the measures, with the places of the whole question."""
    found = passes([measures[place] for place in places], [store_id], period, day)
    return [replace(one, members=tuple(places[member] for member in one.members)) for one in found]


def sums_of(kpis: Iterable[Kpi], store_id: int, period: Period, *, daily: bool, day: dt.date | None = None) -> Sums:
    """Facts of the KPIs for one store inside one month: one statement. `day` dates as-of figures."""
    measures, feeds = question(kpis)
    found: dict[Cell, list[Decimal]] = {}
    for group in grouped_sums(measures, [store_id], period, daily=daily):
        for kpi, is_denominator in feeds[group.measure]:
            cell = Cell(kpi.key, group.day or day, group.part, group.person, group.team)
            both = found.setdefault(cell, [Decimal(0), Decimal(0)])
            both[is_denominator] += group.total
    ratios = {kpi.key for kpi in kpis if kpi.is_ratio}
    return {
        cell: (top.quantize(PLACES), bottom.quantize(PLACES) if cell.kpi in ratios else None)
        for cell, (top, bottom) in found.items()
        if top or bottom
    }


def day_sums(store_id: int, month: Period) -> Sums:
    """All day facts of a store's month."""
    return sums_of(stored("day"), store_id, month, daily=True)


def month_sums(store_id: int, month: Period) -> Sums:
    """All month facts of a store's month."""
    return sums_of(stored("month"), store_id, month, daily=False)


def now_sums(store_id: int, day: dt.date) -> Sums:
    """As-of facts of one day: the state at its end, or now."""
    kpis = [kpi for kpi in stored("now") if kpi.compute is None]
    return sums_of(kpis, store_id, Period.day(day), daily=False, day=day) | dict(_computed(store_id, day))


def replayed_sums(store_id: int, day: dt.date) -> Sums:
    """The as-of facts of a past day that its histories still tell exactly."""
    return sums_of([PROSPECTS_BY_GRADE], store_id, Period.day(day), daily=False, day=day)


def _computed(store_id: int, day: dt.date) -> Iterator[tuple[Cell, Value]]:
    """As-of figures that are not sums of rows."""
    for kpi in stored("now"):
        if kpi.compute is not None:
            top, bottom = kpi.compute(Scope((store_id,)), Period.day(day))
            if top is not None and bottom is not None:
                yield Cell(kpi.key, day, "", None, None), (top.quantize(PLACES), bottom.quantize(PLACES))


def keys_of(grain: Grain | str) -> list[str]:
    """KPI keys stored under one grain."""
    return [kpi.key for kpi in STORED if kpi.grain == grain]


def as_of_days(month: Period) -> list[dt.date]:
    """Days whose state is recorded: today, the days of a recent downtime, and the month's last day once it is over.

    Older days have been recorded while they were today; the state at a month's end is needed even when late.
    """
    today = periods.today()
    recent = today - dt.timedelta(days=CATCH_UP_DAYS)
    return [day for day in month.days() if day <= today and (day >= recent or day == month.last_day)]
