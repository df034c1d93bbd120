"""保有客户: cars that customers own, and the care they are due (R-CARE)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from dealership.org.models import Series, Store, Team
from leads.choices import CareKind, CareResult
from leads.models.customer import Customer
from leads.models.prospect import Prospect
from leads.querysets import CareTaskQuerySet, OwnedVehicleQuerySet


@pghistory.track()
class OwnedVehicle(models.Model):
    """A delivered car; `deal_id` names the deal in `sales` (no foreign key upwards)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="owned_vehicles")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.PROTECT, related_name="+")
    deal_id = models.BigIntegerField(null=True, unique=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    description = models.CharField("车型", max_length=100)
    vin = models.CharField("车架号", max_length=17, unique=True)
    plate = models.CharField("车牌", max_length=10, blank=True)
    delivered_on = models.DateField("交车日期")
    insurance_expires_on = models.DateField("保险到期", null=True, blank=True)

    objects = OwnedVehicleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["store", "-delivered_on", "-id"], name="leads_ownedvehicle_recent")]

    def __str__(self) -> str:
        return f"{self.description} {self.vin[-6:]}"


class CareTask(models.Model):
    """A call that customer care owes an owner after delivery."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    vehicle = models.ForeignKey(OwnedVehicle, on_delete=models.CASCADE, related_name="care_tasks")
    kind = models.CharField("回访", max_length=8, choices=CareKind)
    due_on = models.DateField("应回访日期")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    result = models.CharField(max_length=14, choices=CareResult, blank=True)
    note = models.CharField(max_length=500, blank=True)

    objects = CareTaskQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vehicle", "kind"], name="%(app_label)s_%(class)s_once")]
        indexes = [models.Index(fields=["store", "due_on"], condition=Q(done_at=None), name="leads_caretask_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_on}"
