"""A customer who comes back: whose are they now? (R-OWN, §4.2)"""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.reach import people_in, team_id_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import ProspectStatus
from leads.models import Customer, Prospect, StatusChange


def settle_owner(customer: Customer, capturer: Any, *, by: Any) -> None:
    """Before a new card is made. After a loss the first owner has priority for the policy's days, then whoever captures
    gets the customer; the lost card stays as it is. Somebody who sells here no longer gets no new card: it is the
    capturer's, else the showroom manager's to give on. The customer is locked by the caller.
    """
    cards = Prospect.objects.filter(customer=customer).select_related("owner")
    last = cards.order_by("-card_created_at", "-id").first()
    if last is not None and last.status == ProspectStatus.LOST:
        heir = last.owner if _has_priority(last) else capturer
    elif customer.owner_id is None or _sells(customer.store_id, customer.owner_id):
        return
    else:
        heir = capturer
    if heir is None and not _sells(customer.store_id, customer.owner_id):
        heir = people_in([customer.store_id], [Role.SHOWROOM_MANAGER]).first()
    if heir is None or heir.pk == customer.owner_id:
        return
    before = customer.owner_id
    customer.owner, customer.team_id = heir, team_id_in(heir, customer.store_id)
    customer.touch()
    customer.save(update_fields=["owner", "team", "version", "updated_at"])
    record(by=by, action="customer.owner_after_loss", target=customer, changes={"from": before, "to": heir.pk})


def _sells(store_id: int, person_id: int | None) -> bool:
    return person_id is not None and people_in([store_id], SELLING_ROLES).filter(pk=person_id).exists()


def _has_priority(lost: Prospect) -> bool:
    """The owner of the lost card still sells here and the days since the loss are not over."""
    if not _sells(lost.store_id, lost.owner_id):
        return False
    moves = StatusChange.objects.filter(prospect=lost, to_status=ProspectStatus.LOST).order_by("-at")
    lost_at = moves.values_list("at", flat=True).first() or lost.updated_at
    days = int(policy("owner.protect_days", lost.store_id)["lost"])
    return periods.today() <= periods.local_date(lost_at) + dt.timedelta(days=days)
