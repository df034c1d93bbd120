"""活动: what a store spends on a source, whom it invites, and who came."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.core.models import Versioned
from dealership.core.money import MoneyField
from dealership.org.closing import closed_month_guards
from dealership.org.models import LeadSource, Store, Team
from leads.campaign_choices import CampaignKind, InviteAnswer
from leads.models.customer import Customer
from leads.models.prospect import Prospect
from leads.querysets import CampaignInviteQuerySet, CampaignQuerySet


@pghistory.track()
class Campaign(Versioned):
    """Its cost counts in the month in which it ends; an unknown cost stays empty, never 0."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("类型", max_length=12, choices=CampaignKind)
    name = models.CharField("活动名称", max_length=60)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    source = models.ForeignKey(
        LeadSource, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="带来的来源"
    )
    cost_budget = MoneyField("预算费用", null=True, blank=True)
    cost_actual = MoneyField("实际费用", null=True, blank=True)
    note = models.CharField("备注", max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="%(app_label)s_%(class)s_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-starts_on", "-id"], name="leads_campaign_store"),
            models.Index(fields=["store", "ends_on"], name="leads_campaign_ends"),
        ]
        triggers = closed_month_guards("ends_on", is_date=True, protects=("cost_actual", "source_id", "starts_on"))

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class CampaignInvite(models.Model):
    """One invited customer; owner and team are those of the card at that moment."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="invites")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="campaign_invites")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.PROTECT, related_name="campaign_invites")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField("邀请时间")
    answer = models.CharField("答复", max_length=8, choices=InviteAnswer, default=InviteAnswer.WAITING)
    attended_at = models.DateTimeField("到场时间", null=True, blank=True)

    objects = CampaignInviteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="%(app_label)s_%(class)s_once"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.customer_id}"
