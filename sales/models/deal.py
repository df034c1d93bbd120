"""订单: the car, its lines, its price and its way through the states (§4.3)."""

from __future__ import annotations

from typing import Any

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from dealership.audit.models import APPEND_ONLY
from dealership.core.crypto import EncryptedTextField
from dealership.core.models import Versioned
from dealership.core.money import ZERO, MoneyField
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from leads.models import Customer, Prospect
from sales.choices import ENDED_DEALS, CancelReason, DealStatus, DepositKind, LineKind, PaymentMode, status_label
from sales.models.catalogue import Colour, Configuration, PriceEntry
from sales.models.vehicle import Vehicle
from sales.querysets import DealQuerySet, DealRowQuerySet

_PRICED = ("owner_id", "deal_price", "msrp")


@pghistory.track(exclude=["buyer_id_number"])
class Deal(Versioned):
    """Stamps are facts of the month they fall in: each is guarded by its own trigger.

    contract_amount = deal_price + charged lines that are the store's own; pass-through money is apart.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deals")
    # Who works on it since the seller gave the customer away; the credit stays with `owner`.
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    number = models.CharField("订单号", max_length=24, unique=True, null=True)
    status = models.CharField("状态", max_length=16, choices=DealStatus, default=DealStatus.DRAFT)
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="deals")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="deals")
    configuration = models.ForeignKey(Configuration, on_delete=models.PROTECT, related_name="+", verbose_name="车型")
    colour = models.ForeignKey(
        Colour, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="颜色"
    )
    price_entry = models.ForeignKey(PriceEntry, on_delete=models.PROTECT, related_name="+")
    vehicle = models.ForeignKey(Vehicle, null=True, on_delete=models.PROTECT, related_name="deals", verbose_name="车辆")
    msrp = MoneyField("指导价")
    deal_price = MoneyField("成交价")
    contract_amount = MoneyField("合同金额")
    pass_through_amount = MoneyField("代收金额", default=ZERO)
    concession = MoneyField("总优惠", signed=True)
    deposit_kind = models.CharField("定金/订金", max_length=10, choices=DepositKind)
    deposit_amount = MoneyField("定金金额")
    payment_mode = models.CharField("付款方式", max_length=6, choices=PaymentMode, default=PaymentMode.FULL)
    loan_amount = MoneyField("贷款金额", default=ZERO)
    loan_approved_at = models.DateTimeField("贷款批复", null=True, blank=True)
    promised_on = models.DateField("承诺交车日", null=True, blank=True)
    first_promised_on = models.DateField("首次承诺交车日", null=True, blank=True)
    buyer_name = models.CharField("购车人", max_length=60)
    buyer_id_number = EncryptedTextField("证件号码", blank=True)
    approved_until = models.DateField("特价有效期", null=True, blank=True)
    approved_concession = MoneyField("已批优惠", null=True, blank=True, signed=True)
    approved_level = models.PositiveSmallIntegerField("已批级别", null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField("下订时间", null=True)
    allocated_at = models.DateTimeField("配车时间", null=True)
    paid_at = models.DateTimeField("款清时间", null=True)
    invoiced_on = models.DateField("开票日期", null=True)
    invoice_price = MoneyField("开票价", null=True)
    invoiced_cost = MoneyField("开票时提货价", null=True)
    invoiced_rebate = MoneyField("开票时返利", null=True)
    pdi_passed_at = models.DateTimeField("PDI完成", null=True)
    delivered_at = models.DateTimeField("交车时间", null=True)
    delivery_exception_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    delivery_exception = models.CharField("例外交车说明", max_length=200, blank=True)
    # Set once each: was every paper there at the hand-over, and when was the first put right after it.
    handed_complete = models.BooleanField("交车时资料齐全", null=True)
    corrected_at = models.DateTimeField("交车后首次更正", null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_from_status = models.CharField(max_length=16, blank=True)
    cancelled_at = models.DateTimeField("退订时间", null=True)
    cancel_reason = models.CharField("退订原因", max_length=14, choices=CancelReason, blank=True)
    cancel_note = models.CharField("退订说明", max_length=200, blank=True)
    is_seller_caused = models.BooleanField("我方原因", default=False)
    grade_before = models.CharField(max_length=1, blank=True)

    objects = DealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle"],
                condition=~Q(status__in=ENDED_DEALS),
                name="%(app_label)s_%(class)s_one_live_per_vin",
            ),
            models.UniqueConstraint(
                fields=["prospect"],
                condition=~Q(status__in=ENDED_DEALS),
                name="%(app_label)s_%(class)s_one_live_per_prospect",
            ),
            models.CheckConstraint(
                condition=Q(loan_amount__lte=F("contract_amount")), name="%(app_label)s_%(class)s_loan_fits"
            ),
        ]
        indexes = [
            models.Index(fields=["store", "status", "-id"], name="sales_deal_store_status"),
            models.Index(fields=["owner", "status", "-id"], name="sales_deal_owner_status"),
            models.Index(fields=["store", "ordered_at"], name="sales_deal_ordered"),
            models.Index(fields=["store", "invoiced_on"], name="sales_deal_invoiced"),
            models.Index(fields=["store", "delivered_at"], name="sales_deal_delivered"),
            GinIndex(fields=["number"], opclasses=["gin_trgm_ops"], name="sales_deal_number_trgm"),
        ]
        triggers = [
            *closed_month_guards("ordered_at", protects=("owner_id",)),
            *closed_month_guards(
                "invoiced_on", is_date=True, protects=(*_PRICED, "invoice_price", "invoiced_cost", "invoiced_rebate")
            ),
            *closed_month_guards("delivered_at", protects=("owner_id",)),
            *closed_month_guards("cancelled_at"),
        ]

    def is_worked_by(self, user: Any) -> bool:
        """The seller, who took it over, or who wrote it."""
        return user.pk in (self.owner_id, self.handler_id, self.created_by_id)

    def __str__(self) -> str:
        return self.number or f"草稿{self.pk}"

    def get_status_display(self) -> str:  # type: ignore[no-redef]
        """The state in words; before the deposit with the word that was chosen (R-PAY: 定金 is not 订金)."""
        return status_label(self.status, self.deposit_kind)


@pghistory.track()
class DealLine(models.Model):
    """One position beside the car. A gift is charged 0 and counts as discount at cost (R-DISC)."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField("项目", max_length=14, choices=LineKind)
    name = models.CharField("名称", max_length=60)
    price = MoneyField("收费", default=ZERO)
    list_price = MoneyField("标价", default=ZERO)
    cost = MoneyField("成本", default=ZERO)
    is_pass_through = models.BooleanField("代收", default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=LineKind.GIFT) | Q(price=0), name="%(app_label)s_%(class)s_gift_is_free"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class DealStateChange(models.Model):
    """Append-only log of the state machine."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="state_changes")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16, choices=DealStatus)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    objects = DealRowQuerySet.as_manager()

    class Meta:
        triggers = APPEND_ONLY
        indexes = [models.Index(fields=["deal", "-at"], name="sales_dealstatechange_deal")]

    def __str__(self) -> str:
        return f"{self.from_status or '—'}→{self.to_status}"

    def get_to_status_display(self) -> str:  # type: ignore[no-redef]
        """As on the deal; load `deal` with the row."""
        return status_label(self.to_status, self.deal.deposit_kind)


class PromiseChange(models.Model):
    """Append-only: a promised delivery day moved after the order was submitted, and why."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="promise_changes")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    before = models.DateField("原承诺日", null=True)
    after = models.DateField("新承诺日")
    reason = models.CharField("原因", max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = DealRowQuerySet.as_manager()

    class Meta:
        triggers = APPEND_ONLY
        indexes = [models.Index(fields=["deal", "-at"], name="sales_promisechange_deal")]

    def __str__(self) -> str:
        return f"{self.before or '—'}→{self.after}"
