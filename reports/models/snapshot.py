"""Opening figures of a month, frozen as of 00:00 on the 1st and never changed (domain.md §3.0, §4.8)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from dealership.audit.models import APPEND_ONLY
from dealership.core.money import MoneyField
from dealership.org.models import Store, Team
from leads.choices import Grade, ProspectStatus
from leads.models import Prospect
from reports.querysets import OpeningOrderQuerySet, OpeningProspectQuerySet, OpeningVehicleQuerySet
from sales.models import Deal, Vehicle


class OpeningSnapshot(models.Model):
    """That the openings of a store's month were taken, and how many rows there were (none is an answer too)."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    month = models.DateField("月份首日")
    taken_at = models.DateTimeField()
    prospects = models.PositiveIntegerField()
    orders = models.PositiveIntegerField()
    vehicles = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "month"], name="%(app_label)s_%(class)s_once")]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.store_id} {self.month:%Y-%m}"


class OpeningProspect(models.Model):
    """月初遗留潜客: a card open at the start of the month, with its owner and grade then."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="+")
    grade = models.CharField("级别", max_length=1, choices=Grade)
    status = models.CharField("状态", max_length=16, choices=ProspectStatus)

    objects = OpeningProspectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "month", "prospect"], name="%(app_label)s_%(class)s_once")
        ]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.prospect_id} {self.month:%Y-%m} {self.grade}"


class HotWeek(models.Model):
    """That the H cards of a store's Monday were frozen, and how many there were (none is an answer too)."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    week = models.DateField("周一")
    taken_at = models.DateTimeField()
    prospects = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "week"], name="%(app_label)s_%(class)s_once")]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.store_id} {self.week:%Y-%m-%d}"


class HotProspect(models.Model):
    """A card that was H at 00:00 of a Monday, with its owner then; judged by what it did up to Sunday (级别准确率)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    week = models.DateField("周一")
    judged_on = models.DateField("周日")
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="+")

    objects = OpeningProspectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "week", "prospect"], name="%(app_label)s_%(class)s_once")
        ]
        indexes = [models.Index(fields=["store", "judged_on"], name="reports_hotprospect_judged")]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.prospect_id} {self.week:%Y-%m-%d}"


class OpeningOrder(models.Model):
    """月初遗留订单: an order neither handed over nor cancelled at the start of the month."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="+")
    contract_amount = MoneyField("合同金额")

    objects = OpeningOrderQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "month", "deal"], name="%(app_label)s_%(class)s_once")]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.deal_id} {self.month:%Y-%m}"


class OpeningVehicle(models.Model):
    """月初库存: a car standing in the store at the start of the month."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+")
    arrived_on = models.DateField("到库日期")

    objects = OpeningVehicleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "month", "vehicle"], name="%(app_label)s_%(class)s_once")
        ]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return f"{self.vehicle_id} {self.month:%Y-%m}"
