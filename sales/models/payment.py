"""Receipts, refunds and invoices (§4.5): cleared money is never edited, only reversed."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.core.models import Versioned
from dealership.core.money import MoneyField
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from sales.choices import PaymentMethod, PaymentPurpose, PaymentStatus, RefundStatus
from sales.models.deal import Deal
from sales.querysets import DealRowQuerySet, PaymentQuerySet


@pghistory.track()
class Payment(models.Model):
    """Money in (positive) or out (refund or reversal, negative). Counted on `cleared_at`."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="payments")
    purpose = models.CharField("款项", max_length=14, choices=PaymentPurpose)
    method = models.CharField("方式", max_length=10, choices=PaymentMethod)
    amount = MoneyField("金额", signed=True)
    is_pass_through = models.BooleanField("代收", default=False)
    payer_name = models.CharField("付款人", max_length=60)
    third_party_note = models.CharField("代付授权说明", max_length=200, blank=True)
    slip_no = models.CharField("流水号", max_length=40, blank=True)
    status = models.CharField("状态", max_length=10, choices=PaymentStatus, default=PaymentStatus.PENDING)
    receipt_no = models.CharField("收据号", max_length=24, unique=True, null=True)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField("登记时间")
    cleared_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField("到账时间", null=True)
    rejected_reason = models.CharField("未到账原因", max_length=200, blank=True)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    reversal_reason = models.CharField("冲销原因", max_length=200, blank=True)
    reconciled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reconciled_at = models.DateTimeField("对账时间", null=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="%(app_label)s_%(class)s_not_zero"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(purpose=PaymentPurpose.REFUND) | Q(reverses__isnull=False),
                name="%(app_label)s_%(class)s_negative_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=PaymentStatus.CLEARED) | Q(cleared_at__isnull=False, cleared_by__isnull=False),
                name="%(app_label)s_%(class)s_cleared_complete",
            ),
            models.CheckConstraint(
                condition=Q(reconciled_by=None) | ~Q(reconciled_by=F("cleared_by")),
                name="%(app_label)s_%(class)s_two_persons",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "status", "-registered_at", "-id"], name="sales_payment_queue"),
            models.Index(fields=["store", "cleared_at"], name="sales_payment_cleared"),
            models.Index(fields=["deal"], name="sales_payment_deal"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="cleared_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status="cleared")
                & (
                    pgtrigger.Q(old__amount__df=pgtrigger.F("new__amount"))
                    | pgtrigger.Q(old__status__df=pgtrigger.F("new__status"))
                    | pgtrigger.Q(old__cleared_at__df=pgtrigger.F("new__cleared_at"))
                    | pgtrigger.Q(old__deal__df=pgtrigger.F("new__deal"))
                    | pgtrigger.Q(old__purpose__df=pgtrigger.F("new__purpose"))
                    | pgtrigger.Q(old__method__df=pgtrigger.F("new__method"))
                ),
            ),
            pgtrigger.Protect(
                name="cleared_is_kept", operation=pgtrigger.Delete, condition=pgtrigger.Q(old__status="cleared")
            ),
            *closed_month_guards("cleared_at", protects=("amount", "status", "owner_id", "deal_id")),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.amount}"


@pghistory.track()
class Refund(Versioned):
    """A refund of one receipt, to its payer only (R-PAY)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds", verbose_name="原收款")
    amount = MoneyField("退款金额")
    reason = models.CharField("退款原因", max_length=200)
    status = models.CharField("状态", max_length=10, choices=RefundStatus, default=RefundStatus.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    paid_row = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="refund_of")

    objects = DealRowQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="%(app_label)s_%(class)s_positive")]

    def __str__(self) -> str:
        return f"退款 {self.amount}"


@pghistory.track()
class Invoice(models.Model):
    """机动车销售统一发票 of a deal; a red one takes it back (R-DOC)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField("发票号码", max_length=20)
    issued_on = models.DateField("开票日期")
    vin = models.CharField("车架号", max_length=17)
    buyer_name = models.CharField("购买方", max_length=60)
    amount = MoneyField("价税合计", signed=True)
    vat_rate = models.DecimalField("税率", max_digits=5, decimal_places=4)
    is_red = models.BooleanField("红字", default=False)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DealRowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="%(app_label)s_%(class)s_number"),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(is_red=False), name="%(app_label)s_%(class)s_one_per_deal"
            ),
            models.CheckConstraint(
                condition=Q(is_red=False, amount__gt=0) | Q(is_red=True, amount__lt=0),
                name="%(app_label)s_%(class)s_sign",
            ),
        ]
        indexes = [models.Index(fields=["store", "issued_on"], name="sales_invoice_issued")]
        triggers = closed_month_guards("issued_on", is_date=True, protects=("amount", "number", "deal_id"))

    def __str__(self) -> str:
        return self.number
