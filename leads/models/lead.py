"""线索: raw leads before they become a card, their turns with people, attempts to reach them, and their history."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from dealership.audit.models import APPEND_ONLY
from dealership.core.masking import mask_phone
from dealership.core.models import Versioned
from dealership.org.closing import closed_month_guards
from dealership.org.models import LeadSource, Series, Store, Team
from leads.choices import (
    HELD_STATES,
    OPEN_LEAD_STATES,
    POOL_STATES,
    AssignedHow,
    AttemptOutcome,
    ContactChannel,
    LeadEvent,
    LeadInvalidReason,
    LeadState,
)
from leads.models.customer import Customer
from leads.models.prospect import Prospect
from leads.querysets import LeadQuerySet, LeadRowQuerySet

WORKED_STATES = (*HELD_STATES, LeadState.CARDED, LeadState.INVALID)


@pghistory.track()
class Lead(Versioned):
    """`assigned_at` and the clocks are those of the present turn; `first_assigned_at` is what `leads_total` counts."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    source = models.ForeignKey(LeadSource, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField("来源编号", max_length=60, blank=True)
    name = models.CharField("姓名", max_length=40, blank=True)
    phone = models.CharField("手机号", max_length=20)
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="意向车型"
    )
    note = models.CharField("备注", max_length=500, blank=True)
    received_at = models.DateTimeField("收到时间")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    is_elsewhere = models.BooleanField("集团其他门店已有档案", default=False)
    state = models.CharField("状态", max_length=16, choices=LeadState, default=LeadState.NEW)
    first_assigned_at = models.DateTimeField("首次分配", null=True, blank=True)
    assigned_at = models.DateTimeField("分配时间", null=True, blank=True)
    sla_due_at = models.DateTimeField("首次响应期限", null=True, blank=True)
    recycle_due_at = models.DateTimeField("回收时间", null=True, blank=True)
    # The open stretches of the clock up to `recycle_due_at`: lists count minutes without asking the calendar.
    clock_spans = models.JSONField(default=list, blank=True, editable=False)
    first_contact_at = models.DateTimeField("首次联系", null=True, blank=True)
    processed_at = models.DateTimeField("处理时间", null=True, blank=True)
    invalid_reason = models.CharField("非意向原因", max_length=16, choices=LeadInvalidReason, blank=True)
    invalid_note = models.CharField("说明", max_length=200, blank=True)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    prospect = models.ForeignKey(Prospect, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    recycled_count = models.PositiveSmallIntegerField("回收次数", default=0)
    previous_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "phone"],
                condition=Q(state__in=OPEN_LEAD_STATES),
                name="%(app_label)s_%(class)s_one_open",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="%(app_label)s_%(class)s_external"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=POOL_STATES) | Q(owner=None), name="%(app_label)s_%(class)s_pool_is_nobodys"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=WORKED_STATES) | Q(owner__isnull=False, sla_due_at__isnull=False),
                name="%(app_label)s_%(class)s_worked_has_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state=LeadState.CARDED) | Q(prospect__isnull=False),
                name="%(app_label)s_%(class)s_carded_has_card",
            ),
            models.CheckConstraint(
                condition=Q(state=LeadState.INVALID) ^ Q(invalid_reason=""),
                name="%(app_label)s_%(class)s_invalid_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_LEAD_STATES) ^ Q(processed_at__isnull=False),
                name="%(app_label)s_%(class)s_processed_once",
            ),
            models.CheckConstraint(
                condition=Q(external_id="") | Q(source__isnull=False),
                name="%(app_label)s_%(class)s_external_has_source",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-received_at", "-id"], name="leads_lead_store"),
            models.Index(fields=["owner", "state", "-received_at"], name="leads_lead_owner"),
            models.Index(fields=["store", "received_at"], condition=Q(state__in=POOL_STATES), name="leads_lead_pool"),
            models.Index(
                fields=["recycle_due_at"],
                condition=Q(state=LeadState.ASSIGNED, first_contact_at=None),
                name="leads_lead_waiting",
            ),
            models.Index(fields=["store", "first_assigned_at"], name="leads_lead_assigned"),
            models.Index(fields=["store", "processed_at"], name="leads_lead_processed"),
            models.Index(fields=["customer"], condition=Q(customer__isnull=False), name="leads_lead_customer"),
            models.Index(fields=["store", "phone"], name="leads_lead_phone"),
            GinIndex(fields=["phone"], opclasses=["gin_trgm_ops"], name="leads_lead_phone_trgm"),
        ]
        triggers = [
            *closed_month_guards("first_assigned_at"),
            *closed_month_guards("processed_at", protects=("state", "owner_id")),
        ]

    def __str__(self) -> str:
        return f"{self.display_name} {mask_phone(self.phone)}"

    @property
    def display_name(self) -> str:
        return self.name or "未留姓名"

    @property
    def is_waiting(self) -> bool:
        """The first-response clock runs."""
        return self.state == LeadState.ASSIGNED and self.first_contact_at is None

    @property
    def is_in_pool(self) -> bool:
        return self.state in POOL_STATES


