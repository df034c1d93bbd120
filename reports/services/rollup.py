"""The roll-up: facts of a store's month are replaced, never added to (reliability §4; F01, F17, F18).

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
from reports.models import Fact, FillState
from reports.services import cells
from reports.services.cells import Sums


@dataclass
class RollupResult:
    """What a run did: cells rewritten and facts written; `closed` when the month may not change."""

    closed: bool = False
    cells: int = 0
    facts: int = 0


def rollup_month(*, store_id: int, month: dt.date) -> RollupResult:
    """Bring the facts of one store's month up to date; called by jobs, the recheck and the close.

    The whole month is counted in one statement per grain; only cells whose facts differ are rewritten.
    A closed month is left as it is.
    """
    if ClosedMonth.objects.filter(store_id=store_id, month=month).exists():
        return RollupResult(closed=True)
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
    run = _Run(store_id, month)
    period = Period.containing("month", month)
    for day, sums in cells.by_day(cells.day_sums(store_id, period), period.days()):
        run.replace(FactGrain.DAY, day, sums)
    for day in cells.as_of_days(period):
        if not run.is_final(day):
            run.replace(FactGrain.NOW, day, cells.now_sums(store_id, day))
    run.replace(FactGrain.MONTH, None, cells.month_sums(store_id, period))
    run.mark_done()
    return run.result


def take_rollup_lock(store_id: int, month: dt.date) -> None:
    """One roll-up of a store's month at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('rollup:' || %s || ':' || %s::date))", [store_id, month.isoformat()]
        )


class _Run:
    """One replacement of a store's month, inside its transaction."""

    def __init__(self, store_id: int, month: dt.date) -> None:
        self.store_id, self.month = store_id, month
        self.result = RollupResult()
        self.digests: dict[tuple[str, dt.date | None], str] = {}
        filled = FillState.objects.filter(store_id=store_id, month=month)
        self.known = {(row.grain, row.day): row for row in filled}

    def is_final(self, day: dt.date) -> bool:
        """Was the as-of cell filled after the day had ended? Then it is kept as observed."""
        filled = self.known.get((FactGrain.NOW, day))
        return filled is not None and filled.done_at is not None and filled.done_at >= periods.end_of_day(day)

    def replace(self, grain: FactGrain, day: dt.date | None, sums: Sums) -> None:
        """Rewrite one cell unless its digest is the stored one."""
        digest = self.digests[(grain, day)] = cells.digest_of(sums)
        filled = self.known.get((grain, day))
        if filled is not None and filled.digest == digest:
            return
        keys = cells.keys_of(grain)
        Fact.objects.filter(store_id=self.store_id, month=self.month, day=day, kpi__in=keys).delete()
        Fact.objects.bulk_create(
            [
                Fact(
                    store_id=self.store_id, month=self.month, kpi=cell.kpi, day=cell.day, part=cell.part,
                    person_id=cell.person, team_id=cell.team, numerator=top, denominator=bottom,
                )
                for cell, (top, bottom) in sums.items()
            ],
            batch_size=1000,
        )  # fmt: skip
        self.result.cells += 1
        self.result.facts += len(sums)

    def mark_done(self) -> None:
        """The last statement: every touched cell is filled as of now."""
        moment = periods.now()
        FillState.objects.bulk_create(
            [
                FillState(
                    store_id=self.store_id, month=self.month, grain=grain, day=day, state=FillStatus.DONE,
                    started_at=moment, done_at=moment, digest=digest,
                )
                for (grain, day), digest in self.digests.items()
            ],
            update_conflicts=True,
            unique_fields=["store", "month", "grain", "day"],
            update_fields=["state", "done_at", "digest"],
        )  # fmt: skip
