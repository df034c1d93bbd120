"""Whatever people do in whatever order: nothing is lost or rests without a second person, nothing is forgotten."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealership.approvals.models import Approval
from dealership.approvals.services import decide
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.org.choices import Role
from leads.choices import OPEN_STATUSES, FollowUpOutcome
from leads.models import LossApplication, NurtureStay, Prospect
from leads.policies import grade_days
from leads.services.bulk import bulk_run, losing, resting
from leads.services.dormancy import dormancy_wake, dormancy_wake_due
from leads.services.loss import loss_apply, loss_withdraw
from leads.services.loss_decision import loss_decide
from leads.services.nurture import nurture_return
from leads.services.out_of_control import out_of_control_sweep
from leads.services.prospect import card_create, prospect_order_cancelled, prospect_ordered, prospect_reassign
from leads.services.second import second_assign
from leads.tests.builders import make_follow_up, make_prospect, make_visit, new_phone
from leads.tests.evaluation_builders import make_evaluation
from leads.tests.loss_builders import BOUGHT, WHY, make_rest

START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=periods.ZONE)
ACTS = (
    "follow", "refuse", "silent", "lose", "buy_elsewhere", "rest", "agree", "reject", "give", "withdraw", "inbox",
    "wake", "sweep", "reassign", "second", "order", "cancel", "visit", "card", "wait",
    "cancel_and_lose", "bulk_lose", "bulk_rest", "bulk_look", "evaluate", "give_back",
)  # fmt: skip
EVENTS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.sampled_from("HABC"), st.integers(1, 40)), max_size=14
)


class Play:
    """One customer, and the people who may do anything with the card."""

    def __init__(self, store: Any, people: list[Any], grade: str) -> None:
        self.store, self.people, self.phone = store, people, new_phone()
        self.card = make_prospect(people[0], store, grade=grade, phone=self.phone)

    def act(self, name: str, by: Any, grade: str, days: int) -> None:
        self.card = Prospect.objects.filter(customer=self.card.customer).latest("id")
        getattr(self, name)(by, grade, days)

    def _row(self) -> int:
        row = LossApplication.objects.filter(prospect=self.card).order_by("-id").first()
        return row.pk if row else 0

    def follow(self, by: Any, grade: str, days: int) -> None:
        chosen = periods.now() + dt.timedelta(days=days)
        make_follow_up(
            by, self.card, grade=grade, next_follow_up_at=chosen, delay_reason="客户出差", grade_reason="客户推迟"
        )

    def refuse(self, by: Any, grade: str, days: int) -> None:
        outcome = FollowUpOutcome.values[4 + days % 3]
        make_follow_up(by, self.card, outcome=outcome, grade=grade if self.card.grade == "N" else None)

    def silent(self, by: Any, grade: str, days: int) -> None:
        make_follow_up(by, self.card, outcome="no_answer")

    def lose(self, by: Any, grade: str, days: int) -> None:
        loss_apply(by=by, prospect_id=self.card.pk, reason="unreachable" if days % 2 else "price", explanation=WHY)

    def buy_elsewhere(self, by: Any, grade: str, days: int) -> None:
        loss_apply(by=by, prospect_id=self.card.pk, explanation=WHY, **BOUGHT)

    def rest(self, by: Any, grade: str, days: int) -> None:
        make_rest(by, self.card, days=days)

    def agree(self, by: Any, grade: str, days: int) -> None:
        loss_decide(by=by, application_id=self._row(), decision="agree")

    def reject(self, by: Any, grade: str, days: int) -> None:
        loss_decide(by=by, application_id=self._row(), decision="reject", comment="再跟进")

    def give(self, by: Any, grade: str, days: int) -> None:
        loss_decide(by=by, application_id=self._row(), decision="reassign", new_owner=self.people[days % 4])

    def withdraw(self, by: Any, grade: str, days: int) -> None:
        loss_withdraw(by=by, application_id=self._row())

    def inbox(self, by: Any, grade: str, days: int) -> None:
        last = Approval.objects.filter(kind__startswith="prospect.").order_by("-id").first()
        decide(by=by, approval_id=last.pk if last else 0, approve=bool(days % 2), comment="按规定处理")

    def wake(self, by: Any, grade: str, days: int) -> None:
        dormancy_wake(by=by, prospect_id=self.card.pk)

    def sweep(self, by: Any, grade: str, days: int) -> None:
        dormancy_wake_due(store_id=self.store.pk, day=periods.today())
        out_of_control_sweep(store_id=self.store.pk, day=periods.today())

    def reassign(self, by: Any, grade: str, days: int) -> None:
        prospect_reassign(by=by, prospect_id=self.card.pk, new_owner=self.people[days % 4], reason="轮换")

    def second(self, by: Any, grade: str, days: int) -> None:
        second_assign(by=by, prospect_id=self.card.pk, person=self.people[days % 2])

    def order(self, by: Any, grade: str, days: int) -> None:
        prospect_ordered(by=by, prospect_id=self.card.pk, at=periods.now())

    def cancel(self, by: Any, grade: str, days: int) -> None:
        prospect_order_cancelled(by=by, prospect_id=self.card.pk, at=periods.now(), reason="贷款未批")

    def cancel_and_lose(self, by: Any, grade: str, days: int) -> None:
        """Straight from the cancelled order to the application; refused, the card stays where the order left it."""
        if self.card.status == "active":
            prospect_ordered(by=by, prospect_id=self.card.pk, at=periods.now())
        prospect_order_cancelled(by=by, prospect_id=self.card.pk, at=periods.now(), reason="贷款未批")
        before = self._cards()
        try:
            loss_apply(by=by, prospect_id=self.card.pk, reason="funds", explanation=WHY)
        except DomainError:
            assert self._cards() == before

    def _cards(self) -> list[dict[str, Any]]:
        return list(Prospect.objects.filter(store=self.store).order_by("id").values())

    def bulk_lose(self, by: Any, grade: str, days: int) -> None:
        act = losing(by=by, reason="unreachable" if days % 2 else "price", explanation=WHY)
        bulk_run(by=by, ids=[self.card.pk], act=act, rehearse=False)

    def bulk_rest(self, by: Any, grade: str, days: int) -> None:
        wake_on = periods.today() + dt.timedelta(days=days)
        act = resting(by=by, reason="not_buying", explanation=WHY, wake_on=wake_on)
        bulk_run(by=by, ids=[self.card.pk], act=act, rehearse=False)

    def bulk_look(self, by: Any, grade: str, days: int) -> None:
        """A preview leaves everything as it was."""
        before = self._cards()
        wake_on = periods.today() + dt.timedelta(days=days)
        for act in (
            losing(by=by, reason="price", explanation=WHY),
            resting(by=by, reason="price", explanation=WHY, wake_on=wake_on),
        ):
            bulk_run(by=by, ids=[self.card.pk], act=act, rehearse=True)
        assert self._cards() == before

    def evaluate(self, by: Any, grade: str, days: int) -> None:
        make_evaluation(by, self.card, days % 6)

    def give_back(self, by: Any, grade: str, days: int) -> None:
        stay = NurtureStay.objects.filter(prospect=self.card, left_at=None).first()
        nurture_return(by=by, stay_id=stay.pk if stay else 0, reason="客户来电问价格")

    def visit(self, by: Any, grade: str, days: int) -> None:
        make_visit(by, self.store, phone=self.phone)

    def card_(self, by: Any, grade: str, days: int) -> None:
        card_create(by=by, customer_id=self.card.customer_id)

    def wait(self, by: Any, grade: str, days: int) -> None:
        """Time passes."""


def check(play: Play) -> None:
    for card in Prospect.objects.filter(store=play.store):
        if card.status in ("lost", "dormant"):
            kind = "loss" if card.status == "lost" else "dormancy"
            agreed = LossApplication.objects.filter(prospect=card, kind=kind, state="agreed", woken_at=None)
            assert agreed.exclude(decided_by=F("applied_by")).exclude(decided_by=None).exists()
        if card.status == "active":
            assert card.next_follow_up_at is not None
            last = card.follow_ups.order_by("-done_at", "-id").first()
            spare = dt.timedelta(days=grade_days(card.grade, "interval", card.store_id, periods.today()))
            in_time = periods.local_date(card.next_follow_up_at) <= periods.today() + spare
            assert in_time or (last is not None and last.delay_reason)
        assert card.status in OPEN_STATUSES or not NurtureStay.objects.filter(prospect=card, left_at=None).exists()
        waiting = LossApplication.objects.filter(prospect=card, state="pending").exists()
        assert waiting == (card.status in ("loss_pending", "dormant_pending"))


@pytest.fixture
def people(consultant, colleague, manager, person, store):
    return [consultant, colleague, manager, person(Role.SALES_MANAGER, store)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, grade=st.sampled_from("NHABC"))
def test_no_path_to_lost_or_dormant_without_a_second_person(freeze, store, people, events, grade):
    with transaction.atomic():
        freeze(START)
        play = Play(store, people, grade)
        moment = START
        for name, who, letter, days in events:
            moment += dt.timedelta(days=days if name == "wait" else 1, hours=1)
            freeze(moment)
            before = list(Prospect.objects.filter(store=store).order_by("id").values())
            try:
                play.act("card_" if name == "card" else name, people[who], letter, days)
            except DomainError:
                assert list(Prospect.objects.filter(store=store).order_by("id").values()) == before
            check(play)
        transaction.set_rollback(True)