class _LeadRow(models.Model):
    """Rows of a lead with the owner, team and store as they were then."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="%(class)ss")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = LeadRowQuerySet.as_manager()

    class Meta:
        abstract = True


class LeadChange(_LeadRow):
    """Every move of the state machine, the taking in included (from is empty). `by` empty is the system."""

    event = models.CharField(max_length=16, choices=LeadEvent)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, choices=LeadState)
    from_owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]
        indexes = [
            models.Index(fields=["lead", "-at"], name="leads_leadchange_lead"),
            models.Index(fields=["store", "at"], name="leads_leadchange_store"),
        ]

    def __str__(self) -> str:
        return f"{self.from_state or '—'}→{self.to_state}"


class LeadAttempt(_LeadRow):
    """One try to reach the person; three on two days make 多次无人接听."""

    at = models.DateTimeField("时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField("方式", max_length=10, choices=ContactChannel)
    outcome = models.CharField("结果", max_length=12, choices=AttemptOutcome)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]
        indexes = [
            models.Index(fields=["lead", "-at"], name="leads_leadattempt_lead"),
            models.Index(fields=["store", "at"], name="leads_leadattempt_store"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.at:%Y-%m-%d}"


@pghistory.track()
class LeadAssignment(_LeadRow):
    """One turn of one person with a lead: what `lead_first_response_rate` counts by `assigned_at`."""

    how = models.CharField("方式", max_length=10, choices=AssignedHow)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField("分配时间")
    sla_due_at = models.DateTimeField("首次响应期限")
    first_contact_at = models.DateTimeField("首次联系", null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by_event = models.CharField(max_length=16, choices=LeadEvent, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(ended_at=None), name="%(app_label)s_%(class)s_one_turn"
            ),
            models.CheckConstraint(condition=Q(owner__isnull=False), name="%(app_label)s_%(class)s_has_owner"),
        ]
        indexes = [
            models.Index(fields=["store", "assigned_at"], name="leads_leadassignment_store"),
            models.Index(fields=["owner", "assigned_at"], name="leads_leadassignment_owner"),
        ]
        triggers = closed_month_guards("assigned_at", protects=("owner_id",))

    def __str__(self) -> str:
        return f"{self.owner_id} {self.get_how_display()}"


class LeadDesk(models.Model):
    """The state of a store's round robin, locked while leads are given out. `credits`: person → what they are owed."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="+")
    credits = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.store_id)


@pghistory.track()
class LeadAssignee(models.Model):
    """How a person takes part in the store's assignment; without a row the policies say it."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    weight = models.PositiveSmallIntegerField("权重", null=True, blank=True, validators=[MaxValueValidator(10)])
    cap = models.PositiveSmallIntegerField("未处理上限", null=True, blank=True, validators=[MaxValueValidator(500)])
    is_opted_out = models.BooleanField("暂停接收", default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "user"], name="%(app_label)s_%(class)s_once")]

    def __str__(self) -> str:
        return f"{self.user_id} ×{self.weight}"
