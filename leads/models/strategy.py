"""客户策略卡 and 客户月评卡 on a prospect card (§1.3 F3, F4)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models

from dealership.core.models import Versioned
from dealership.core.money import MoneyField
from leads.choices import Grade
from leads.models.prospect import Prospect
from leads.querysets import CardNoteQuerySet


@pghistory.track()
class StrategyCard(Versioned):
    """How this customer is to be won: one per card, kept up by its owner."""

    prospect = models.OneToOneField(Prospect, on_delete=models.PROTECT, related_name="strategy")
    needs = models.CharField("核心需求", max_length=300, blank=True)
    decision_makers = models.CharField("决策链", max_length=200, blank=True)
    competitor_view = models.CharField("竞品对策", max_length=300, blank=True)
    objection = models.CharField("主要异议", max_length=300, blank=True)
    next_tactic = models.CharField("下一步打法", max_length=300, blank=True)
    offer_limit = MoneyField("可让价底线", null=True, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = CardNoteQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.prospect_id}"


@pghistory.track()
class MonthReviewCard(Versioned):
    """One month of one card: the figures are the system's, why and what next are the owner's."""

    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="month_reviews")
    month = models.DateField("月份首日")
    grade_start = models.CharField("月初级别", max_length=1, choices=Grade, blank=True)
    grade_end = models.CharField("月末级别", max_length=1, choices=Grade)
    contacts = models.PositiveIntegerField("本月接触次数")
    why = models.CharField("变化原因", max_length=300)
    next_month = models.CharField("下月打算", max_length=300)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    objects = CardNoteQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prospect", "month"], name="%(app_label)s_%(class)s_once")]

    def __str__(self) -> str:
        return f"{self.prospect_id} {self.month:%Y-%m}"
