"""Every state × event × role of a card, of an application for loss and of one for dormancy (domain.md §4.2).

The tables below are the rule: what stands in them happens, everything else is refused in Chinese and writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from dealership.approvals.models import Approval
from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed
from dealership.org.choices import Role
from dealership.org.models import Series
from dealership.org.roles import ROLE_TABLE
from dealership.tests.builders import make_person, make_team
from leads.choices import PROSPECT_TRANSITIONS, ProspectStatus
from leads.loss_choices import LossKind, LossState
from leads.models import FollowUp, FollowUpTask, GradeChange, LossApplication, OwnerChange, Prospect, StatusChange
from leads.services.dormancy import dormancy_wake
from leads.services.history import cancel_tasks
from leads.services.loss import loss_apply, loss_withdraw
from leads.services.loss_decision import loss_decide
from leads.services.prospect import (
    prospect_change,
    prospect_delivered,
    prospect_order_cancelled,
    prospect_ordered,
    prospect_reassign,
)
from leads.services.reschedule import follow_up_reschedule
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.lead_builders import set_policy
from leads.tests.loss_builders import WHY, make_rest, put_in, refuse_twice

pytestmark = pytest.mark.django_db
VIN = "LSVAU2180N2183294"
ACTIVE, OUT, ORDERED = ProspectStatus.ACTIVE, ProspectStatus.OUT_OF_CONTROL, ProspectStatus.ORDERED
ASKED, RESTING = ProspectStatus.LOSS_PENDING, ProspectStatus.DORMANT_PENDING

# event → state before → state after. What is not here is refused.
CARD_EVENTS: dict[str, dict[str, str]] = {
    "follow_up": {ACTIVE: ACTIVE, OUT: ACTIVE, ORDERED: ORDERED, ASKED: ASKED, RESTING: RESTING},
    "regrade": {ACTIVE: ACTIVE, OUT: ACTIVE},
    "reschedule": {ACTIVE: ACTIVE, OUT: OUT, ORDERED: ORDERED},
    "change": {state: state for state in (ACTIVE, OUT, ORDERED, ASKED, RESTING)},
    "reassign": {ACTIVE: ACTIVE, OUT: ACTIVE, ORDERED: ORDERED, ASKED: ASKED, RESTING: RESTING},
    "apply_loss": {ACTIVE: ASKED, OUT: ASKED},
    "apply_rest": {ACTIVE: RESTING},
    "wake": {ProspectStatus.DORMANT: ACTIVE},
    "order": {ACTIVE: ORDERED, OUT: ORDERED},
    "cancel_order": {ORDERED: ACTIVE},
    "deliver": {ORDERED: ProspectStatus.DELIVERED},
}
# The act each needs; orders are moved by `sales` inside its own acts.
CARD_ACTS = {
    "follow_up": "follow_up.log", "regrade": "follow_up.log", "reschedule": "follow_up.log",
    "change": "prospect.change", "reassign": "prospect.reassign", "apply_loss": "loss.apply",
    "apply_rest": "loss.apply", "wake": "prospect.change",
}  # fmt: skip
BY_MANAGER = ("reassign", "apply_loss")
ANSWERS = {"agree": LossState.AGREED, "reject": LossState.REJECTED, "reassign": LossState.REASSIGNED}
REACHING = ("store", "group")


class Scene:
    """A store with an owner, a colleague and a manager, and cards in any state; the second follow-up is always done."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.owner = make_person(Role.SALES_CONSULTANT, store, team=make_team(store), name="归属顾问")
        self.colleague = make_person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="同事")
        self.manager = make_person(Role.SHOWROOM_MANAGER, store, name="展厅经理")
        set_policy(store, "loss.sample_share", "0")

    def card_in(self, state: str) -> Prospect:
        card = make_prospect(self.owner, self.store, grade="B")
        refuse_twice(self.owner, card)
        card.refresh_from_db()
        if state != ACTIVE:
            # Open cards have something due, except while they wait for an answer.
            put_in(card, state, card.next_follow_up_at if state in (OUT, ORDERED) else None)
        if state not in (ACTIVE, OUT, ORDERED):
            cancel_tasks(card, at=periods.now())
        card.refresh_from_db()
        return card

    def play(self, event: str, card: Prospect, by: Any) -> Any:
        """Let `by` do the event to the card."""
        pk, moment = card.pk, periods.now()
        acts: dict[str, Callable[[], Any]] = {
            "follow_up": lambda: make_follow_up(by, card),
            "regrade": lambda: make_follow_up(by, card, grade="A"),
            "reschedule": lambda: follow_up_reschedule(by=by, prospect_id=pk, day=tomorrow(), reason="客户出差"),
            "change": lambda: prospect_change(by=by, prospect_id=pk, version=None, details={"competitor": "对手X5"}),
            "reassign": lambda: prospect_reassign(by=by, prospect_id=pk, new_owner=self.colleague, reason="轮换"),
            "apply_loss": lambda: loss_apply(by=by, prospect_id=pk, reason="price", explanation=WHY),
            "apply_rest": lambda: make_rest(by, card),
            "wake": lambda: dormancy_wake(by=by, prospect_id=pk),
            "order": lambda: prospect_ordered(by=by, prospect_id=pk, at=moment),
            "cancel_order": lambda: prospect_order_cancelled(by=by, prospect_id=pk, at=moment, reason="贷款未批"),
            "deliver": lambda: prospect_delivered(
                by=by, prospect_id=pk, at=moment, deal_id=pk, vin=VIN, series=Series.objects.all()[0], description="X7"
            ),
        }  # fmt: skip
        return acts[event]()

    def application_in(self, kind: str, state: str) -> LossApplication:
        card = self.card_in(ACTIVE)
        row: LossApplication = self.play("apply_loss" if kind == LossKind.LOSS else "apply_rest", card, self.owner)
        if state == LossState.WITHDRAWN:
            loss_withdraw(by=self.owner, application_id=row.pk)
        elif state != LossState.PENDING:
            self.answer({after: event for event, after in ANSWERS.items()}[LossState(state)], row, self.manager)
        return LossApplication.objects.get(pk=row.pk)

    def answer(self, event: str, row: LossApplication, by: Any) -> Any:
        """One of the three answers, or taking it back."""
        if event == "withdraw":
            return loss_withdraw(by=by, application_id=row.pk)
        heir = self.colleague if event == "reassign" else None
        return loss_decide(by=by, application_id=row.pk, decision=event, comment="按规定处理", new_owner=heir)


