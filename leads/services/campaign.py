"""Writes of campaigns (`campaign.manage`): the campaign itself, its invitations, who came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.org.models import Store
from dealership.org.reach import require
from leads.campaign_choices import InviteAnswer
from leads.choices import OPEN_STATUSES
from leads.models import Campaign, CampaignInvite, Prospect
from leads.selectors.choices import sources_of

ACT, NURTURE = "campaign.manage", "prospect.nurture"
FACTS = ("kind", "name", "starts_on", "ends_on", "source", "cost_budget", "cost_actual", "note")
MOST_INVITED = 500


@service
def campaign_create(*, by: Any, store: Store, **facts: Any) -> Campaign:
    """A new campaign. Refused: an end before the start, a source of another group, a month that is closed."""
    require(by, ACT, store.pk)
    row = Campaign(store=store, created_by=by)
    _set(row, facts)
    row.save()
    record(by=by, action="campaign.create", target=row, changes={"name": row.name})
    return row


@service
def campaign_change(*, by: Any, campaign_id: int, version: int | None, details: Mapping[str, Any]) -> Campaign:
    """Change what is known of a campaign, the actual cost above all; refused once the month it ended in is closed."""
    row = lock(Campaign.objects.visible_to(by), campaign_id)
    require(by, ACT, row.store_id)
    changed = {name: value for name, value in details.items() if name in FACTS}
    check_version(row, version, **{name: str(getattr(row, name)) for name in changed})
    _set(row, changed)
    row.touch()
    row.save()
    record(by=by, action="campaign.change", target=row, changes={"fields": sorted(changed)})
    return row


def _set(row: Campaign, facts: Mapping[str, Any]) -> None:
    for name in FACTS:
        if name in facts:
            value = facts[name]
            setattr(row, name, clean_text(value) if isinstance(value, str) else value)
    if not row.name:
        raise DomainError("no_name", "请填写活动名称。", {"name": ["请填写活动名称。"]})
    if row.ends_on < row.starts_on:
        text = "结束日期不能早于开始日期。"
        raise DomainError("ends_before_start", text, {"ends_on": [text]})
    if row.source_id is not None and not sources_of(row.store).filter(pk=row.source_id).exists():
        text = "来源无效，请重新选择。"
        raise DomainError("bad_source", text, {"source": [text]})


@service
def campaign_invite(*, by: Any, campaign_id: int, grades: Collection[str], owner: Any = None) -> int:
    """Invite the open cards of these grades (of one consultant, when given); answers how many were new.

    Cards out of the person's reach are not invited, and nobody twice.
    """
    row = lock(Campaign.objects.visible_to(by), campaign_id)
    require(by, ACT, row.store_id)
    cards = Prospect.objects.visible_to(by).filter(grade__in=list(grades))
    return _invite(row, cards if owner is None else cards.filter(owner=owner), by)


@service
def campaign_invite_cards(*, by: Any, campaign_id: int, prospect_ids: Collection[int]) -> int:
    """Invite ticked cards (of the nurture pool); answers how many were new. The same limits as inviting by grade."""
    if not prospect_ids:
        raise DomainError("nothing_chosen", "请先勾选要邀请的客户。")
    row = lock(Campaign.objects.to_invite_to(by), campaign_id)
    require(by, NURTURE, row.store_id)
    cards = Prospect.objects.visible_to(by) | Prospect.objects.nurtured_by(by)
    return _invite(row, cards.filter(pk__in=list(prospect_ids)), by)


def _invite(row: Campaign, cards: QuerySet[Prospect], by: Any) -> int:
    """Open cards of the campaign's store, each customer once, nobody who asked not to be contacted. Campaign locked."""
    if row.ends_on < periods.today():
        text = "活动已经结束，不能再邀请客户。"
        raise DomainError("campaign_over", text, {"grades": [text]})
    cards = cards.filter(store_id=row.store_id, status__in=OPEN_STATUSES).exclude(customer__no_contact=True)
    known = CampaignInvite.objects.filter(campaign=row).values("customer_id")
    found = list(cards.exclude(customer_id__in=known).order_by("pk")[: MOST_INVITED + 1])
    if len(found) > MOST_INVITED:
        text = f"一次最多邀请 {MOST_INVITED} 位，请按级别或顾问分批邀请。"
        raise DomainError("too_many", text, {"grades": [text]})
    moment = periods.now()
    CampaignInvite.objects.bulk_create(
        CampaignInvite(
            campaign=row, store_id=row.store_id, team_id=card.team_id, owner_id=card.owner_id,
            customer_id=card.customer_id, prospect=card, invited_by=by, invited_at=moment,
        )
        for card in found
    )  # fmt: skip
    record(by=by, action="campaign.invite", target=row, changes={"invited": len(found)})
    return len(found)


@service
def invite_mark(*, by: Any, campaign_id: int, invite_id: int, answer: str = "", attended: bool | None = None) -> Any:
    """Note the answer, or tick (and untick) who came; nobody comes before the campaign has begun."""
    invite = lock(CampaignInvite.objects.visible_to(by).filter(campaign_id=campaign_id), invite_id)
    require(by, ACT, invite.store_id)
    if answer:
        if answer not in InviteAnswer.values:
            raise DomainError("bad_answer", "答复无效，请重新选择。")
        invite.answer = answer
    if attended is not None:
        if attended and invite.campaign.starts_on > periods.today():
            raise DomainError("not_begun", "活动还没有开始，不能登记到场。")
        invite.attended_at = (invite.attended_at or periods.now()) if attended else None
    invite.save()
    record(by=by, action="campaign.mark", target=invite, changes={"answer": invite.answer, "attended": attended})
    return invite
