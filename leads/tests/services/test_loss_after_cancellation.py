"""§4.2 ORDERED → LOSS_PENDING: a cancelled order goes straight to an application, and a second person still decides."""

from __future__ import annotations

from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from leads.models import LossApplication, Prospect, StatusChange
from leads.services.loss import loss_apply
from leads.services.loss_decision import loss_decide
from leads.services.prospect import prospect_order_cancelled, prospect_ordered
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.loss_builders import BOUGHT, WHY

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(store: Any) -> Any:
    return make_person(Role.SALES_MANAGER, store, name="孙总监")


@pytest.fixture
def card(store: Any, consultant: Any, head: Any, freeze: Any) -> Prospect:
    """An H card whose order the sales manager took back on 10 November at noon."""
    freeze("2026-11-08 12:00+08:00")
    card = make_prospect(consultant, store, grade="H")
    prospect_ordered(by=consultant, prospect_id=card.pk, at=periods.now())
    freeze("2026-11-10 12:00+08:00")
    return prospect_order_cancelled(by=head, prospect_id=card.pk, at=periods.now(), reason="贷款未批")


def ask(by: Any, card: Prospect, **told: Any) -> LossApplication:
    return loss_apply(by=by, prospect_id=card.pk, **{"reason": "funds", "explanation": WHY, **told})


def test_straight_from_the_cancelled_order_and_a_second_person_decides(consultant, head, card):
    row = ask(consultant, card)
    card.refresh_from_db()
    assert (card.status, row.state, row.second_follow_up) == ("loss_pending", "pending", None)
    assert row.cancellation == StatusChange.objects.get(prospect=card, from_status="ordered")
    assert row.cancellation.by == head
    with pytest.raises(NotAllowed):
        loss_decide(by=consultant, application_id=row.pk, decision="agree")
    loss_decide(by=head, application_id=row.pk, decision="agree")
    card.refresh_from_db()
    assert card.status == "lost"


def test_the_manager_who_cancelled_may_ask_but_not_answer(head, card, store):
    row = ask(head, card)
    with pytest.raises(NotAllowed):
        loss_decide(by=head, application_id=row.pk, decision="agree")
    boss = make_person(Role.GENERAL_MANAGER, store)
    assert loss_decide(by=boss, application_id=row.pk, decision="agree").decided_by == boss


@pytest.mark.parametrize(("moment", "is_open"), [("2026-11-13 23:59+08:00", True), ("2026-11-14 00:00+08:00", False)])
def test_only_for_the_days_of_the_policy(freeze, consultant, card, moment, is_open):
    freeze(moment)
    if is_open:
        assert ask(consultant, card).cancellation is not None
        return
    with pytest.raises(DomainError, match="完成二次追踪"):
        ask(consultant, card)
    assert not LossApplication.objects.exists()


def test_r_rej_a_refusal_heard_afterwards_has_its_second_follow_up_first(consultant, card):
    make_follow_up(consultant, card, outcome="refused")
    with pytest.raises(DomainError, match="还没有完成二次追踪"):
        ask(consultant, card)
    make_follow_up(consultant, card, outcome="refused")
    assert ask(consultant, card).second_follow_up is not None


def test_what_else_an_application_needs_stays(consultant, card):
    with pytest.raises(DomainError, match="请填写成交品牌"):
        ask(consultant, card, reason="competitor")
    with pytest.raises(DomainError, match="至少 10 个字"):
        ask(consultant, card, explanation="贷款没批")
    with pytest.raises(DomainError, match="未接通记录"):
        ask(consultant, card, reason="unreachable")
    assert ask(consultant, card, **BOUGHT).competitor_dealer


def test_once_rejected_the_usual_way_counts_again(freeze, consultant, head, card):
    row = ask(consultant, card)
    loss_decide(by=head, application_id=row.pk, decision="reject", comment="请换一家银行再试")
    with pytest.raises(DomainError, match="还没有跟进记录"):
        ask(consultant, card)
    freeze("2026-11-10 16:00+08:00")
    make_follow_up(consultant, card)
    with pytest.raises(DomainError, match="完成二次追踪"):
        ask(consultant, card)
