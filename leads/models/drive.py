"""试乘试驾: the showroom's demo cars and the drives customers take in them (§3.3, §4.9, D18).

The module is called `drive` because pytest takes files named `test_*` for tests; the entity is `TestDrive`.
"""

from __future__ import annotations

import datetime as dt

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from dealership.audit.models import APPEND_ONLY
from dealership.core import periods
from dealership.core.models import Versioned
from dealership.org.closing import closed_month_guards
from dealership.org.models import Series, Store, Team
from leads.choices import HOLDING_DRIVES, AgreementKind, DriveKind, DriveStatus, LicenceClass
from leads.models.customer import Customer
from leads.models.prospect import Prospect
from leads.querysets import DemoCarQuerySet, TestDriveQuerySet

MAX_ODOMETER = 999_999


@pghistory.track()
class DemoCar(Versioned):
    """A car customers may drive. Kept by the showroom; a retired one stays for its history."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", verbose_name="车系")
    description = models.CharField("配置", max_length=60)
    plate = models.CharField("车牌号", max_length=12)
    vin_tail = models.CharField("车架号后六位", max_length=20, blank=True)
    colour = models.CharField("颜色", max_length=20, blank=True)
    insured_until = models.DateField("保险到期日")
    is_active = models.BooleanField("可预约", default=True)
    note = models.CharField("备注", max_length=200, blank=True)

    objects = DemoCarQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "plate"], name="%(app_label)s_%(class)s_plate")]

    def __str__(self) -> str:
        return f"{self.plate} {self.description}"


@pghistory.track()
class TestDrive(Versioned):
    """One booking and what became of it. Of the licence only class and validity are kept, never number or picture
    (R-PIPL); of the signature the path that was drawn. `finished_at` is when the car was back.
    """

    __test__ = False  # not a test for pytest

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="test_drives")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="test_drives")
    car = models.ForeignKey(DemoCar, on_delete=models.PROTECT, related_name="drives")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("类型", max_length=6, choices=DriveKind, default=DriveKind.DRIVE)
    status = models.CharField("状态", max_length=10, choices=DriveStatus, default=DriveStatus.BOOKED)
    planned = DateTimeRangeField("预约时间")
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField("备注", max_length=200, blank=True)
    licence_class = models.CharField("准驾车型", max_length=2, choices=LicenceClass, blank=True)
    licence_valid_until = models.DateField("驾驶证有效期至", null=True)
    licence_checked_at = models.DateTimeField(null=True)
    licence_checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    agreement_kind = models.CharField("协议", max_length=6, choices=AgreementKind, blank=True)
    agreement_signed_at = models.DateTimeField(null=True)
    agreement_taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    agreement_version = models.CharField(max_length=10, blank=True)
    agreement_note = models.CharField("纸质协议说明", max_length=200, blank=True)
    signature = models.TextField(blank=True)
    accompanied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="陪同人"
    )
    route = models.CharField("路线", max_length=60, blank=True)
    out_at = models.DateTimeField("出发时间", null=True)
    odometer_out = models.PositiveIntegerField("出发里程", null=True, validators=[MaxValueValidator(MAX_ODOMETER)])
    finished_at = models.DateTimeField("还车时间", null=True)
    odometer_back = models.PositiveIntegerField("还车里程", null=True, validators=[MaxValueValidator(MAX_ODOMETER)])
    stars = models.JSONField("评分", default=dict)
    feedback = models.CharField("客户反馈", max_length=500, blank=True)
    overdue_told_at = models.DateTimeField(null=True)

    objects = TestDriveQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="leads_testdrive_no_overlap",
                expressions=[("car", RangeOperators.EQUAL), ("planned", RangeOperators.OVERLAPS)],
                condition=Q(status__in=HOLDING_DRIVES),
            ),
            models.UniqueConstraint(
                fields=["car"], condition=Q(status=DriveStatus.OUT), name="%(app_label)s_%(class)s_one_out"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=(DriveStatus.OUT, DriveStatus.FINISHED))
                | (
                    Q(agreement_signed_at__isnull=False, out_at__isnull=False, odometer_out__isnull=False)
                    & (Q(kind=DriveKind.RIDE) | Q(licence_checked_at__isnull=False))
                ),
                name="%(app_label)s_%(class)s_allowed_out",
            ),
            models.CheckConstraint(
                condition=~Q(status=DriveStatus.FINISHED)
                | Q(finished_at__gte=F("out_at"), odometer_back__gte=F("odometer_out")),
                name="%(app_label)s_%(class)s_back_after_out",
            ),
            models.CheckConstraint(
                condition=Q(signature="") | Q(signature__regex=r"^(M\d{1,3} \d{1,3}(L\d{1,3} \d{1,3})*)+$"),
                name="%(app_label)s_%(class)s_signature_path",
            ),
        ]
        indexes = [
            models.Index(fields=["prospect", "-id"], name="leads_testdrive_prospect"),
            models.Index(fields=["store", "finished_at"], name="leads_testdrive_finished"),
            models.Index(fields=["store", "-created_at", "-id"], name="leads_testdrive_list"),
            models.Index(fields=["customer", "finished_at"], name="leads_testdrive_customer"),
        ]
        triggers = [
            *closed_month_guards("finished_at", protects=("status", "owner_id", "customer_id", "series_id", "kind"))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.car_id} {self.get_status_display()}"

    @property
    def starts_at(self) -> dt.datetime:
        start: dt.datetime = self.planned.lower
        return start

    @property
    def ends_at(self) -> dt.datetime:
        end: dt.datetime = self.planned.upper
        return end

    @property
    def is_late(self) -> bool:
        """Out past its planned end, or booked and not started when its time is over."""
        return self.status in HOLDING_DRIVES and periods.now() > self.ends_at

    @property
    def is_valid(self) -> bool:
        """Counts as a test drive: driven, licence checked, agreement signed (§3.3)."""
        checked = self.licence_checked_at is not None and self.agreement_signed_at is not None
        return self.status == DriveStatus.FINISHED and self.kind == DriveKind.DRIVE and checked

    @property
    def distance(self) -> int | None:
        """Kilometres driven."""
        if self.odometer_out is None or self.odometer_back is None:
            return None
        return self.odometer_back - self.odometer_out


class TestDriveChange(models.Model):
    """Every move of a drive, its making included (from is empty), with owner, team and store as they were."""

    __test__ = False

    drive = models.ForeignKey(TestDrive, on_delete=models.PROTECT, related_name="changes")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10, choices=DriveStatus)
    planned = DateTimeRangeField()
    reason = models.CharField(max_length=200, blank=True)

    objects = TestDriveQuerySet.as_manager()

    class Meta:
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]
        indexes = [models.Index(fields=["drive", "at"], name="leads_testdrivechange_drive")]

    def __str__(self) -> str:
        return f"{self.from_status or '—'}→{self.to_status}"
