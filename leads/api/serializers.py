"""Shapes of the customers' resources. Every field is named; phones are masked; nothing else can be written."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dealership.core.api import VersionField
from dealership.core.masking import mask_phone
from dealership.core.money import MAX_MONEY
from dealership.core.text import has_control_characters
from leads.card_choices import CarUse, PaymentWish
from leads.choices import (
    LONGEST_CONTACT,
    OPEN_GRADE_CHOICES,
    CardChannel,
    ContactChannel,
    CustomerKind,
    FollowUpOutcome,
    Gender,
    Grade,
    PurchaseKind,
    QuotaStatus,
    VisitChannel,
    VisitPurpose,
)
from leads.models import Customer, FollowUp, Prospect, Visit

# A card of the showroom comes from a visit.
CARD_CHANNELS = [(CardChannel.DCC, CardChannel.DCC.label), (CardChannel.OTHER, CardChannel.OTHER.label)]


class CleanText(serializers.CharField):
    """Text without invisible characters; over-long text is refused by name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", not kwargs.get("required", False))
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if has_control_characters(text):
            raise serializers.ValidationError("内容里有不可见的控制字符，请删除后重新提交。")
        return text


def masked_phone_of(customer: Customer | None) -> str | None:
    """The primary number as every list shows it."""
    rows = getattr(customer, "shown_phones", None) if customer is not None else None
    return mask_phone(rows[0].number) if rows else None


class PersonOut(serializers.Serializer[Any]):
    """Somebody of the staff."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class NamedOut(serializers.Serializer[Any]):
    """A row of a dictionary."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class CustomerOut(serializers.ModelSerializer[Customer]):
    """A customer; the number is masked as on the page."""

    phone = serializers.SerializerMethodField()
    owner = PersonOut(allow_null=True)

    class Meta:
        model = Customer
        fields = [
            "id", "version", "store", "name", "gender", "kind", "phone", "owner", "wechat", "district", "address",
            "occupation", "hobby", "family", "birthday", "is_key_account", "no_contact", "created_at",
        ]  # fmt: skip

    def get_phone(self, row: Customer) -> str | None:
        return masked_phone_of(row)


class CustomerBrief(serializers.ModelSerializer[Customer]):
    """The customer of another row."""

    phone = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = ["id", "name", "gender", "phone"]

    def get_phone(self, row: Customer) -> str | None:
        return masked_phone_of(row)


class PhoneIn(serializers.Serializer[Any]):
    """A number as people write it; it becomes the main one when asked."""

    phone = CleanText(required=True, max_length=30)
    make_primary = serializers.BooleanField(required=False, default=False)


class NotifyIn(serializers.Serializer[Any]):
    """Whose customer stands in the showroom."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    phone = CleanText(required=True, max_length=30)


class NotifiedOut(serializers.Serializer[Any]):
    """Who was told."""

    owner_name = serializers.CharField()


class CustomerPatch(serializers.Serializer[Any]):
    """What may be changed of a customer."""

    version = VersionField(required=False)
    name = CleanText(max_length=40, required=False, allow_blank=False)
    gender = serializers.ChoiceField(choices=Gender.choices, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=CustomerKind.choices, required=False)
    wechat = CleanText(max_length=40, required=False)
    district = CleanText(max_length=40, required=False)
    address = CleanText(max_length=120, required=False)
    occupation = CleanText(max_length=40, required=False)
    hobby = CleanText(max_length=60, required=False)
    family = CleanText(max_length=60, required=False)
    birthday = serializers.DateField(required=False, allow_null=True)
    is_key_account = serializers.BooleanField(required=False)
    no_contact = serializers.BooleanField(required=False)


class LookupOut(serializers.Serializer[Any]):
    """Whose number is this."""

    exists = serializers.BooleanField()
    state = serializers.CharField()
    owner_name = serializers.CharField(allow_blank=True)
    masked_phone = serializers.CharField()
    last_contact_on = serializers.DateField(allow_null=True)
    prospect = serializers.IntegerField(allow_null=True)


class RevealIn(serializers.Serializer[Any]):
    """Which masked value, and why."""

    field = serializers.ChoiceField(choices=["phone", "wechat", "address"])
    reason = CleanText(max_length=200)


class RevealOut(serializers.Serializer[Any]):
    """The plain value, once."""

    field = serializers.CharField()
    value = serializers.CharField()


class TimelineOut(serializers.Serializer[Any]):
    """One line of the story."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    by = serializers.CharField(allow_blank=True)


class VisitOut(serializers.ModelSerializer[Visit]):
    """A visit."""

    customer = CustomerBrief(allow_null=True)
    owner = PersonOut(allow_null=True)
    received_by = PersonOut(allow_null=True)
    models = NamedOut(many=True, source="series")
    source: Any = NamedOut(allow_null=True)

    class Meta:
        model = Visit
        fields = [
            "id", "version", "store", "channel", "purpose", "visit_type", "captured", "party_size", "customer",
            "prospect", "owner", "received_by", "models", "source", "note", "visited_at", "left_at", "completed_at",
        ]  # fmt: skip


class VisitCustomerIn(serializers.Serializer[Any]):
    """The person at the door."""

    name = CleanText(max_length=40, required=False, default="")
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    gender = serializers.ChoiceField(choices=Gender.choices, required=False, allow_blank=True, default="")


