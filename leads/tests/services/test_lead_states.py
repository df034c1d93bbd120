"""Every state × event × role: what the table allows happens, everything else is refused and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import transaction

from dealership.approvals.models import Approval
from dealership.approvals.services import decide
from dealership.core.errors import DomainError
from dealership.org.choices import Role
from dealership.org.roles import ROLE_TABLE
from dealership.tests.builders import make_person, make_team
from leads.choices import LEAD_TRANSITIONS, LeadEvent, LeadState
from leads.models import Lead, LeadAssignment, LeadAttempt, LeadChange, Prospect
from leads.services.lead import lead_mark_invalid
from leads.services.lead_assign import lead_assign, lead_pick, lead_recycle
from leads.services.lead_convert import lead_convert
from leads.services.lead_intake import LeadRow, lead_create
from leads.services.lead_transfer import lead_transfer_ask
from leads.tests.builders import make_prospect, new_phone
from leads.tests.lead_builders import make_lead, nobody_takes, set_policy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def business_hours():
    """Clocks of leads run in business hours only; real time goes on from there."""
    with time_machine.travel("2026-11-22 12:00+08:00", tick=True):
        yield


# The act of each event a person starts; the others belong to the clock, the intake and the decision.
ACTS = {
    LeadEvent.ASSIGN: "lead.assign",
    LeadEvent.PICK: "lead.pick",
    LeadEvent.CARD: "lead.work",
    LeadEvent.INVALIDATE: "lead.work",
    LeadEvent.ASK_TRANSFER: "lead.work",
}
REACHING = ("store", "group")


class Scene:
    """A store with an owner (DCC), a colleague and a manager, and a lead in any state."""

    def __init__(self, store: Any) -> None:
        self.store, team = store, make_team(store, "网销组")
        self.owner = make_person(Role.DCC_AGENT, store, team=team, name="负责人")
        self.colleague = make_person(Role.SALES_CONSULTANT, store, name="同事")
        self.manager = make_person(Role.SHOWROOM_MANAGER, store, name="经理")
        self.team = team
        nobody_takes(store)
        set_policy(store, "lead.recycle_factor", 0)
        set_policy(store, "lead.first_response_minutes", 0)
        set_policy(store, "lead.cool_off_days", 0)

    def lead_in(self, state: str) -> Lead:
        if state == LeadState.MERGED:
            phone = new_phone()
            make_prospect(self.owner, self.store, phone=phone)
            return make_lead(self.manager, self.store, phone=phone)
        if state == LeadState.NEW:
            return make_lead(self.owner, self.store)
        lead = make_lead(self.owner, self.store, owner=self.owner)
        if state != LeadState.ASSIGNED:
            self.play(EVENT_INTO[state], lead, self.owner)
        return Lead.objects.get(pk=lead.pk)

    def play(self, event: str, lead: Lead, by: Any) -> Any:
        """Let `by` do the event to the lead."""
        to, pk = self.colleague, lead.pk
        acts: dict[str, Callable[[], Any]] = {
            LeadEvent.ASSIGN: lambda: lead_assign(by=by, lead_id=pk, new_owner=to, reason="改派"),
            LeadEvent.PICK: lambda: lead_pick(by=by, lead_id=pk),
            LeadEvent.CARD: lambda: lead_convert(by=by, lead_id=pk, name="陈静"),
            LeadEvent.INVALIDATE: lambda: lead_mark_invalid(by=by, lead_id=pk, reason="no_intent"),
            LeadEvent.ASK_TRANSFER: lambda: lead_transfer_ask(by=by, lead_id=pk, new_owner=to, reason="转移"),
            LeadEvent.RECYCLE: lambda: self.recycle(lead),
            LeadEvent.APPROVE_TRANSFER: lambda: self.answer(lead, approve=True),
            LeadEvent.REJECT_TRANSFER: lambda: self.answer(lead, approve=False),
        }
        return acts[event]()

    def recycle(self, lead: Lead) -> None:
        turn = LeadAssignment.objects.filter(lead=lead).order_by("-id").first()
        if turn is None or not lead_recycle(lead_id=lead.pk, assignment_id=turn.pk):
            raise DomainError("nothing", "没有可回收的线索。")

    def answer(self, lead: Lead, *, approve: bool) -> Any:
        asked = Approval.objects.filter(subject_id=lead.pk).order_by("-id").first()
        if asked is None:
            raise DomainError("nothing", "没有申请。")
        return decide(by=self.manager, approval_id=asked.pk, approve=approve, comment="答复")


EVENT_INTO = {
    LeadState.CARDED: LeadEvent.CARD,
    LeadState.INVALID: LeadEvent.INVALIDATE,
    LeadState.RECYCLED: LeadEvent.RECYCLE,
    LeadState.TRANSFER_PENDING: LeadEvent.ASK_TRANSFER,
}
PLAYED = [event for event in LeadEvent if event not in (LeadEvent.TAKE_IN, LeadEvent.REPEAT, LeadEvent.MERGE)]


def counts() -> list[int]:
    return [model.objects.count() for model in (LeadChange, LeadAssignment, LeadAttempt, Prospect, Approval)]


def undone(act: Any) -> DomainError | None:
    """Play, take back, answer the refusal."""
    with transaction.atomic():
        try:
            act()
        except DomainError as error:
            return error
        finally:
            transaction.set_rollback(True)
    return None


@pytest.mark.parametrize("state", LeadState)
def test_state_by_event(store: Any, state: str) -> None:
    """The person who may do it: exactly the table's moves happen, each with one history row."""
    scene = Scene(store)
    lead = scene.lead_in(state)
    assert lead.state == state
    for event in PLAYED:
        actor = scene.manager if event == LeadEvent.ASSIGN else scene.owner
        wanted = LEAD_TRANSITIONS[event].get(state)
        before = counts()
        with transaction.atomic():
            try:
                with transaction.atomic():
                    scene.play(event, lead, actor)
                refusal = None
            except DomainError as error:
                refusal = error
            found = Lead.objects.get(pk=lead.pk).state
            rows = LeadChange.objects.filter(lead=lead).count()
            after = counts()
            transaction.set_rollback(True)
        if wanted is None:
            assert refusal is not None, f"{event} from {state}"
            assert any("一" <= letter <= "鿿" for letter in refusal.message)
            assert (found, after) == (state, before), f"{event} from {state} wrote something"
        else:
            assert refusal is None, f"{event} from {state}: {refusal}"
            assert found == wanted
            assert rows == LeadChange.objects.filter(lead=lead).count() + 1


