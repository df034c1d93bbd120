"""Shared credit for a card, and hand-overs of everything a person holds (R-OWN, §5.11)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from dealership.core.models import Versioned
from dealership.org.models import Store
from leads.models.customer import Customer
from leads.models.lead import Lead
from leads.models.prospect import Prospect
from leads.querysets import CardNoteQuerySet, HandOverQuerySet


@pghistory.track()
class CreditShare(models.Model):
    """A part of the credit for a card that two consultants served; the shares of a card add up to 1."""

    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="credit_shares")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    share = models.DecimalField("分成", max_digits=3, decimal_places=2)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    objects = CardNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prospect", "user"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lt=1), name="%(app_label)s_%(class)s_part"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.share}"


@pghistory.track()
class HandOver(Versioned):
    """Everything of `person` in a store, given to colleagues at once; may be taken back until `undo_until`."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("原因", max_length=200)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    undo_until = models.DateTimeField()
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = HandOverQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.person_id} {self.made_at:%Y-%m-%d}"


class HandOverItem(models.Model):
    """One card, lead or customer without a card of a hand-over, with the due moments it had, for the way back."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.CASCADE, related_name="items")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(Lead, null=True, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    grade = models.CharField(max_length=1, blank=True)
    version_after = models.PositiveIntegerField(default=0)
    due_before = models.JSONField(default=dict)
    answer = models.CharField("退回结果", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(prospect=None, lead__isnull=False, customer=None)
                | Q(prospect__isnull=False, lead=None, customer=None)
                | Q(prospect=None, lead=None, customer__isnull=False),
                name="%(app_label)s_%(class)s_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.prospect_id or self.lead_id}"
