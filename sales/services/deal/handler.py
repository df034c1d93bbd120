"""Orders go with the customer's card: whoever holds the card works on the order, the credit stays with the seller."""

from __future__ import annotations

from typing import Any

from dealership.audit.services import record
from leads.models import Prospect
from sales.choices import DealStatus
from sales.models import Deal


def deals_follow(*, card: Prospect, new_owner: Any, by: Any) -> None:
    """Inside the transaction that gives the card away: its unfinished orders get the new handler."""
    over = (DealStatus.DELIVERED, DealStatus.CLOSED)
    for deal in Deal.objects.live().exclude(status__in=over).filter(prospect=card).select_for_update(of=("self",)):
        deal.handler = None if new_owner.pk == deal.owner_id else new_owner
        deal.save(update_fields=["handler"])
        record(by=by, action="deal.handler", target=deal, changes={"handler": new_owner.pk})
