"""Counters of printed numbers."""

from __future__ import annotations

from django.db import models

from dealership.org.models import Store


class NumberSequence(models.Model):
    """The last number given per store, kind and span; counted under a row lock, so there are no gaps."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    span = models.CharField(max_length=8)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "kind", "span"], name="%(app_label)s_%(class)s_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.span} {self.last}"
