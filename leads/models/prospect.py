"""意向客户管理卡: one opportunity of one customer, its grade and status, and their histories."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from dealership.audit.models import APPEND_ONLY
from dealership.core.models import Versioned
from dealership.core.money import MoneyField
from dealership.org.closing import closed_month_guards
from dealership.org.models import LeadSource, Series, Store, Team
from leads.card_choices import CarUse, PaymentWish
from leads.choices import (
    LIVE_STATUSES,
    NEVER,
    OPEN_STATUSES,
    CardChannel,
    Grade,
    ProspectStatus,
    PurchaseKind,
    QuotaStatus,
)
from leads.models.customer import Customer
from leads.models.guards import two_person_guard
from leads.querysets import ProspectQuerySet, ProspectRowQuerySet


@pghistory.track()
class Prospect(Versioned):
    """Grade matters while ACTIVE; `next_follow_up_at` is mandatory then (R-FU-1)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="prospects")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="prospects")
    grade = models.CharField("级别", max_length=1, choices=Grade, default=Grade.N)
    grade_since = models.DateTimeField()
    status = models.CharField("状态", max_length=16, choices=ProspectStatus, default=ProspectStatus.ACTIVE)
    card_created_at = models.DateTimeField("建卡时间")
    card_channel = models.CharField("建卡方式", max_length=10, choices=CardChannel, default=CardChannel.SHOWROOM)
    source = models.ForeignKey(LeadSource, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="意向车型"
    )
    next_follow_up_at = models.DateTimeField("下次跟进时间", null=True, blank=True)
    last_contact_at = models.DateTimeField("最近联系", null=True, blank=True)
    budget_min = MoneyField("预算下限", null=True, blank=True)
    budget_max = MoneyField("预算上限", null=True, blank=True)
    purchase_kind = models.CharField("购车性质", max_length=10, choices=PurchaseKind, blank=True)
    car_use = models.CharField("用途", max_length=10, choices=CarUse, blank=True, default="", db_default="")
    payment_wish = models.CharField(
        "付款方式", max_length=10, choices=PaymentWish, blank=True, default="", db_default=""
    )
    licence_quota_status = models.CharField("购车指标", max_length=10, choices=QuotaStatus, blank=True)
    current_car = models.CharField("现有车辆", max_length=60, blank=True)
    competitor = models.CharField("对比竞品", max_length=60, blank=True)
    decision_maker = models.CharField("决策人", max_length=40, blank=True)
    key_concern = models.CharField("关注重点", max_length=200, blank=True)
    referred_by = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="reactivations")

    objects = ProspectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(status__in=LIVE_STATUSES), name="%(app_label)s_%(class)s_one_live"
            ),
            models.CheckConstraint(
                condition=~Q(status=ProspectStatus.ACTIVE) | Q(next_follow_up_at__isnull=False),
                name="%(app_label)s_%(class)s_has_next_step",
            ),
            models.CheckConstraint(
                condition=Q(budget_min=None) | Q(budget_max=None) | Q(budget_max__gte=models.F("budget_min")),
                name="%(app_label)s_%(class)s_budget_order",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "status", "next_follow_up_at", "id"], name="leads_prospect_due"),
            models.Index(fields=["owner", "status", "next_follow_up_at", "id"], name="leads_prospect_owner_due"),
            # The list of a whole group, which no store or person narrows: read in order, not sorted.
            models.Index(
                Coalesce("next_follow_up_at", Value(NEVER)),
                "id",
                condition=Q(status__in=LIVE_STATUSES),
                name="leads_prospect_live_due",
            ),
            models.Index(fields=["store", "grade"], condition=Q(status__in=OPEN_STATUSES), name="leads_prospect_grade"),
            models.Index(fields=["store", "-card_created_at", "-id"], name="leads_prospect_cards"),
        ]
        triggers = [*closed_month_guards("card_created_at", protects=("card_channel",)), two_person_guard()]

    def __str__(self) -> str:
        return f"{self.customer} {self.grade}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class _ProspectHistory(models.Model):
    """Append-only rows with the owner, team and store as they were then."""

    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="%(class)ss")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    objects = ProspectRowQuerySet.as_manager()

    class Meta:
        abstract = True


class GradeChange(_ProspectHistory):
    """原有 → 现在."""

    from_grade = models.CharField(max_length=1, blank=True)
    to_grade = models.CharField(max_length=1, choices=Grade)

    class Meta:
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]
        indexes = [
            models.Index(fields=["prospect", "-at"], name="leads_gradechange_prospect"),
            models.Index(fields=["store", "at"], name="leads_gradechange_store"),
        ]

    def __str__(self) -> str:
        return f"{self.from_grade or '—'}→{self.to_grade}"


class StatusChange(_ProspectHistory):
    """Every move of the state machine, creation included (from is empty): the month identity is counted here."""

    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16, choices=ProspectStatus)

    class Meta:
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]
        indexes = [
            models.Index(fields=["prospect", "-at"], name="leads_statuschange_prospect"),
            models.Index(fields=["store", "at"], name="leads_statuschange_store"),
        ]

    def __str__(self) -> str:
        return f"{self.from_status or '—'}→{self.to_status}"


class OwnerChange(_ProspectHistory):
    """A card given to somebody else; `owner`/`team` are the new ones."""

    from_owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]
        indexes = [models.Index(fields=["store", "at"], name="leads_ownerchange_store")]

    def __str__(self) -> str:
        return f"{self.from_owner_id}→{self.owner_id}"