@pytest.mark.parametrize("state", LeadState)
def test_event_by_role(store: Any, state: str) -> None:
    """Every role: 404 out of reach, 403 without the act, else the move; a transfer is asked by the owner only.

    What the table does not know is refused to every role.
    """
    scene = Scene(store)
    lead = scene.lead_in(state)
    for role in Role:
        at_group = role in (Role.GROUP_OFFICE, Role.SYS_ADMIN)
        person = make_person(role, None if at_group else store, group=store.group, name=f"外人{role}")
        rule = ROLE_TABLE[role]
        reaches = rule.reach.get("lead") in REACHING
        in_pool = state in (LeadState.NEW, LeadState.RECYCLED)
        reaches |= in_pool and "lead.pick" in rule.acts and rule.reach.get("lead") is not None
        for event, act in ACTS.items():
            refusal = undone(lambda e=event, p=person: scene.play(e, lead, p))
            status = refusal.status if refusal else 200
            if state not in LEAD_TRANSITIONS[event]:
                assert status >= 400, f"{role} {event} from {state} went through"
                continue
            if not reaches:
                wanted = 404
            elif act not in rule.acts or event == LeadEvent.ASK_TRANSFER:
                wanted = 403
            else:
                wanted = 200
            assert status == wanted, f"{role} {event} from {state}: {status}, not {wanted}"


def test_take_in_and_merge_begin_from_nothing(store: Any) -> None:
    assert LEAD_TRANSITIONS[LeadEvent.TAKE_IN] == {"": LeadState.NEW}
    assert LEAD_TRANSITIONS[LeadEvent.MERGE][""] == LeadState.MERGED
    scene = Scene(store)
    assert lead_create(by=scene.owner, store=store, row=LeadRow(new_phone())).lead.state == LeadState.NEW
