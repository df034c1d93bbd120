"""Stored figures: numerator and denominator per person and day (or month), and which cells are filled."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from dealership.org.closing import closed_month_statement_guards
from dealership.org.models import Store, Team
from reports.choices import FactGrain, FillStatus
from reports.querysets import FactQuerySet


class Fact(models.Model):
    """One KPI's share of one person on one day, as credited then; `day` is empty for month figures.

    `month` is the first of its month. `part` breaks a figure down (grade). Facts are replaced by the roll-up,
    never added to, and those of a closed month are refused by the database.
    """

    # The unique constraint begins with store and month: indexes of their own would only slow the roll-up.
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    kpi = models.CharField(max_length=40)
    day = models.DateField(null=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    part = models.CharField(max_length=10, blank=True, default="")
    numerator = models.DecimalField(max_digits=20, decimal_places=4)
    denominator = models.DecimalField(max_digits=20, decimal_places=4, null=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "month", "kpi", "day", "part", "person", "team"],
                name="%(app_label)s_%(class)s_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["person", "month"], name="reports_fact_person")]
        triggers = closed_month_statement_guards("month")

    def __str__(self) -> str:
        return f"{self.kpi} {self.day or self.month} {self.person_id}"


class FillState(models.Model):
    """Whether a cell of a store's month is filled, and when."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    grain = models.CharField(max_length=5, choices=FactGrain)
    day = models.DateField(null=True)
    state = models.CharField(max_length=7, choices=FillStatus)
    started_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "month", "grain", "day"], name="%(app_label)s_%(class)s_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.day or self.month} {self.state}"
