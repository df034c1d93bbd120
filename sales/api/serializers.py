"""Shapes of the sales resources. Every field is named; cost needs the right; identity numbers are masked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from dealership.core.api import VersionField
from dealership.core.masking import mask_id
from dealership.core.money import MAX_MONEY
from dealership.core.text import has_control_characters
from dealership.org.reach import sees_profit
from sales.choices import (
    CancelReason,
    CertificateStatus,
    DepositKind,
    LineKind,
    PaymentMethod,
    PaymentMode,
    PaymentPurpose,
    VehicleStatus,
    VehicleUsage,
)
from sales.models import Deal, DealLine, Payment, Vehicle

NO_DECIMAL = '金额不正确，请填写数字，例如 "168000.00"。'


class Money(serializers.DecimalField):
    """CNY as a string with two decimals."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", Decimal(0))
        super().__init__(max_digits=14, decimal_places=2, max_value=MAX_MONEY, **kwargs)
        self.error_messages["invalid"] = NO_DECIMAL


class Words(serializers.CharField):
    """Text without invisible characters."""

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("required", True):
            kwargs.setdefault("allow_blank", True)
            kwargs.setdefault("default", "")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if has_control_characters(text):
            raise serializers.ValidationError("内容里有不可见的控制字符，请删除后重新提交。")
        return text


