"""抽查: a sampled follow-up that the manager verifies with the customer (§1.3 F1, product.md §5.11)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.core.models import Versioned
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from leads.choices import Grade, SpotResult
from leads.models.follow_up import FollowUp
from leads.models.prospect import Prospect
from leads.querysets import ProspectRowQuerySet


@pghistory.track()
class SpotCheck(Versioned):
    """`owner` is who wrote the follow-up; the check is somebody else's. `result` empty means not checked yet."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="spot_checks")
    follow_up = models.OneToOneField(FollowUp, on_delete=models.PROTECT, related_name="spot_check")
    week = models.DateField("抽查周（周一）")
    sampled_at = models.DateTimeField()
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField("抽查时间", null=True)
    called_at = models.DateTimeField("回访电话时间", null=True)
    result = models.CharField("抽查结果", max_length=12, choices=SpotResult, blank=True)
    grade_then = models.CharField("登记级别", max_length=1, choices=Grade)
    grade_found = models.CharField("核实级别", max_length=1, choices=Grade, blank=True)
    note = models.CharField("核实情况", max_length=300, blank=True)

    objects = ProspectRowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("owner")), name="%(app_label)s_%(class)s_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(result="", checked_at=None) | (~Q(result="") & Q(checked_at__isnull=False)),
                name="%(app_label)s_%(class)s_checked_complete",
            ),
        ]
        indexes = [models.Index(fields=["store", "-week", "-id"], name="leads_spotcheck_week")]
        triggers = closed_month_guards("checked_at", protects=("result", "grade_found", "checked_by_id"))

    def __str__(self) -> str:
        return f"{self.week} {self.owner_id}"

    @property
    def is_grade_right(self) -> bool:
        """Did the customer's own words confirm the grade?"""
        return bool(self.grade_found) and self.grade_found == self.grade_then
