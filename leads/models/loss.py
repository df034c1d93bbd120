"""战败申请 and 休眠申请: asked by one person, answered by another; the calls that check them (§4.2)."""

from __future__ import annotations

import datetime as dt

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.approvals.models import Approval
from dealership.audit.models import APPEND_ONLY
from dealership.core import periods
from dealership.core.models import Versioned
from dealership.core.money import MoneyField
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from leads.choices import Grade
from leads.loss_choices import CallBackResult, LossKind, LossReason, LossState
from leads.models.customer import Customer
from leads.models.follow_up import FollowUp
from leads.models.guards import answered_guard
from leads.models.prospect import Prospect, StatusChange
from leads.querysets import LossApplicationQuerySet, LossCallBackQuerySet


@pghistory.track()
class LossApplication(Versioned):
    """One request to give a card up or to let it rest. Owner, team, store and grade are those of that moment.

    `number` counts a store's applications of one kind; it decides which losses are called back (`is_sampled`).
    `second_follow_up` is the contact that proves the second follow-up, empty for what had no refusal; `cancellation`
    the move by which the order was taken back, when the application came straight from it.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="loss_applications")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("类型", max_length=8, choices=LossKind)
    number = models.PositiveIntegerField("序号")
    grade = models.CharField("申请时级别", max_length=1, choices=Grade)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    applied_at = models.DateTimeField("申请时间")
    reason = models.CharField("原因", max_length=12, choices=LossReason)
    competitor_brand = models.CharField("成交品牌", max_length=40, blank=True)
    competitor_model = models.CharField("成交车型", max_length=60, blank=True)
    competitor_price = MoneyField("成交价", null=True, blank=True)
    competitor_dealer = models.CharField("成交商家", max_length=60, blank=True)
    explanation = models.CharField("情况说明", max_length=500)
    wake_on = models.DateField("唤醒日期", null=True, blank=True)
    woken_at = models.DateTimeField("唤醒时间", null=True, blank=True)
    second_follow_up = models.ForeignKey(
        FollowUp, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="二次追踪"
    )
    cancellation = models.ForeignKey(
        StatusChange, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="退订"
    )
    is_sampled = models.BooleanField("须回访核实", default=False)
    state = models.CharField("状态", max_length=10, choices=LossState, default=LossState.PENDING)
    due_at = models.DateTimeField("审批时限")
    approval = models.OneToOneField(Approval, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    comment = models.CharField("审批意见", max_length=300, blank=True)
    new_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = LossApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prospect"], condition=Q(state=LossState.PENDING), name="%(app_label)s_%(class)s_one_open"
            ),
            models.UniqueConstraint(fields=["store", "kind", "number"], name="%(app_label)s_%(class)s_number"),
            models.CheckConstraint(
                condition=~Q(state__in=(LossState.AGREED, LossState.REJECTED, LossState.REASSIGNED))
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("applied_by"))),
                name="%(app_label)s_%(class)s_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(kind=LossKind.DORMANCY) | Q(wake_on__isnull=False),
                name="%(app_label)s_%(class)s_wakes",
            ),
            models.CheckConstraint(
                condition=~Q(state=LossState.REASSIGNED) | Q(new_owner__isnull=False),
                name="%(app_label)s_%(class)s_has_heir",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-applied_at", "-id"], name="leads_loss_store"),
            models.Index(fields=["owner", "-applied_at", "-id"], name="leads_loss_owner"),
            models.Index(fields=["store", "due_at", "id"], condition=Q(state="pending"), name="leads_loss_waiting"),
            models.Index(
                fields=["wake_on", "id"],
                condition=Q(kind="dormancy", state="agreed", woken_at=None),
                name="leads_loss_wakes",
            ),
        ]
        triggers = [
            *closed_month_guards("applied_at", protects=("reason", "kind", "owner_id")),
            *closed_month_guards("decided_at", protects=("state",)),
            answered_guard(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}申请 {self.number}"

    @property
    def is_pending(self) -> bool:
        return self.state == LossState.PENDING

    @property
    def is_overdue(self) -> bool:
        """Unanswered past its clock."""
        return self.is_pending and periods.now() >= self.due_at

    @property
    def escalated_at(self) -> dt.datetime | None:
        """When the next level was told; the clock is that of the request."""
        return self.approval.escalated_at if self.approval else None


class LossCallBack(models.Model):
    """One attempt to hear it from the customer, by care or DCC; append-only."""

    application = models.ForeignKey(LossApplication, on_delete=models.PROTECT, related_name="call_backs")
    called_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    result = models.CharField("回访结果", max_length=12, choices=CallBackResult)
    note = models.CharField("回访记录", max_length=300, blank=True)

    objects = LossCallBackQuerySet.as_manager()

    class Meta:
        triggers = APPEND_ONLY
        indexes = [models.Index(fields=["application", "called_at", "id"], name="leads_losscallback_of")]

    def __str__(self) -> str:
        return f"{self.get_result_display()} {self.called_at:%Y-%m-%d}"
