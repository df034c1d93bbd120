"""Do the stored figures equal the source rows? Used by `manage.py facts_verify`, the month's check list and tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from dealership.core import periods, request_cache
from dealership.core.periods import Period
from reports.choices import FactGrain
from reports.models import Fact, FillState
from reports.services import cells
from reports.services.cells import Cell, Sums

Value = tuple[Decimal, Decimal | None]
# Not compared: a state seen at its moment, whose rows may be corrected later (a moved due day, an amended contract,
# a car's arrival typed late) without the state of that day having been wrong.
OBSERVED = tuple(key for key in cells.keys_of("now") if key not in cells.REPLAYED)


@dataclass(frozen=True)
class Difference:
    """One fact that is not what the rows say; None means missing on that side."""

    cell: Cell
    stored: Value | None
    live: Value | None

    def __str__(self) -> str:
        return f"{self.cell.kpi} {self.cell.day or '整月'} 人员{self.cell.person}：已存 {self.stored}，重算 {self.live}"


def facts_differences(*, store_id: int, month: dt.date, include_today: bool = False) -> list[Difference]:
    """Recompute day and month facts, and the states that histories give again, and compare.

    States that stand on columns which may be corrected later (`OBSERVED`) were true at their moment and are not
    compared. While the month runs, today (and with it the month facts) moves between two roll-ups, so it is left out
    unless asked for.
    """
    with request_cache.unit():
        return _differences(store_id, month, include_today)


def _differences(store_id: int, month: dt.date, include_today: bool) -> list[Difference]:
    period = Period.containing("month", month)
    today = periods.today()
    runs = period.contains(today) and not include_today
    live: Sums = {
        cell: value
        for cell, value in cells.day_sums(store_id, period).items()
        if not (runs and cell.day is not None and cell.day >= today)
    }
    rows = Fact.objects.filter(store_id=store_id, month=month)
    days = rows.filter(kpi__in=cells.keys_of("day"))
    if runs:
        stored = _stored(days.filter(day__lt=today))
    else:
        live |= cells.month_sums(store_id, period)
        stored = _stored(days) | _stored(rows.filter(kpi__in=cells.keys_of("month")))
    states = _recorded_states(store_id, month)
    live |= {cell: value for day in states for cell, value in cells.replayed_sums(store_id, day).items()}
    stored |= _stored(rows.filter(kpi__in=cells.REPLAYED, day__in=states))
    return [
        Difference(cell, stored.get(cell), live.get(cell))
        for cell in sorted(stored.keys() | live.keys(), key=str)
        if stored.get(cell) != live.get(cell)
    ]


def _recorded_states(store_id: int, month: dt.date) -> list[dt.date]:
    """Days whose state was recorded after they had ended."""
    filled = FillState.objects.filter(store_id=store_id, month=month, grain=FactGrain.NOW)
    return [
        day for day, done in filled.values_list("day", "done_at") if day and done and done >= periods.end_of_day(day)
    ]


def _stored(rows: object) -> Sums:
    columns = ("kpi", "day", "part", "person_id", "team_id", "numerator", "denominator")
    return {Cell(*row[:5]): (row[5], row[6]) for row in rows.values_list(*columns)}  # type: ignore[attr-defined]
