"""From measures to fact rows: what the roll-up stores and the verification recomputes. No writes here."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from dealership.core import periods
from dealership.core.kpi import Grain, Kpi, Measure, Scope, grouped_sums
from dealership.core.periods import Period
from reports.registry import STORED, stored

CATCH_UP_DAYS = 7
PLACES = Decimal("0.0001")


class Cell(NamedTuple):
    """What makes a fact unique inside a store's month."""

    kpi: str
    day: dt.date | None
    part: str
    person: int | None
    team: int | None


Sums = dict[Cell, tuple[Decimal, Decimal | None]]


class _Sides(NamedTuple):
    kpi: Kpi
    is_denominator: bool


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
    kpis = stored("now")
    found = sums_of([kpi for kpi in kpis if kpi.compute is None], store_id, Period.day(day), daily=False, day=day)
    for kpi in kpis:
        if kpi.compute is not None:
            top, bottom = kpi.compute(Scope((store_id,)), Period.day(day))
            if top is not None and bottom is not None:
                found[Cell(kpi.key, day, "", None, None)] = (top.quantize(PLACES), bottom.quantize(PLACES))
    return found


def keys_of(grain: Grain | str) -> list[str]:
    """KPI keys stored under one grain."""
    return [kpi.key for kpi in STORED if kpi.grain == grain]


def by_day(sums: Sums, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, Sums]]:
    """The sums cut into the given days; a day without facts is an empty cell."""
    parts: dict[dt.date, Sums] = {day: {} for day in days}
    for cell, value in sums.items():
        if cell.day in parts:
            parts[cell.day][cell] = value
    yield from parts.items()


def digest_of(sums: Sums) -> str:
    """SHA-256 over the facts in a fixed order: equal facts have equal digests."""
    lines = sorted("|".join(map(str, (*cell, *value))) for cell, value in sums.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def as_of_days(month: Period) -> list[dt.date]:
    """Days whose state is recorded: today, the days of a recent downtime, and the month's last day once it is over.

    Older days have been recorded while they were today; the state at a month's end is needed even when late.
    """
    today = periods.today()
    recent = today - dt.timedelta(days=CATCH_UP_DAYS)
    return [day for day in month.days() if day <= today and (day >= recent or day == month.last_day)]
