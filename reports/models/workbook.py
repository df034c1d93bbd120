"""The rows a closed month's workbook was made of, kept as they were (domain.md §4.8)."""

from __future__ import annotations

from django.db import models

from dealership.audit.models import APPEND_ONLY
from reports.models.close import MonthClose


class MonthRow(models.Model):
    """One record of one table of a version; phones in it are masked. Written once, read by every later workbook."""

    close = models.ForeignKey(MonthClose, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField()
    table = models.CharField(max_length=16)
    position = models.PositiveIntegerField()
    cells = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["close", "version", "table", "position"], name="%(app_label)s_%(class)s_once"
            )
        ]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.close_id} v{self.version} {self.table} {self.position}"