def tomorrow() -> dt.date:
    return periods.today() + dt.timedelta(days=1)


def everything() -> list[Any]:
    """All rows an event of a card could write, by number, and what cards and applications say."""
    counted = (StatusChange, GradeChange, OwnerChange, FollowUp, FollowUpTask, Approval)
    said = [list(model.objects.order_by("pk").values()) for model in (Prospect, LossApplication)]
    return [*(model.objects.count() for model in counted), *said]


def moves_of(card: Prospect) -> int:
    return StatusChange.objects.filter(prospect=card).count()


def undone(act: Callable[[], Any], look: Callable[[], Any]) -> tuple[DomainError | None, Any]:
    """Play, look, take it back: the refusal if there was one, and what was seen."""
    with transaction.atomic():
        refusal = None
        try:
            with transaction.atomic():
                act()
        except DomainError as error:
            refusal = error
        seen = look()
        transaction.set_rollback(True)
    return refusal, seen


def roles(store: Any) -> Iterator[tuple[Role, Any]]:
    """One more person of every role."""
    for role in Role:
        at_group = role in (Role.GROUP_OFFICE, Role.SYS_ADMIN)
        yield role, make_person(role, None if at_group else store, group=store.group, name=f"外人{role}"[:40])


@pytest.fixture
def scene(store: Any, freeze: Callable[[str], None]) -> Scene:
    freeze("2026-11-18 10:00+08:00")
    return Scene(store)


def test_the_table_moves_only_as_the_product_allows() -> None:
    """Each move of the table that changes the state stands in `PROSPECT_TRANSITIONS`."""
    moves = {(before, after) for table in CARD_EVENTS.values() for before, after in table.items() if before != after}
    assert {(before, after) for before, after in moves if after not in PROSPECT_TRANSITIONS[before]} == set()


@pytest.mark.parametrize("state", ProspectStatus.values)
def test_card_state_by_event(scene: Scene, state: str) -> None:
    card = scene.card_in(state)
    assert card.status == state
    before = everything()
    for event, table in CARD_EVENTS.items():
        actor = scene.manager if event in BY_MANAGER else scene.owner
        moved = moves_of(card)
        refusal, (status, count, after) = undone(
            lambda e=event, a=actor: scene.play(e, card, a),
            lambda: (Prospect.objects.get(pk=card.pk).status, moves_of(card), everything()),
        )
        wanted = table.get(state)
        if wanted is None:
            assert refusal is not None, f"{event} from {state} went through"
            assert any("一" <= letter <= "鿿" for letter in refusal.message)
            assert after == before, f"{event} from {state} wrote something"
        else:
            assert refusal is None, f"{event} from {state}: {refusal}"
            assert (status, count) == (wanted, moved + (wanted != state)), event


