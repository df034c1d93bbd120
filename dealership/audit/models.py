"""Append-only records of what happened, who saw plain personal data, and who took what out."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from dealership.core.scoping import ScopedQuerySet

APPEND_ONLY = [
    pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
]


class AuditQuerySet(ScopedQuerySet):
    """Entries of the reader's stores; entries without a store are for the group."""

    resource = "audit"
    store_path = "store_id"
    team_path = None
    owner_path = None


class AuditEntry(models.Model):
    """One act of one person (or of the system: actor empty) on one object."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField(null=True)
    store_id = models.BigIntegerField(null=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        triggers = APPEND_ONLY
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_auditentry_object"),
            models.Index(fields=["store_id", "-id"], name="audit_auditentry_store"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type}#{self.object_id}"


class RevealLog(models.Model):
    """Who saw a plain phone or identity number, of whom, and why (R-PIPL, P01)."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    field = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        triggers = APPEND_ONLY
        indexes = [models.Index(fields=["actor", "-at"], name="audit_reveallog_actor")]

    def __str__(self) -> str:
        return f"{self.actor_id} saw {self.field} of {self.object_type}#{self.object_id}"


class ExportLog(models.Model):
    """Who downloaded which file, with how many rows."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60)
    filename = models.CharField(max_length=200)
    rows = models.PositiveIntegerField(default=0)
    store_id = models.BigIntegerField(null=True)

    class Meta:
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.actor_id} took {self.filename}"


class IdempotencyKey(models.Model):
    """The first answer to a creating request; the same key by the same person answers it again (R01, R02)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=60)
    key = models.UUIDField()
    result_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "action", "key"], name="audit_idempotencykey_once")]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"
