"""A lost customer who comes back: whose are they now? (R-OWN, §4.2)"""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.org.policy import policy
from dealership.org.reach import people_in, team_id_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import ProspectStatus
from leads.models import Customer, Prospect, StatusChange


def settle_owner(customer: Customer, capturer: Any, *, by: Any) -> None:
    """Before a new card is made after a loss: the first owner has priority for the policy's days, then whoever
    captures gets the customer. The lost card stays as it is. The customer is locked by the caller.
    """
    cards = Prospect.objects.filter(customer=customer).select_related("owner")
    last = cards.order_by("-card_created_at", "-id").first()
    if last is None or last.status != ProspectStatus.LOST:
        return
    heir = last.owner if _has_priority(last) else capturer
    if heir is None or heir.pk == customer.owner_id:
        return
    before = customer.owner_id
    customer.owner, customer.team_id = heir, team_id_in(heir, customer.store_id)
    customer.touch()
    customer.save(update_fields=["owner", "team", "version", "updated_at"])
    record(by=by, action="customer.owner_after_loss", target=customer, changes={"from": before, "to": heir.pk})


def _has_priority(lost: Prospect) -> bool:
    """The owner of the lost card still sells here and the days since the loss are not over."""
    if not people_in([lost.store_id], SELLING_ROLES).filter(pk=lost.owner_id).exists():
        return False
    moves = StatusChange.objects.filter(prospect=lost, to_status=ProspectStatus.LOST).order_by("-at")
    lost_at = moves.values_list("at", flat=True).first() or lost.updated_at
    days = int(policy("owner.protect_days", lost.store_id)["lost"])
    return periods.today() <= periods.local_date(lost_at) + dt.timedelta(days=days)
