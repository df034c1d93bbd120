"""What can be sold: configurations, colours, and prices with the day they start."""

from __future__ import annotations

import pghistory
from django.db import models

from dealership.core.money import MoneyField
from dealership.org.models import Brand, Series
from sales.querysets import CatalogueQuerySet, ConfigurationQuerySet, PriceEntryQuerySet


@pghistory.track()
class Configuration(models.Model):
    """A trim level of a series (配置/车型). Stopped ones stay on the deals and cars that have them."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="configurations")
    name = models.CharField("配置", max_length=60)
    code = models.CharField("车型代码", max_length=20, blank=True)
    is_active = models.BooleanField("在售", default=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = ConfigurationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "name"], name="%(app_label)s_%(class)s_name")]
        ordering = ["series_id", "name"]

    def __str__(self) -> str:
        return f"{self.series.name} {self.name}"


@pghistory.track()
class Colour(models.Model):
    """An exterior colour of a brand."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="colours")
    name = models.CharField("颜色", max_length=20)
    is_active = models.BooleanField("可订", default=True, db_default=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="%(app_label)s_%(class)s_name")]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class PriceEntry(models.Model):
    """A line of the price list from a day on; a deal keeps the entry it was made with (R-DISC)."""

    configuration = models.ForeignKey(Configuration, on_delete=models.PROTECT, related_name="prices")
    effective_from = models.DateField("生效日期")
    msrp = MoneyField("指导价")
    consultant_authority = MoneyField("顾问优惠权限")

    objects = PriceEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["configuration", "effective_from"], name="%(app_label)s_%(class)s_dated")
        ]
        ordering = ["configuration_id", "-effective_from"]

    def __str__(self) -> str:
        return f"{self.configuration} {self.effective_from}"
