"""Shapes of the raw leads' resources. Every field is named; numbers are masked; nothing else can be written."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dealership.core.api import VersionField
from dealership.core.masking import mask_phone
from leads.api.serializers import CleanText, NamedOut, PersonOut
from leads.choices import OPEN_GRADE_CHOICES, ContactChannel, Gender, Grade, LeadInvalidReason
from leads.models import Lead, LeadAttempt
from leads.selectors.lead import clock_of
from leads.services.lead import OPEN_OUTCOMES


class LeadOut(serializers.ModelSerializer[Lead]):
    """A raw lead; `response_minutes_left` runs in business hours and is null when no clock runs."""

    phone = serializers.SerializerMethodField()
    owner = PersonOut(allow_null=True)
    previous_owner = PersonOut(allow_null=True)
    source = NamedOut(allow_null=True)
    series = NamedOut(allow_null=True)
    response_minutes_left = serializers.SerializerMethodField()

    class Meta:
        model = Lead
        fields = [
            "id", "version", "store", "state", "name", "phone", "source", "external_id", "series", "note",
            "received_at", "owner", "assigned_at", "sla_due_at", "first_contact_at", "response_minutes_left",
            "processed_at", "invalid_reason", "invalid_note", "customer", "prospect", "recycled_count",
            "previous_owner", "is_elsewhere",
        ]  # fmt: skip

    def get_phone(self, row: Lead) -> str:
        return mask_phone(row.phone)

    def get_response_minutes_left(self, row: Lead) -> int | None:
        clock = clock_of(row)
        return clock.minutes if clock else None


class LeadIn(serializers.Serializer[Any]):
    """A lead pushed by a platform or typed. `external_id` with `source` makes a second push the first one's answer."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    phone = CleanText(required=True, max_length=30)
    name = CleanText(required=False, max_length=40, default="")
    source = serializers.IntegerField(required=False, allow_null=True, default=None)
    series = serializers.IntegerField(required=False, allow_null=True, default=None)
    note = CleanText(required=False, max_length=500, default="")
    external_id = CleanText(required=False, max_length=60, default="")
    received_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    owner = serializers.IntegerField(required=False, allow_null=True, default=None)


class LeadTakenOut(serializers.Serializer[Any]):
    """What became of a number; `id` is null when the lead is out of the caller's reach."""

    id = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField()
    state = serializers.CharField()
    owner_name = serializers.CharField()
    is_elsewhere = serializers.BooleanField()


class LeadAssignIn(serializers.Serializer[Any]):
    """To whom and why; also of a transfer request."""

    new_owner = serializers.IntegerField()
    reason = CleanText(required=False, max_length=200, default="")
    version = VersionField(required=False, allow_null=True, default=None)


class LeadConvertIn(serializers.Serializer[Any]):
    """What the first call told."""

    name = CleanText(required=True, max_length=40)
    gender = serializers.ChoiceField(choices=Gender.choices, required=False, allow_blank=True, default="")
    grade = serializers.ChoiceField(choices=OPEN_GRADE_CHOICES, required=False, default=Grade.N)
    series = serializers.IntegerField(required=False, allow_null=True, default=None)
    next_follow_up_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    channel = serializers.ChoiceField(choices=ContactChannel.choices, required=False, default=ContactChannel.PHONE)
    version = VersionField(required=False, allow_null=True, default=None)


class LeadInvalidIn(serializers.Serializer[Any]):
    """Why it is not a lead."""

    reason = serializers.ChoiceField(choices=LeadInvalidReason.choices)
    note = CleanText(required=False, max_length=200, default="")
    channel = serializers.ChoiceField(choices=ContactChannel.choices, required=False, default=ContactChannel.PHONE)
    version = VersionField(required=False, allow_null=True, default=None)


class AttemptIn(serializers.Serializer[Any]):
    """打通了 or 未接通."""

    outcome = serializers.ChoiceField(choices=[(value.value, value.label) for value in OPEN_OUTCOMES])
    channel = serializers.ChoiceField(choices=ContactChannel.choices, required=False, default=ContactChannel.PHONE)
    note = CleanText(required=False, max_length=200, default="")


class AttemptOut(serializers.ModelSerializer[LeadAttempt]):
    """One try to reach the person."""

    by = PersonOut()

    class Meta:
        model = LeadAttempt
        fields = ["id", "at", "by", "channel", "outcome", "note"]


class LeadRevealIn(serializers.Serializer[Any]):
    """Why the plain number is needed."""

    reason = CleanText(required=True, max_length=200)
