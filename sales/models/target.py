"""Monthly targets per person (R-TGT); the store's total is their sum."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from dealership.core.models import Versioned
from dealership.org.models import Store, Team
from sales.choices import TargetKind
from sales.querysets import TargetQuerySet


@pghistory.track()
class Target(Versioned):
    """`value` is units or CNY by kind; `month` is the first day."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="targets")
    month = models.DateField("月份")
    kind = models.CharField("指标", max_length=14, choices=TargetKind)
    value = models.DecimalField("目标", max_digits=14, decimal_places=2)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField("确认时间", null=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "person", "month", "kind"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(condition=Q(value__gte=0), name="%(app_label)s_%(class)s_not_negative"),
        ]
        indexes = [models.Index(fields=["store", "month"], name="sales_target_month")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.month:%Y-%m} {self.kind}"
