"""The clock of raw leads: what nobody called goes back to the pool, what nobody could take is tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun
from dealership.org.hours import business_start
from dealership.org.models import Store
from leads.selectors.lead import due_for_recycling, stores_with_new_leads
from leads.services.lead_assign import lead_recycle, leads_distribute

BATCH = 500
TRY_EVERY = 10  # minutes


@job_kind("leads.recycle")
def recycle(run: JobRun) -> None:
    """One lead back to the pool."""
    lead_recycle(lead_id=int(run.payload["lead"]), assignment_id=int(run.payload["turn"]))


@periodic
def recycle_plan(moment: dt.datetime) -> Iterator[Planned]:
    """One job per turn and deadline that ran out; its key makes the recycling one even after a downtime (F18)."""
    for turn in due_for_recycling(moment)[:BATCH]:
        due = turn.lead.recycle_due_at or moment
        payload: dict[str, object] = {"lead": turn.lead_id, "turn": turn.pk}
        yield "leads.recycle", f"leads.recycle:{turn.pk}:{due:%Y-%m-%dT%H:%M}", payload, due, turn.store_id


@job_kind("leads.distribute")
def distribute(run: JobRun) -> None:
    """Give out what waits in a store, as far as people are on duty and under their cap."""
    leads_distribute(store=Store.objects.get(pk=int(run.payload["store"])))


@periodic
def distribute_plan(moment: dt.datetime) -> Iterator[Planned]:
    """Every ten minutes of business hours, for stores where new leads wait."""
    slot = moment.replace(minute=moment.minute - moment.minute % TRY_EVERY, second=0, microsecond=0)
    for store_id in stores_with_new_leads():
        if business_start(moment, store_id) == moment:
            payload: dict[str, object] = {"store": store_id}
            yield "leads.distribute", f"leads.distribute:{store_id}:{slot:%Y-%m-%dT%H:%M}", payload, slot, store_id
