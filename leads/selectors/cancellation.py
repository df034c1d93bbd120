"""退订 seen from the card: was its order just taken back, and what do the apps above know of the reason (§4.2)?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dealership.core import periods
from dealership.core.scoping import reach_for
from dealership.org.policy import policy
from dealership.org.reach import can
from leads import policies
from leads.choices import ProspectStatus
from leads.models import Prospect, StatusChange


@dataclass(frozen=True)
class Told:
    """Why an order was taken back: a reason of the loss list, when it names one, and the words."""

    reason: str = ""
    words: str = ""


Teller = Callable[[int], Told]
_tellers: list[Teller] = []


def register_teller(tell: Teller) -> None:
    """`tell(prospect_id)` answers why the card's last order was taken back. Called at start-up by the app of orders."""
    _tellers.append(tell)


def fresh_cancellation(card: Prospect) -> StatusChange | None:
    """The move by which a second person took the card's order back, while it is the card's last and not too old.

    For `loss.after_cancel_days` it stands for the refusal and its second follow-up. A card that moved since (an
    application that was rejected, say) goes the usual way.
    """
    if not policies.can_apply_loss(card):
        return None
    last = StatusChange.objects.filter(prospect=card).order_by("-at", "-id").first()
    if last is None or (last.from_status, last.to_status) != (ProspectStatus.ORDERED, ProspectStatus.ACTIVE):
        return None
    return last if is_fresh(last.at, card.store_id) else None


def is_fresh(at: dt.datetime, store_id: int) -> bool:
    """Is a cancellation of that moment still new enough? The last day counts whole."""
    days = int(policy("loss.after_cancel_days", store_id))
    return periods.today() <= periods.local_date(at) + dt.timedelta(days=days)


def told_of(card: Prospect) -> Told:
    """What the apps above say about the last cancelled order; nothing when they know none."""
    for tell in _tellers:
        if (told := tell(card.pk)).words:
            return told
    return Told()


def may_apply_after_cancellation(*, user: Any, prospect_id: int) -> bool:
    """Is the way from the cancelled order to an application open to this person? For the page of the order."""
    if reach_for(user, "prospect").is_empty:
        return False
    card = Prospect.objects.visible_to(user).filter(pk=prospect_id).first()
    return card is not None and can(user, "loss.apply", card.store_id) and fresh_cancellation(card) is not None