class VisitFactsIn(serializers.Serializer[Any]):
    """What completes a visit."""

    captured = serializers.BooleanField(allow_null=True)
    customer = VisitCustomerIn(required=False)
    party_size = serializers.IntegerField(min_value=1, max_value=30, default=1)
    purpose = serializers.ChoiceField(choices=VisitPurpose.choices, default=VisitPurpose.PURCHASE)
    models = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=20)
    source: Any = serializers.IntegerField(required=False, allow_null=True, default=None)
    grade = serializers.ChoiceField(choices=OPEN_GRADE_CHOICES, required=False, allow_null=True, default=None)
    note = CleanText(max_length=500, required=False, default="")
    next_follow_up_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    received_by = serializers.IntegerField(required=False, allow_null=True, default=None)


class VisitIn(VisitFactsIn):
    """A party at the door. `captured` null is an arrival to be completed later."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    channel = serializers.ChoiceField(choices=VisitChannel.choices, default=VisitChannel.WALK_IN)
    visited_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class VisitCompleteIn(VisitFactsIn):
    """Finishing an arrival."""

    captured = serializers.BooleanField()
    version = VersionField(required=False)


class VisitLeaveIn(serializers.Serializer[Any]):
    """When the party left; now when empty."""

    left_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class VisitAssignIn(serializers.Serializer[Any]):
    """Who receives an arrival."""

    received_by = serializers.IntegerField()


class ProspectOut(serializers.ModelSerializer[Prospect]):
    """A card."""

    customer = CustomerBrief()
    owner = PersonOut()
    source: Any = NamedOut(allow_null=True)
    series = NamedOut(allow_null=True)

    class Meta:
        model = Prospect
        fields = [
            "id", "version", "store", "customer", "owner", "grade", "grade_since", "status", "card_created_at",
            "card_channel", "source", "series", "next_follow_up_at", "last_contact_at", "budget_min", "budget_max",
            "purchase_kind", "car_use", "payment_wish", "licence_quota_status", "current_car", "competitor",
            "decision_maker", "key_concern", "previous", "referred_by",
        ]  # fmt: skip


class ProspectPatch(serializers.Serializer[Any]):
    """What may be changed of a card; grade, status and owner have their own calls."""

    version = VersionField(required=False)
    source: Any = serializers.IntegerField(required=False, allow_null=True)
    series = serializers.IntegerField(required=False, allow_null=True)
    budget_min = serializers.DecimalField(14, 2, min_value=0, max_value=MAX_MONEY, required=False, allow_null=True)
    budget_max = serializers.DecimalField(14, 2, min_value=0, max_value=MAX_MONEY, required=False, allow_null=True)
    purchase_kind = serializers.ChoiceField(choices=PurchaseKind.choices, required=False, allow_blank=True)
    car_use = serializers.ChoiceField(choices=CarUse.choices, required=False, allow_blank=True)
    payment_wish = serializers.ChoiceField(choices=PaymentWish.choices, required=False, allow_blank=True)
    licence_quota_status = serializers.ChoiceField(choices=QuotaStatus.choices, required=False, allow_blank=True)
    current_car = CleanText(max_length=60, required=False)
    competitor = CleanText(max_length=60, required=False)
    decision_maker = CleanText(max_length=40, required=False)
    key_concern = CleanText(max_length=200, required=False)
    referred_by = serializers.IntegerField(required=False, allow_null=True)


class ProspectIn(serializers.Serializer[Any]):
    """A card without a visit."""

    phone = CleanText(max_length=30)
    name = CleanText(max_length=40, required=False)
    gender = serializers.ChoiceField(choices=Gender.choices, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=CARD_CHANNELS, required=False)
    grade = serializers.ChoiceField(choices=OPEN_GRADE_CHOICES, required=False)
    source: Any = serializers.IntegerField(required=False, allow_null=True, default=None)
    series = serializers.IntegerField(required=False, allow_null=True, default=None)
    referred_by = serializers.IntegerField(required=False, allow_null=True, default=None)
    owner = serializers.IntegerField(required=False, allow_null=True, default=None)
    next_follow_up_at = serializers.DateTimeField(required=False, allow_null=True)


class FollowUpOut(serializers.ModelSerializer[FollowUp]):
    """A contact."""

    done_by = PersonOut()

    class Meta:
        model = FollowUp
        fields = [
            "id", "prospect", "done_by", "done_at", "channel", "outcome", "content", "grade_before", "grade_after",
            "next_follow_up_at", "delay_reason", "minutes",
        ]  # fmt: skip


class FollowUpIn(serializers.Serializer[Any]):
    """A contact to log."""

    version = VersionField(required=False)
    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    outcome = serializers.ChoiceField(choices=FollowUpOutcome.choices)
    content = CleanText(max_length=1000, required=False, default="")
    grade = serializers.ChoiceField(choices=Grade.choices, required=False, allow_null=True, default=None)
    grade_reason = CleanText(max_length=200, required=False, default="")
    next_follow_up_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    delay_reason = CleanText(max_length=200, required=False, default="")
    done_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    minutes = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=LONGEST_CONTACT
    )


class TransferIn(serializers.Serializer[Any]):
    """Who gets the customer, and why."""

    new_owner = serializers.IntegerField()
    reason = CleanText(max_length=200)
