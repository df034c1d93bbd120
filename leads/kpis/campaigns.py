"""KPIs over campaigns (domain.md §3.1 K6)."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from leads.models import CampaignInvite


def _invites() -> QuerySet[CampaignInvite]:
    """Invited customers, dated by the first day of their campaign."""
    return CampaignInvite.objects.annotate(held_on=F("campaign__starts_on"))


EVENT_INVITE_SHOW_RATE = Kpi(
    key="event_invite_show_rate",
    label=_("活动到场率"),
    explanation=_("登记到场的受邀客户 ÷ 受邀客户，按活动开始日计；同一活动同一客户只计一次。"),
    unit="%",
    numerator=(Measure(rows=_invites, date="held_on", is_date=True, only=Q(attended_at__isnull=False)),),
    denominator=(Measure(rows=_invites, date="held_on", is_date=True),),
)

KPIS: tuple[Kpi, ...] = (EVENT_INVITE_SHOW_RATE,)
