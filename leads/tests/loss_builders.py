"""What happens before and after a customer is given up, by the real services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.accounts.models import User
from dealership.core import periods
from leads.choices import ProspectStatus
from leads.loss_choices import LossReason
from leads.models import LossApplication, Prospect
from leads.services.loss import dormancy_apply, loss_apply
from leads.services.loss_decision import loss_decide
from leads.tests.builders import make_follow_up

BOUGHT: dict[str, Any] = {
    "reason": LossReason.COMPETITOR, "competitor_brand": "岚途", "competitor_model": "S6", "competitor_price": 168000,
    "competitor_dealer": "城南岚途店",
}  # fmt: skip
WHY = "客户比较后觉得我店价格高三千，已经放弃"


def refuse_twice(by: Any, card: Prospect) -> None:
    """A refusal, and the mandatory second follow-up that heard it again (R-REJ)."""
    make_follow_up(by, card, outcome="refused", grade=None if card.grade != "N" else "B")
    make_follow_up(by, card, outcome="refused")


def make_loss(by: Any, card: Prospect, manager: Any = None, **told: Any) -> LossApplication:
    """An application for loss after everything that must come before it."""
    refuse_twice(by, card)
    if manager is not None:
        make_follow_up(manager, card)
    return loss_apply(by=by, prospect_id=card.pk, **{"reason": LossReason.PRICE, "explanation": WHY, **told})


def make_rest(by: Any, card: Prospect, days: int = 30, **told: Any) -> LossApplication:
    """An application for dormancy."""
    told.setdefault("wake_on", periods.today() + dt.timedelta(days=days))
    told.setdefault("reason", LossReason.NOT_BUYING)
    return dormancy_apply(by=by, prospect_id=card.pk, explanation="客户说年后再买车，先不联系", **told)


def lose(card: Prospect, by: Any, manager: Any, decider: Any) -> Prospect:
    """The card lost by the book."""
    row = make_loss(by, card, manager)
    loss_decide(by=decider, application_id=row.pk, decision="agree", comment="情况属实")
    card.refresh_from_db()
    assert card.status == ProspectStatus.LOST
    return card


def agreed_on(card: Prospect, to: str, moment: dt.datetime, decider: Any) -> LossApplication:
    """An agreed application written directly, for tests that set a card's history by hand."""
    kind = "loss" if to == ProspectStatus.LOST else "dormancy"
    last = LossApplication.objects.filter(store_id=card.store_id, kind=kind).count()
    return LossApplication.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, prospect=card,
        customer_id=card.customer_id, kind=kind, number=last + 1, grade=card.grade, applied_by_id=card.owner_id,
        applied_at=moment, reason=LossReason.PRICE, explanation=WHY, due_at=moment + dt.timedelta(days=1),
        state="agreed", decided_by=decider, decided_at=moment,
        wake_on=periods.local_date(moment) + dt.timedelta(days=30) if kind == "dormancy" else None,
    )  # fmt: skip


def put_in(card: Prospect, status: str, next_step: Any = None) -> None:
    """Set a card's status by hand; what only two people may set gets the answer it needs."""
    if status in (ProspectStatus.LOST, ProspectStatus.DORMANT):
        name = f"decider-{card.pk}"
        agreed_on(card, status, periods.now(), User.objects.create_user(username=name, password=None, name=name))
    Prospect.objects.filter(pk=card.pk).update(status=status, next_follow_up_at=next_step)
