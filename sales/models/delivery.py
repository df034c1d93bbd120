"""The paper that goes with the car (R-DOC)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models

from sales.choices import DocumentKind, DocumentState
from sales.models.deal import Deal


@pghistory.track()
class DeliveryDocument(models.Model):
    """One paper of one deal, with date and hand of its last change."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField("资料", max_length=14, choices=DocumentKind)
    state = models.CharField("状态", max_length=10, choices=DocumentState, default=DocumentState.MISSING)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "kind"], name="%(app_label)s_%(class)s_once")]

    def __str__(self) -> str:
        return self.get_kind_display()
