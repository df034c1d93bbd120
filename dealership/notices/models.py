"""In-app notices: one row per person and event."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Notice(models.Model):
    """What a person should know; `key` makes a repeated event one notice. No phone or id numbers in the text."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    text = models.CharField(max_length=200)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="%(app_label)s_%(class)s_once")]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notices_notice_recent"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notices_notice_unread"),
        ]

    def __str__(self) -> str:
        return self.text