@pytest.mark.parametrize("state", [ACTIVE, OUT, ORDERED, ASKED, ProspectStatus.DORMANT])
def test_card_event_by_role(scene: Scene, state: str) -> None:
    """Out of reach 404, without the act 403, else the table; a card out of control is a manager's to give up."""
    card = scene.card_in(state)
    people = list(roles(scene.store))
    for event, act in CARD_ACTS.items():
        if state not in CARD_EVENTS[event]:
            continue
        for role, person in people:
            rule = ROLE_TABLE[role]
            refusal, _seen = undone(lambda e=event, p=person: scene.play(e, card, p), lambda: None)
            wanted = 200
            if rule.reach.get("prospect") not in REACHING:
                wanted = 404
            elif act not in rule.acts or (
                event == "apply_loss" and state == OUT and "prospect.reassign" not in rule.acts
            ):
                wanted = 403
            assert (refusal.status if refusal else 200) == wanted, f"{role} {event} from {state}: {refusal}"


@pytest.mark.parametrize("kind", LossKind.values)
@pytest.mark.parametrize("state", LossState.values)
def test_application_state_by_event(scene: Scene, kind: str, state: str) -> None:
    """Only a waiting application is answered or taken back; each answer moves the card as §4.2 says."""
    row = scene.application_in(kind, state)
    assert row.state == state
    ended = ProspectStatus.LOST if kind == LossKind.LOSS else ProspectStatus.DORMANT
    cards = {"agree": ended, "reject": ACTIVE, "reassign": ACTIVE, "withdraw": ACTIVE}
    before = everything()
    for event, card_after in cards.items():
        actor = scene.owner if event == "withdraw" else scene.manager
        refusal, (found, status, owner, due, after) = undone(
            lambda e=event, a=actor: scene.answer(e, row, a),
            lambda: (
                LossApplication.objects.get(pk=row.pk).state,
                *Prospect.objects.values_list("status", "owner_id", "next_follow_up_at").get(pk=row.prospect_id),
                everything(),
            ),
        )
        if state != LossState.PENDING:
            assert refusal is not None, f"{event} of {state}"
            assert refusal.status == 409, f"{event} of {state}: {refusal.status} {refusal}"
            assert after == before, f"{event} of {state} wrote something"
            continue
        assert refusal is None, f"{event}: {refusal}"
        assert (found, status) == (ANSWERS.get(event, LossState.WITHDRAWN), card_after)
        assert owner == (scene.colleague.pk if event == "reassign" else scene.owner.pk)
        assert (due is None) == (card_after == ended)
        if event in ("reject", "reassign"):
            assert periods.local_date(due) == tomorrow()


@pytest.mark.parametrize("kind", LossKind.values)
def test_application_event_by_role(scene: Scene, kind: str) -> None:
    """Level 1 and above answer; who reaches the card without the level is refused, everybody else finds nothing."""
    row = scene.application_in(kind, LossState.PENDING)
    for role, person in roles(scene.store):
        rule = ROLE_TABLE[role]
        for event in (*ANSWERS, "withdraw"):
            refusal, _seen = undone(lambda e=event, p=person: scene.answer(e, row, p), lambda: None)
            wanted = 200 if event in ANSWERS and "loss.decide" in rule.acts else 403
            if rule.reach.get("loss_application") not in REACHING:
                wanted = 404
            assert (refusal.status if refusal else 200) == wanted, f"{role} {event} of {kind}: {refusal}"
    for event in ANSWERS:
        with pytest.raises(NotAllowed):
            scene.answer(event, row, scene.owner)


def test_a_manager_does_not_answer_the_own_application(scene: Scene) -> None:
    card = scene.card_in(OUT)
    row = scene.play("apply_loss", card, scene.manager)
    for event in ANSWERS:
        with pytest.raises(NotAllowed):
            scene.answer(event, row, scene.manager)
    assert LossApplication.objects.get(pk=row.pk).state == LossState.PENDING
