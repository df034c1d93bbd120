"""Reads of campaigns and their invited customers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.periods import Period
from dealership.org.policy import policy
from leads.choices import ProspectStatus
from leads.models import Campaign, CampaignInvite, Prospect, StatusChange

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


@dataclass(frozen=True)
class Effect:
    """What a campaign brought: `cards` and `orders` are customers, `days` how long after its end an order counts."""

    cards: int
    orders: int
    days: int


def campaign_effect(*, user: Any, campaign: Campaign) -> Effect:
    """New cards and orders of a campaign, in one statement, within the reader's reach.

    Cards are those opened during its days from the source it feeds (first touch). Orders are customers who came to an
    order from its first day until `campaign.effect_days` after its last: of these cards, and of the guests who came.
    """
    days = int(policy("campaign.effect_days", campaign.store_id, campaign.ends_on))
    first, last = periods.at(campaign.starts_on), periods.end_of_day(campaign.ends_on)
    new = Q(source=campaign.source_id, source__isnull=False, card_created_at__gte=first, card_created_at__lt=last)
    came = CampaignInvite.objects.filter(campaign=campaign, attended_at__isnull=False, prospect__isnull=False)
    ordered = StatusChange.objects.filter(
        prospect=OuterRef("pk"), to_status=ProspectStatus.ORDERED,
        at__gte=first, at__lt=last + dt.timedelta(days=days),
    )  # fmt: skip
    rows = Prospect.objects.visible_to(user).filter(store=campaign.store_id)
    rows = rows.filter(new | Q(pk__in=came.values("prospect"))).annotate(has_ordered=Exists(ordered))
    found = rows.aggregate(cards=Count("pk", filter=new), orders=Count("pk", filter=Q(has_ordered=True)))
    return Effect(found["cards"], found["orders"], days)
