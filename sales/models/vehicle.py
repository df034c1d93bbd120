"""Cars by VIN: where they are, whose they are, what they cost (§4.4)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from dealership.core.models import Versioned
from dealership.core.money import ZERO, MoneyField
from dealership.org.models import Store
from sales.choices import CertificateStatus, VehicleStatus, VehicleUsage
from sales.models.catalogue import Colour, Configuration
from sales.querysets import VehicleQuerySet


@pghistory.track()
class Vehicle(Versioned):
    """Stock age counts from `arrived_on`; cost and rebate are for roles that see profit only."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    vin = models.CharField("车架号", max_length=17, unique=True)
    engine_no = models.CharField("发动机号", max_length=20, blank=True)
    configuration = models.ForeignKey(Configuration, on_delete=models.PROTECT, related_name="vehicles")
    colour = models.ForeignKey(Colour, on_delete=models.PROTECT, related_name="+", verbose_name="外观颜色")
    interior = models.CharField("内饰", max_length=20, blank=True)
    status = models.CharField("状态", max_length=12, choices=VehicleStatus, default=VehicleStatus.IN_TRANSIT)
    usage = models.CharField("用途", max_length=16, choices=VehicleUsage, default=VehicleUsage.STOCK)
    produced_on = models.DateField("生产日期", null=True, blank=True)
    arrived_on = models.DateField("到库日期", null=True, blank=True)
    stocked_out_on = models.DateField("出库日期", null=True, blank=True)
    dealer_cost = MoneyField("提货价")
    rebate = MoneyField("厂家返利", default=ZERO)
    certificate_status = models.CharField(
        "合格证", max_length=12, choices=CertificateStatus, default=CertificateStatus.IN_TRANSIT
    )
    location = models.CharField("库位", max_length=20, blank=True)
    key_count = models.PositiveSmallIntegerField("钥匙数", default=2)
    damage_note = models.CharField("质损说明", max_length=200, blank=True)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    locked_until = models.DateTimeField("锁定至", null=True, blank=True)

    objects = VehicleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=VehicleStatus.LOCKED) | Q(locked_by__isnull=False, locked_until__isnull=False),
                name="%(app_label)s_%(class)s_lock_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "status", "arrived_on", "id"], name="sales_vehicle_stock"),
            GinIndex(fields=["vin"], opclasses=["gin_trgm_ops"], name="sales_vehicle_vin_trgm"),
        ]

    def __str__(self) -> str:
        return f"{self.configuration} {self.vin[-6:]}"


class Allocation(models.Model):
    """History of which deal held which car (配车/改配)."""

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="allocations")
    deal = models.ForeignKey("sales.Deal", on_delete=models.PROTECT, related_name="allocations")
    allocated_at = models.DateTimeField()
    allocated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle"], condition=Q(released_at=None), name="%(app_label)s_%(class)s_one_car"
            ),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(released_at=None), name="%(app_label)s_%(class)s_one_deal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle_id} → {self.deal_id}"
