"""Work that runs by itself: the ten-minute roll-up and the month end, with unique keys and catch-up (F17, F18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog
from django.db.models import Exists, OuterRef, Q

from dealership.core import periods
from dealership.core.periods import Period
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from dealership.org.models import ClosedMonth, Store
from leads.models import Visit
from reports.services.close import month_snapshot
from reports.services.rollup import rollup_month
from reports.services.workbook import KIND as WORKBOOK
from reports.services.workbook import workbook_build

log = structlog.get_logger(__name__)
ROLLUP = "reports.rollup"
MONTH_END = "reports.month_end"
SLOT = 10
# A downtime longer than this is made good by `manage.py month_end`.
MONTHS_BACK = 3


@job_kind(ROLLUP)
def roll_up(run: JobRun) -> None:
    """Bring one store's month up to date."""
    done = rollup_month(store_id=run.payload["store"], month=dt.date.fromisoformat(run.payload["month"]))
    log.info("rolled_up", store=run.payload["store"], month=run.payload["month"], cells=done.cells, facts=done.facts)


@job_kind(MONTH_END, max_attempts=5)
def month_end(run: JobRun) -> None:
    """Freeze openings, roll the ended month up and open its close."""
    close = month_snapshot(store_id=run.payload["store"], month=dt.date.fromisoformat(run.payload["month"]))
    log.info("month_ended", store=close.store_id, month=run.payload["month"], open=len(close.open_blocks))


@job_kind(WORKBOOK, act="workbook.make")
def workbook(run: JobRun) -> None:
    """Write the workbook of one store's month."""
    workbook_build(run)
    log.info("workbook_built", store=run.payload["store"], month=run.payload["month"])


@periodic
def rollup_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Every ten minutes the running month, every hour the last one until it is closed.

    Only the present slot is planned: a roll-up counts the whole month, so missed slots leave no gap.
    """
    local = periods.local_time(moment)
    slot = local.replace(minute=local.minute // SLOT * SLOT, second=0, microsecond=0)
    hour = slot.replace(minute=0)
    month = Period.containing("month", local.date())
    last = month.previous().start
    closed = set(ClosedMonth.objects.filter(month=last).values_list("store_id", flat=True))
    for store_id in Store.objects.filter(is_active=True).values_list("pk", flat=True):
        payload: dict[str, object] = {"store": store_id, "month": month.start.isoformat()}
        yield ROLLUP, f"rollup:{store_id}:{slot:%Y-%m-%dT%H:%M}", payload, slot, store_id
        if store_id not in closed:
            payload = {"store": store_id, "month": last.isoformat()}
            yield ROLLUP, f"rollup:{store_id}:{last:%Y-%m}:{hour:%Y-%m-%dT%H}", payload, hour, store_id


@periodic
def month_end_plan(moment: dt.datetime) -> Iterator[Planned]:
    """At 00:05 on the 1st the month just ended, and the ends missed during a downtime, each once.

    A store takes part from its first month on, by its own age or by imported visits."""
    month = Period.containing("month", periods.local_date(moment))
    for _ in range(MONTHS_BACK):
        due = periods.at(month.start, "00:05")
        month = month.previous()
        if due <= moment:
            worked = Q(created_at__lt=month.end_at) | Exists(
                Visit.objects.filter(store=OuterRef("pk"), **month.filter("visited_at"))
            )
            for store_id in Store.objects.filter(worked, is_active=True).values_list("pk", flat=True):
                payload: dict[str, object] = {"store": store_id, "month": month.start.isoformat()}
                yield MONTH_END, f"month-end:{store_id}:{month.code}", payload, due, store_id
