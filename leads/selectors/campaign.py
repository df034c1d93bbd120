"""Reads of campaigns and their invited customers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from dealership.core.errors import NotFound
from dealership.core.periods import Period
from leads.models import Campaign, CampaignInvite

ORDERING = ("-starts_on", "-id")
INVITE_ORDERING = ("id",)


def campaign_list(
    *, user: Any, store_id: int | None = None, source_id: int | None = None, month: Period | None = None
) -> QuerySet[Campaign]:
    """Campaigns within reach with what a row shows; of a month are those that end in it."""
    counts = {"invited": Count("invites"), "attended": Count("invites", filter=Q(invites__attended_at__isnull=False))}
    rows: QuerySet[Campaign] = Campaign.objects.visible_to(user).select_related("store", "source").annotate(**counts)
    if store_id is not None:
        rows = rows.filter(store=store_id)
    if source_id is not None:
        rows = rows.filter(source=source_id)
    if month is not None:
        rows = rows.filter(**month.filter("ends_on", is_date=True))
    return rows


def campaign_get(*, user: Any, campaign_id: int) -> Campaign:
    """One campaign; 404 out of reach."""
    row = campaign_list(user=user).filter(pk=campaign_id).first()
    if row is None:
        raise NotFound
    return row


def invites_of(*, user: Any, campaign: Campaign) -> QuerySet[CampaignInvite]:
    """Who was invited, in the order of inviting."""
    rows = CampaignInvite.objects.visible_to(user).filter(campaign=campaign)
    return rows.select_related("customer", "owner", "invited_by")  # type: ignore[no-any-return]


def invite_get(*, user: Any, campaign: Campaign, invite_id: int) -> CampaignInvite:
    """One invitation of a campaign; 404 out of reach."""
    row = invites_of(user=user, campaign=campaign).filter(pk=invite_id).first()
    if row is None:
        raise NotFound
    return row
