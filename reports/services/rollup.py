"""The roll-up: facts of a store's month are made equal to the rows, never added to (reliability §4; F01, F17, F18).

A cell is marked STARTED in its own transaction; computing, replacing and marking DONE happen in a second one
under an advisory lock, so a worker killed at any line leaves the old facts whole and the cell STARTED, and the
next run redoes it. (A test that wants to stop it half-way locks the month's `FillState` row: the last statement
waits for it after all facts are replaced and before anything is committed.)
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from dealership.core import periods, request_cache
from dealership.core.periods import Period
from dealership.core.services import service
from dealership.org.models import ClosedMonth
from reports.choices import FactGrain, FillStatus
from reports.models import FillState
from reports.services import cells, facts_sql
from reports.services.snapshot import hot_weeks_take


@dataclass
class RollupResult:
    """What a run did: cells changed and facts written for it; `closed` when the month may not change."""

    closed: bool = False
    cells: int = 0
    facts: int = 0


def rollup_month(*, store_id: int, month: dt.date) -> RollupResult:
    """Bring the facts of one store's month up to date; called by jobs, the recheck and the close.

    The whole month is counted, compared and written in one statement; only facts that differ are touched.
    A closed month is left as it is.
    """
    if ClosedMonth.objects.filter(store_id=store_id, month=month).exists():
        return RollupResult(closed=True)
    hot_weeks_take(store_id=store_id, month=month)
    mark_started(store_id=store_id, month=month)
    return replace_facts(store_id=store_id, month=month)


@service
def mark_started(*, store_id: int, month: dt.date) -> None:
    """Say that the month's cell is being filled; committed before the work begins."""
    moment = periods.now()
    FillState.objects.bulk_create(
        [FillState(store_id=store_id, month=month, grain=FactGrain.MONTH, state=FillStatus.STARTED, started_at=moment)],
        update_conflicts=True,
        unique_fields=["store", "month", "grain", "day"],
        update_fields=["state", "started_at"],
    )


@service
def replace_facts(*, store_id: int, month: dt.date) -> RollupResult:
    """Compute, replace what differs and mark DONE, all or nothing; concurrent runs wait for each other."""
    with request_cache.unit():
        return _replace(store_id, month)


def _replace(store_id: int, month: dt.date) -> RollupResult:
    take_rollup_lock(store_id, month)
    if ClosedMonth.objects.filter(store_id=store_id, month=month).exists():
        return RollupResult(closed=True)
    period = Period.containing("month", month)
    final = _final_days(store_id, month)
    days = [day for day in cells.as_of_days(period) if day not in final]
    written = facts_sql.replace(
        store_id=store_id, month=month, work=cells.month_work(store_id, period, days), days=days
    )
    mark_done(store_id, period, days)
    return RollupResult(cells=written.cells, facts=written.facts)


def _final_days(store_id: int, month: dt.date) -> set[dt.date]:
    """Days whose state was recorded after they had ended: they are kept as observed."""
    filled = FillState.objects.filter(store_id=store_id, month=month, grain=FactGrain.NOW)
    return {
        day for day, done in filled.values_list("day", "done_at") if day and done and done >= periods.end_of_day(day)
    }


def take_rollup_lock(store_id: int, month: dt.date) -> None:
    """One roll-up of a store's month at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('rollup:' || %s || ':' || %s::date))", [store_id, month.isoformat()]
        )


def mark_done(store_id: int, month: Period, as_of: list[dt.date]) -> None:
    """The last statement: the month, its days and the recorded states are filled as of now."""
    moment = periods.now()
    filled: list[tuple[str, dt.date | None]] = [(FactGrain.MONTH, None)]
    filled += [(FactGrain.DAY, day) for day in month.days()]
    filled += [(FactGrain.NOW, day) for day in as_of]
    FillState.objects.bulk_create(
        [
            FillState(
                store_id=store_id, month=month.start, grain=grain, day=day, state=FillStatus.DONE,
                started_at=moment, done_at=moment,
            )
            for grain, day in filled
        ],
        update_conflicts=True,
        unique_fields=["store", "month", "grain", "day"],
        update_fields=["state", "done_at"],
    )  # fmt: skip
