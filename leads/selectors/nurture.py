"""Reads of the nurture pool (培育池)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.scoping import reach_for
from leads.models import Campaign, CampaignInvite, NurtureStay
from leads.selectors.customer import primary_phone

# Each ends in the unique id and holds no nullable column (A04).
ORDERINGS: dict[str, tuple[str, ...]] = {
    "-entered_at": ("-entered_at", "-id"),
    "entered_at": ("entered_at", "id"),
    "-score": ("-score", "-id"),
}
DEFAULT_ORDERING = "-entered_at"


def nurture_list(*, user: Any) -> Any:
    """Stays within reach, past ones too: with `score` and whether the customer was invited since they came in."""
    invited = CampaignInvite.objects.filter(
        customer_id=OuterRef("prospect__customer_id"), invited_at__gte=OuterRef("entered_at")
    )
    rows = NurtureStay.objects.visible_to(user).annotate(
        score=F("evaluation__score"), is_invited=Exists(invited), phone=primary_phone("prospect__customer_id")
    )
    return rows.select_related(
        "prospect__customer", "prospect__owner", "prospect__series", "prospect__source", "evaluation", "left_by",
        "store",
    )  # fmt: skip


def nurture_get(*, user: Any, stay_id: int) -> NurtureStay:
    """One stay; 404 out of reach."""
    row = nurture_list(user=user).filter(pk=stay_id).first()
    if row is None:
        raise NotFound
    return row


def warms_up(user: Any, card: Any) -> bool:
    """Does the reader work the nurture pool this card is in? `card` comes with its evaluation."""
    reach = reach_for(user, "nurture", "prospect.nurture")
    return card.nurtured_since is not None and card.store_id in reach.store_ids


def campaigns_ahead(*, user: Any) -> QuerySet[Campaign]:
    """Campaigns that customers of the pool can still be invited to, the nearest first."""
    rows = Campaign.objects.to_invite_to(user).filter(ends_on__gte=periods.today())
    return rows.select_related("store").order_by("starts_on", "id")
