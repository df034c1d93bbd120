"""One day of the visit register, signed by the front desk and confirmed by the manager (§5.2)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.core.models import Versioned
from dealership.core.periods import local_time
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store
from leads.querysets import RegisterDayQuerySet


@pghistory.track()
class RegisterDay(Versioned):
    """Weather and two signatures. `parties` is what stood in the register when the front desk signed."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    day = models.DateField("日期")
    weather = models.CharField("天气", max_length=10, blank=True)
    parties = models.PositiveIntegerField("客流组数", default=0)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField("前台签字时间")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField("经理确认时间", null=True)

    objects = RegisterDayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "day"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("signed_by")),
                name="%(app_label)s_%(class)s_two_persons",
            ),
        ]
        triggers = closed_month_guards("day", is_date=True)

    def __str__(self) -> str:
        return f"{self.store_id} {self.day}"

    @property
    def story(self) -> str:
        """Who signed what, in one line."""
        signed = f"{self.signed_by.name} {local_time(self.signed_at):%H:%M} 签字（{self.parties} 组）"
        if self.confirmed_by is None or self.confirmed_at is None:
            return f"{self.weather or '天气未填'} · {signed} · 待经理确认"
        return f"{self.weather or '天气未填'} · {signed} · {self.confirmed_by.name} {self.confirmed_at:%m-%d} 确认"
