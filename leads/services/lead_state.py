"""The moves of a raw lead with their append-only rows, and its turns. Used by the lead services only.

Every function runs inside its caller's transaction, on a lead the caller has locked and will save.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from django.urls import reverse

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import lock
from dealership.notices.services import notify
from dealership.org.hours import Span, business_after, business_spans
from dealership.org.policy import policy
from dealership.org.reach import require, team_id_in
from leads.choices import LEAD_TRANSITIONS, AssignedHow, AttemptOutcome, LeadEvent, LeadState
from leads.models import Lead, LeadAssignment, LeadAttempt, LeadChange

CHANGED = """state owner team assigned_at first_assigned_at sla_due_at recycle_due_at clock_spans first_contact_at
processed_at previous_owner recycled_count invalid_reason invalid_note customer prospect version updated_at""".split()


@dataclass(frozen=True)
class Clocks:
    """When a lead given out at a moment must be called, and when it goes back to the pool (§4.1)."""

    sla_due_at: dt.datetime
    spans: list[Span]

    @property
    def recycle_due_at(self) -> dt.datetime:
        return self.spans[-1][1]


def clocks(store_id: int, at: dt.datetime) -> Clocks:
    """The first-response clock runs in business hours; twice the clock ends the turn."""
    day = periods.local_date(at)
    minutes = int(policy("lead.first_response_minutes", store_id, day))
    factor = int(policy("lead.recycle_factor", store_id, day))
    return Clocks(business_after(at, minutes, store_id), business_spans(at, minutes * factor, store_id))


def locked(by: Any, lead_id: int, act: str) -> Lead:
    """The lead within reach, locked; refused without the act."""
    lead = lock(Lead.objects.visible_to(by), lead_id)
    require(by, act, lead.store_id)
    return lead


def move(lead: Lead, event: LeadEvent) -> str:
    """Set the state by LEAD_TRANSITIONS and answer the one before; else refused, nothing is written."""
    before = lead.state
    to = LEAD_TRANSITIONS[event].get(before)
    if to is None:
        text = f"线索当前为“{LeadState(before).label}”，不能{event.label}；请刷新页面查看最新情况。"
        raise Conflict("bad_transition", text)
    lead.state = to
    return before


def change_row(
    lead: Lead, event: LeadEvent, before: str, *, at: dt.datetime, by: Any, from_owner_id: int | None, reason: str = ""
) -> LeadChange:
    """The history row of a move already made on the lead, not saved yet."""
    return LeadChange(
        lead=lead, store_id=lead.store_id, team_id=lead.team_id, owner_id=lead.owner_id, event=event,
        from_state=before, to_state=lead.state, from_owner_id=from_owner_id, at=at, by=by, reason=reason[:200],
    )  # fmt: skip


def save(
    lead: Lead, event: LeadEvent, before: str, *, at: dt.datetime, by: Any, from_owner_id: int | None, reason: str = ""
) -> None:
    """Save a moved lead with its history row."""
    lead.touch()
    lead.save(update_fields=CHANGED)
    change_row(lead, event, before, at=at, by=by, from_owner_id=from_owner_id, reason=reason).save()


def begin_turn(
    lead: Lead, owner: Any, how: AssignedHow, *, at: dt.datetime, by: Any, clock: Clocks | None = None
) -> LeadAssignment:
    """Give the (moved) lead to a person and start the clock. The row is not saved yet; the present turn has ended."""
    clock = clock or clocks(lead.store_id, at)
    lead.owner, lead.team_id = owner, team_id_in(owner, lead.store_id)
    lead.assigned_at, lead.first_contact_at = at, None
    lead.first_assigned_at = lead.first_assigned_at or at
    lead.sla_due_at, lead.recycle_due_at = clock.sla_due_at, clock.recycle_due_at
    lead.clock_spans = [[opens.isoformat(), closes.isoformat()] for opens, closes in clock.spans]
    return LeadAssignment(
        lead=lead, store_id=lead.store_id, team_id=lead.team_id, owner=owner, how=how, by=by, assigned_at=at,
        sla_due_at=clock.sla_due_at,
    )  # fmt: skip


def end_turn(lead: Lead, event: LeadEvent, *, at: dt.datetime) -> None:
    """The present turn is over: given away, taken back or processed."""
    LeadAssignment.objects.filter(lead=lead, ended_at=None).update(ended_at=at, ended_by_event=event)


def give(
    lead: Lead, owner: Any, event: LeadEvent, how: AssignedHow, *, at: dt.datetime, by: Any, reason: str = ""
) -> LeadAssignment:
    """Move the lead to a person: the present turn ends, a new one begins, the person is told."""
    before, old = move(lead, event), lead.owner
    if old is not None:
        end_turn(lead, event, at=at)
        lead.previous_owner = old
    turn = begin_turn(lead, owner, how, at=at, by=by)
    turn.save()
    save(lead, event, before, at=at, by=by, from_owner_id=old.pk if old else None, reason=reason)
    if by is None or owner.pk != by.pk:
        tell_owner(lead, turn)
    return turn


def tell_owner(lead: Lead, turn: LeadAssignment, *, count: int = 1) -> None:
    """A notice with the deadline and no personal data: the lead itself, or how many came at once."""
    due, owner = periods.local_time(turn.sla_due_at), cast("Any", turn.owner)
    what = "一条" if count == 1 else f" {count} 条"
    notify(
        to=[owner], kind="lead.assigned", key=f"lead:{lead.pk}:turn:{turn.pk}",
        text=f"您有{what}新线索，请在 {due:%m-%d %H:%M} 前首次联系。",
        url=url_of(lead) if count == 1 else reverse("leads:lead_list") + "?state=assigned",
    )  # fmt: skip


def url_of(lead: Lead) -> str:
    """The lead's page."""
    return reverse("leads:lead_detail", args=[lead.pk])


def write_attempt(
    lead: Lead, *, by: Any, channel: str, outcome: AttemptOutcome, note: str, at: dt.datetime
) -> LeadAttempt:
    """One try to reach the person; the first of a turn stops the clock."""
    row = LeadAttempt.objects.create(
        lead=lead, store_id=lead.store_id, team_id=lead.team_id, owner_id=lead.owner_id, at=at, by=by,
        channel=channel, outcome=outcome, note=note,
    )  # fmt: skip
    if lead.first_contact_at is None:
        lead.first_contact_at = at
        LeadAssignment.objects.filter(lead=lead, ended_at=None).update(first_contact_at=at)
    return row


def refused(code: str, text: str, field: str = "") -> DomainError:
    """A refusal beside its field."""
    return DomainError(code, text, {field: [text]} if field else None)
