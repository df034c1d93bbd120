"""Waking a card that rests: on its day by the clock, at once when the customer shows up or somebody asks (§4.2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict
from dealership.core.services import service
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.reach import people_in, require
from dealership.org.roles import SELLING_ROLES
from leads.choices import Grade, ProspectStatus
from leads.loss_choices import LossKind, LossState
from leads.models import Customer, LossApplication, Prospect
from leads.selectors.loss import due_to_wake
from leads.services.handover import hand_over, locked_with_customer, reactivate
from leads.services.history import write_grade

BATCH = 200


def wake(card: Prospect, *, by: Any, reason: str) -> None:
    """DORMANT → ACTIVE(C) with a contact due today; inside the caller's transaction, customer and card locked.

    When the owner no longer sells here the card stays with the showroom manager, who gives it to somebody.
    """
    moment = periods.now()
    if not people_in([card.store_id], SELLING_ROLES).filter(pk=card.owner_id).exists():
        manager = people_in([card.store_id], [Role.SHOWROOM_MANAGER]).first()
        if manager is not None and manager.pk != card.owner_id:
            hand_over(card, manager, by=by, reason="归属顾问已离岗，唤醒后由展厅经理安排")
    LossApplication.objects.filter(prospect=card, kind=LossKind.DORMANCY, state=LossState.AGREED, woken_at=None).update(
        woken_at=moment
    )
    if card.grade != Grade.C:
        write_grade(card, Grade.C, at=moment, by=by, reason=reason)
    reactivate(card, by=by, reason=reason, at=moment, due=_today(moment, card.store_id))
    notify(
        to=[card.owner], kind="prospect.woken", key=f"prospect:{card.pk}:woken:{card.version}",
        text=f"一位休眠客户已唤醒（{reason}），请今天联系。", url=reverse("leads:prospect_detail", args=[card.pk]),
    )  # fmt: skip
    record(by=by, action="prospect.wake", target=card)


def _today(moment: dt.datetime, store_id: int) -> dt.datetime:
    """Today's follow-up hour, or the end of the day when it has passed."""
    day = periods.local_date(moment)
    usual = periods.at(day, policy("follow_up.default_time", store_id, day))
    return usual if usual > moment else periods.end_of_day(day) - dt.timedelta(minutes=1)


def wake_of(customer: Customer, *, by: Any, reason: str) -> Prospect | None:
    """The customer's resting card, woken; None without one. The customer is locked by the caller."""
    cards = Prospect.objects.select_for_update(of=("self",))
    card = cards.filter(customer=customer, status=ProspectStatus.DORMANT).order_by("-pk").first()
    if card is not None:
        card.customer = customer
        wake(card, by=by, reason=reason)
    return card


@service
def dormancy_wake(*, by: Any, prospect_id: int) -> Prospect:
    """唤醒 by hand before the day: whoever may work on the card."""
    card = locked_with_customer(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.change", card.store_id)
    if card.status != ProspectStatus.DORMANT:
        raise Conflict("not_dormant", f"客户当前为“{card.get_status_display()}”，无需唤醒。")
    wake(card, by=by, reason="人工唤醒")
    return card


@service
def _wake_due(prospect_id: int, day: dt.date) -> bool:
    card = locked_with_customer(Prospect.objects.all(), prospect_id)
    held = LossApplication.objects.filter(
        prospect=card, kind=LossKind.DORMANCY, state=LossState.AGREED, woken_at=None, wake_on__lte=day
    )
    if card.status != ProspectStatus.DORMANT or not held.exists():
        return False
    wake(card, by=None, reason="休眠到期")
    return True


def dormancy_wake_due(*, store_id: int, day: dt.date) -> int:
    """Wake everything of a store whose day has come; called by the clock once a day, harmless when repeated (F18).

    Each card is its own transaction, so a crash loses nothing and the next run goes on.
    """
    woken, after = 0, 0
    while ids := due_to_wake(store_id=store_id, day=day, after=after, size=BATCH):
        woken += sum(_wake_due(prospect_id, day) for prospect_id in ids)
        after = ids[-1]
    return woken
