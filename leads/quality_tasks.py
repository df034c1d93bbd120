"""The weekly sample of spot checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.core.periods import Period
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from dealership.org.models import Store
from leads.services.spot_check import spot_checks_sample

KIND = "leads.spot_sample"


@job_kind(KIND)
def spot_sample(run: JobRun) -> None:
    """Draw one store's sample of one week."""
    store = Store.objects.get(pk=run.payload["store"])
    drawn = spot_checks_sample(store=store, week=dt.date.fromisoformat(run.payload["week"]))
    run.progress(drawn, drawn)


@periodic
def spot_sample_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Every Monday at 06:00 for the week just ended; a later tick makes up for a missed one."""
    week = Period.containing("week", periods.local_date(moment)).previous()
    due = periods.at(week.end, "06:00")
    if due > moment:
        return
    for store in Store.objects.filter(is_active=True).order_by("pk"):
        payload: dict[str, object] = {"store": store.pk, "week": week.start.isoformat()}
        yield KIND, f"{KIND}:{store.pk}:{week.start}", payload, due, store.pk
