"""The month close of a store and its immutable versions (domain.md §4.8)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.audit.models import APPEND_ONLY
from dealership.core.models import Versioned
from dealership.org.models import Store
from reports.choices import CloseState
from reports.querysets import MonthCloseQuerySet


@pghistory.track()
class MonthClose(Versioned):
    """`month` is the first day of the month that is closed; `figures_version` is 0 until the first close.

    `checks` holds the last list of inconsistencies, `explanations` what the store says to those it leaves.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    month = models.DateField("月份")
    state = models.CharField("状态", max_length=16, choices=CloseState, default=CloseState.SNAPSHOT)
    figures_version = models.PositiveSmallIntegerField("版本", default=0)
    checks = models.JSONField(default=list)
    checked_at = models.DateTimeField("核对时间", null=True)
    explanations = models.JSONField(default=dict)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField("门店确认时间", null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField("关账时间", null=True)
    reopen_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reopen_requested_at = models.DateTimeField(null=True)
    reopen_reason = models.CharField("重开原因", max_length=200, blank=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True)

    objects = MonthCloseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "month"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(
                condition=Q(reopened_by=None) | ~Q(reopened_by=F("reopen_requested_by")),
                name="%(app_label)s_%(class)s_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["-month", "-id"], name="reports_monthclose_recent")]

    def __str__(self) -> str:
        return f"{self.store} {self.month:%Y-%m}"

    @property
    def open_blocks(self) -> list[str]:
        """Codes of blocking checks that found something and are not explained."""
        return [
            check["code"]
            for check in self.checks
            if check["level"] == "blocking" and check["count"] and not self.explanations.get(check["code"])
        ]


class MonthVersion(models.Model):
    """The figures of every KPI × person as they were closed; never changed. `digest` is over `figures`.

    `difference` lists what is not the same as in the version before.
    """

    close = models.ForeignKey(MonthClose, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("版本")
    figures = models.JSONField()
    digest = models.CharField(max_length=64)
    difference = models.JSONField(default=list)
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["close", "number"], name="%(app_label)s_%(class)s_once")]
        triggers = APPEND_ONLY
        ordering = ["close_id", "number"]

    def __str__(self) -> str:
        return f"{self.close} v{self.number}"
