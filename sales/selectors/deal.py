"""Reads of deals."""

from __future__ import annotations

from django.db.models import QuerySet

from dealership.accounts.models import User
from sales.models import Deal


def deal_list(*, user: User) -> QuerySet[Deal]:
    """Deals within reach with what a list row shows."""
    rows = Deal.objects.visible_to(user)
    return rows.select_related("customer", "owner", "store", "configuration__series", "colour", "vehicle")


def deal_one(*, user: User, deal_id: int) -> Deal | None:
    """One deal within reach with what its page shows."""
    rows = deal_list(user=user).select_related(
        "prospect", "price_entry", "created_by", "delivery_exception_by", "vehicle__colour", "vehicle__locked_by"
    )
    return rows.filter(pk=deal_id).first()
