"""日结: what the cashier counted of a day against what the receipts say, confirmed by the accountant (R-PAY)."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.audit.models import APPEND_ONLY
from dealership.core.models import Versioned
from dealership.core.money import MoneyField
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store
from sales.choices import DayCloseState, PaymentMethod
from sales.querysets import DayCloseQuerySet


class DayClose(Versioned):
    """One count of a store's day. It is never edited: a new count is the next revision, also after confirming."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    day = models.DateField("日期")
    revision = models.PositiveSmallIntegerField("版本")
    state = models.CharField("状态", max_length=10, choices=DayCloseState, default=DayCloseState.SUBMITTED)
    note = models.CharField("说明", max_length=200, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField("提交时间")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)
    answer = models.CharField("退回原因", max_length=200, blank=True)

    objects = DayCloseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "day", "revision"], name="%(app_label)s_%(class)s_revision"),
            models.UniqueConstraint(
                fields=["store", "day"],
                condition=Q(state=DayCloseState.SUBMITTED),
                name="%(app_label)s_%(class)s_one_waits",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("submitted_by")),
                name="%(app_label)s_%(class)s_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["store", "-day", "-revision"], name="sales_dayclose_newest")]
        triggers = [
            pgtrigger.Protect(
                name="answered_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["confirmed", "returned", "replaced"]),
            ),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            *closed_month_guards("day", is_date=True, protects=("state",)),
        ]

    def __str__(self) -> str:
        return f"{self.day} 第{self.revision}版"


class DayCloseLine(models.Model):
    """One way of payment: cleared money of the day by the receipts, and the amount on the till, POS slip or bank."""

    close = models.ForeignKey(DayClose, on_delete=models.PROTECT, related_name="lines")
    method = models.CharField("方式", max_length=10, choices=PaymentMethod)
    booked = MoneyField("系统到账", signed=True)
    counted = MoneyField("实际金额", signed=True)
    reason = models.CharField("差异原因", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["close", "method"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(
                condition=Q(booked=F("counted")) | ~Q(reason=""), name="%(app_label)s_%(class)s_explained"
            ),
        ]
        ordering = ["id"]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.counted}"

    @property
    def difference(self) -> Decimal:
        """What was counted more (or, negative, less) than booked."""
        return self.counted - self.booked