class ProfitMixin:
    """Drops the fields of `profit_fields` for readers who may not see cost (product.md §3)."""

    profit_fields: tuple[str, ...] = ()

    def to_representation(self, row: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(row)  # type: ignore[misc]
        user = self.context["request"].user  # type: ignore[attr-defined]
        if not sees_profit(user, row.store_id):
            for name in self.profit_fields:
                shown.pop(name, None)
        return shown


class VehicleOut(ProfitMixin, serializers.ModelSerializer[Vehicle]):
    """A car; `dealer_cost` and `rebate` only for readers who see profit."""

    profit_fields = ("dealer_cost", "rebate")
    configuration_name = serializers.CharField(source="configuration.__str__", read_only=True)
    colour_name = serializers.CharField(source="colour.name", read_only=True)
    stock_days = serializers.SerializerMethodField()
    age_band = serializers.SerializerMethodField()

    class Meta:
        model = Vehicle
        fields = [
            "id", "version", "store", "vin", "engine_no", "configuration", "configuration_name", "colour",
            "colour_name", "interior", "status", "usage", "produced_on", "arrived_on", "stocked_out_on",
            "certificate_status", "location", "key_count", "damage_note", "locked_by", "locked_until", "stock_days",
            "age_band", "dealer_cost", "rebate",
        ]  # fmt: skip

    def get_stock_days(self, row: Vehicle) -> int | None:
        return getattr(row, "age_days", None)

    def get_age_band(self, row: Vehicle) -> str:
        return getattr(row, "age_tone", "")


class VehicleIn(serializers.Serializer[Any]):
    """A car that is new to stock."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    vin = Words(max_length=24)
    configuration = serializers.IntegerField()
    colour = serializers.IntegerField()
    status = serializers.ChoiceField(
        choices=[VehicleStatus.ON_ORDER, VehicleStatus.IN_TRANSIT, VehicleStatus.IN_STOCK],
        default=VehicleStatus.IN_TRANSIT,
    )
    arrived_on = serializers.DateField(required=False, allow_null=True, default=None)
    dealer_cost = Money()
    rebate = Money(required=False, default=Decimal(0))
    certificate_status = serializers.ChoiceField(
        choices=CertificateStatus.choices, default=CertificateStatus.IN_TRANSIT
    )
    usage = serializers.ChoiceField(choices=VehicleUsage.choices, default=VehicleUsage.STOCK)
    location = Words(max_length=20, required=False)
    engine_no = Words(max_length=20, required=False)
    interior = Words(max_length=20, required=False)
    produced_on = serializers.DateField(required=False, allow_null=True, default=None)
    key_count = serializers.IntegerField(min_value=0, max_value=9, default=2)


class VehicleChange(serializers.Serializer[Any]):
    """Facts that may change, with the version they were read at; anything else is ignored."""

    version = VersionField()
    engine_no = Words(max_length=20)
    interior = Words(max_length=20)
    usage = serializers.ChoiceField(choices=VehicleUsage.choices)
    produced_on = serializers.DateField(allow_null=True)
    dealer_cost = Money()
    rebate = Money()
    certificate_status = serializers.ChoiceField(choices=CertificateStatus.choices)
    location = Words(max_length=20, allow_blank=True)
    key_count = serializers.IntegerField(min_value=0, max_value=9)


class ArriveIn(serializers.Serializer[Any]):
    arrived_on = serializers.DateField(required=False, allow_null=True, default=None)
    location = Words(max_length=20, required=False)


class DamageIn(serializers.Serializer[Any]):
    note = Words(max_length=200)


class LineOut(serializers.ModelSerializer[DealLine]):
    class Meta:
        model = DealLine
        fields = ["kind", "name", "price", "list_price", "cost", "is_pass_through"]


class LineIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LineKind.choices)
    name = Words(max_length=60, required=False)
    price = Money(required=False, default=Decimal(0))
    list_price = Money(required=False, default=Decimal(0))
    cost = Money(required=False, default=Decimal(0))
    is_pass_through = serializers.BooleanField(required=False, default=False)


class PaymentOut(serializers.ModelSerializer[Payment]):
    """A receipt; `amount` is negative for reversals and refunds."""

    deal_number = serializers.CharField(source="deal.number", allow_null=True, read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id", "store", "owner", "deal", "deal_number", "purpose", "method", "amount", "is_pass_through",
            "payer_name", "third_party_note", "slip_no", "status", "receipt_no", "registered_by", "registered_at",
            "cleared_by", "cleared_at", "rejected_reason", "reverses", "reversal_reason", "reconciled_by",
            "reconciled_at",
        ]  # fmt: skip


class PaymentIn(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=[c for c in PaymentPurpose.choices if c[0] != PaymentPurpose.REFUND])
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    amount = Money()
    payer_name = Words(max_length=60, required=False)
    slip_no = Words(max_length=40, required=False)
    third_party_note = Words(max_length=200, required=False)


class DealOut(ProfitMixin, serializers.ModelSerializer[Deal]):
    """A deal as a list shows it; the identity number is masked, cost is for readers who see profit."""

    profit_fields = ("invoiced_cost", "invoiced_rebate")
    customer_name = serializers.CharField(source="customer.name", read_only=True)
    config = serializers.IntegerField(source="configuration_id", read_only=True)
    config_name = serializers.CharField(source="configuration.__str__", read_only=True)
    vin = serializers.CharField(source="vehicle.vin", allow_null=True, default=None, read_only=True)
    status_label = serializers.CharField(source="get_status_display", read_only=True)
    buyer_id_number = serializers.SerializerMethodField()

    class Meta:
        model = Deal
        fields = [
            "id", "version", "number", "status", "status_label", "store", "team", "owner", "prospect", "customer",
            "customer_name", "config", "config_name", "colour", "vehicle", "vin", "msrp", "deal_price",
            "contract_amount", "pass_through_amount", "concession", "deposit_kind", "deposit_amount", "payment_mode",
            "loan_amount", "loan_approved_at", "promised_on", "first_promised_on", "buyer_name", "buyer_id_number",
            "approved_until", "approved_level", "ordered_at", "allocated_at", "paid_at", "invoiced_on",
            "invoice_price", "invoiced_cost", "invoiced_rebate", "pdi_passed_at", "delivered_at", "cancelled_at",
            "cancel_reason", "created_at",
        ]  # fmt: skip

    def get_buyer_id_number(self, row: Deal) -> str:
        return mask_id(row.buyer_id_number or "")


class StepOut(serializers.Serializer[Any]):
    """A state the deal took or a promise that moved; `by` null is the system."""

    at = serializers.DateTimeField()
    label = serializers.CharField()
    note = serializers.CharField()
    by = serializers.IntegerField(source="by.pk", default=None, allow_null=True)


class DealFull(DealOut):
    """One deal with its lines, papers and money."""

    lines = serializers.SerializerMethodField()
    documents = serializers.SerializerMethodField()
    cleared = serializers.SerializerMethodField()
    outstanding = serializers.SerializerMethodField()
    next_step = serializers.SerializerMethodField()
    approvals = serializers.SerializerMethodField()
    history = serializers.SerializerMethodField()

    class Meta(DealOut.Meta):
        fields = [
            *DealOut.Meta.fields, "lines", "documents", "cleared", "outstanding", "next_step", "approvals", "history",
        ]  # fmt: skip

    def get_lines(self, row: Deal) -> list[dict[str, Any]]:
        return list(LineOut(self.context["file"].lines, many=True).data)

    def get_documents(self, row: Deal) -> dict[str, str]:
        return {paper.kind: paper.state for paper in self.context["file"].documents}

    def get_cleared(self, row: Deal) -> str:
        return str(self.context["file"].cleared)

    def get_outstanding(self, row: Deal) -> str:
        return str(self.context["file"].outstanding)

    def get_next_step(self, row: Deal) -> str:
        return str(self.context["next_step"])

    def get_approvals(self, row: Deal) -> list[dict[str, Any]]:
        """Requests on this deal, the newest first; answered under `approvals/{id}/decide/`."""
        return [
            {"id": one.pk, "kind": one.kind, "state": one.state, "level": one.level, "title": one.title}
            for one in self.context["file"].approvals
        ]

    def get_history(self, row: Deal) -> list[dict[str, Any]]:
        return list(StepOut(self.context["file"].history, many=True).data)


class DealTerms(serializers.Serializer[Any]):
    """What a quote is made of."""

    config = serializers.IntegerField()
    colour = serializers.IntegerField(required=False, allow_null=True)
    deal_price = Money()
    lines = LineIn(many=True, required=False)
    deposit_kind = serializers.ChoiceField(choices=DepositKind.choices)
    deposit_amount = Money(required=False)
    payment_mode = serializers.ChoiceField(choices=PaymentMode.choices, required=False)
    loan_amount = Money(required=False)
    promised_on = serializers.DateField(required=False, allow_null=True)
    buyer_name = serializers.CharField(max_length=60, required=False, allow_blank=True)
    buyer_id_number = serializers.CharField(max_length=30, required=False, allow_blank=True)

    def terms(self) -> dict[str, Any]:
        """The keyword arguments of the services, only what was sent."""
        data = dict(self.validated_data)
        for name, wanted in (("config", "configuration_id"), ("colour", "colour_id")):
            if name in data:
                data[wanted] = data.pop(name)
        for name in ("version", "prospect"):
            data.pop(name, None)
        return data


class DealIn(DealTerms):
    prospect = serializers.IntegerField()


class DealChange(DealTerms):
    """Any of the terms, with the version they were read at."""

    version = VersionField()


class SubmitIn(serializers.Serializer[Any]):
    version = VersionField(required=False)
    reason = Words(max_length=300, required=False)


class AllocateIn(serializers.Serializer[Any]):
    vehicle = serializers.IntegerField()
    reason = Words(max_length=200, required=False)


class InvoiceIn(serializers.Serializer[Any]):
    number = Words(max_length=20)
    issued_on = serializers.DateField()
    amount = Money()
    buyer_name = Words(max_length=60)
    vin = Words(max_length=20, required=False)


class DeliverIn(serializers.Serializer[Any]):
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    exception = Words(max_length=200, required=False)


class DocumentIn(serializers.Serializer[Any]):
    kind = Words(max_length=14)
    state = Words(max_length=10)


class CancelIn(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=CancelReason.choices)
    note = Words(max_length=200, required=False)
    seller_caused = serializers.BooleanField(required=False, default=False)
    version = VersionField(required=False)


class ClearIn(serializers.Serializer[Any]):
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ReasonIn(serializers.Serializer[Any]):
    reason = Words(max_length=200)


class NothingIn(serializers.Serializer[Any]):
    """Nothing but the version the deal was read at (optional)."""

    version = VersionField(required=False)


class GroundsIn(NothingIn):
    reason = Words(max_length=200)


class RedIn(NothingIn):
    number = Words(max_length=20)
    issued_on = serializers.DateField()


class PromiseIn(NothingIn):
    promised_on = serializers.DateField()
    reason = Words(max_length=200)


class EmptyIn(serializers.Serializer[Any]):
    """No body."""
