"""来店/来电登记: one row per party and local day, captured or not (F1, §5.2)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from dealership.core.models import Versioned
from dealership.org.closing import closed_month_guards
from dealership.org.models import LeadSource, Series, Store, Team
from leads.choices import VisitChannel, VisitPurpose, VisitType
from leads.models.customer import Customer
from leads.models.prospect import Prospect
from leads.querysets import VisitQuerySet


@pghistory.track()
class Visit(Versioned):
    """`owner` is who is credited (the later owner); `received_by` who stood at the door."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="visits")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.PROTECT, related_name="visits")
    channel = models.CharField("方式", max_length=10, choices=VisitChannel, default=VisitChannel.WALK_IN)
    purpose = models.CharField("来意", max_length=10, choices=VisitPurpose, default=VisitPurpose.PURCHASE)
    visit_type = models.CharField("到店类型", max_length=18, choices=VisitType)
    captured = models.BooleanField("留资", default=False)
    party_size = models.PositiveSmallIntegerField(
        "同行人数", default=1, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    series = models.ManyToManyField(Series, blank=True, related_name="+", verbose_name="意向车型")
    source = models.ForeignKey(LeadSource, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField("备注", max_length=500, blank=True)
    visited_at = models.DateTimeField("到店时间")
    visited_on = models.DateField("日期")
    left_at = models.DateTimeField("离店时间", null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "channel", "visited_on"], name="%(app_label)s_%(class)s_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=models.F("visited_at")),
                name="%(app_label)s_%(class)s_leaves_later",
            ),
            models.CheckConstraint(
                condition=Q(captured=False) | Q(customer__isnull=False),
                name="%(app_label)s_%(class)s_captured_has_customer",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-visited_at", "-id"], name="leads_visit_register"),
            models.Index(fields=["owner", "-visited_at"], name="leads_visit_owner"),
            models.Index(fields=["store"], condition=Q(visit_type="incomplete"), name="leads_visit_incomplete"),
        ]
        triggers = [
            *closed_month_guards("visited_at", protects=("owner_id", "visit_type", "captured", "channel", "party_size"))
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.visited_on}"
