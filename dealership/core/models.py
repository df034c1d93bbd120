"""Abstract bases only: this app has no tables."""

from __future__ import annotations

from django.db import models


class Versioned(models.Model):
    """Created/changed stamps and a version for optimistic saves; services bump it with `touch()`."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def touch(self) -> None:
        """Raise the version before saving a change."""
        self.version += 1
