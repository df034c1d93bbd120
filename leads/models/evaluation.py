"""意向评估 and 培育池: which customers are worth a seller's day, and who warms up the others (O1, O2)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from dealership.audit.models import APPEND_ONLY
from dealership.core.models import Versioned
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from leads.evaluation_choices import LABELS, MOST_POINTS, NurtureEnd, Verdict
from leads.models.prospect import Prospect
from leads.querysets import NurtureQuerySet, ProspectRowQuerySet


def points(name: str) -> models.PositiveSmallIntegerField[int | None, int | None]:
    """0 to 5, empty while nobody knows."""
    return models.PositiveSmallIntegerField(
        LABELS[name], null=True, blank=True, validators=[MaxValueValidator(MOST_POINTS)]
    )


def _in_range() -> Q:
    found = Q()
    for name in LABELS:
        found &= Q(**{name: None}) | Q(**{f"{name}__lte": MOST_POINTS})
    return found


class ProspectEvaluation(models.Model):
    """One evaluation of a card, append-only: the answers, and the weights and threshold in force that day.

    `score` counts an unanswered question as nothing, `ceiling` as the full points; both are 0 to 100, cut to one place.
    """

    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="evaluations")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("评估时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    urgency = points("urgency")
    purchase_time = points("purchase_time")
    cycle = points("cycle")
    decision_maker = points("decision_maker")
    budget = points("budget")
    weights = models.JSONField("权重")
    threshold = models.PositiveSmallIntegerField("达标线")
    score = models.DecimalField("得分", max_digits=4, decimal_places=1)
    ceiling = models.DecimalField("最高可能得分", max_digits=4, decimal_places=1)
    verdict = models.CharField("结论", max_length=8, choices=Verdict)
    note = models.CharField("说明", max_length=200, blank=True)

    objects = ProspectRowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_in_range(), name="%(app_label)s_%(class)s_points"),
            models.CheckConstraint(
                condition=Q(score__gte=0, ceiling__lte=100, ceiling__gte=models.F("score")),
                name="%(app_label)s_%(class)s_score",
            ),
        ]
        indexes = [models.Index(fields=["prospect", "-at", "-id"], name="leads_evaluation_of")]
        triggers = [*APPEND_ONLY, *closed_month_guards("at")]

    def __str__(self) -> str:
        return f"{self.score} {self.get_verdict_display()}"


@pghistory.track()
class NurtureStay(Versioned):
    """A card's time in the nurture pool. The owner keeps customer and follow-ups; marketing warms them up besides."""

    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="nurture_stays")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    evaluation = models.ForeignKey(ProspectEvaluation, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("进入培育")
    left_at = models.DateTimeField("离开培育", null=True, blank=True)
    left_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    end = models.CharField("结果", max_length=8, choices=NurtureEnd, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    objects = NurtureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prospect"], condition=Q(left_at=None), name="%(app_label)s_%(class)s_one_open"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None, end="") | (Q(left_at__isnull=False) & ~Q(end="")),
                name="%(app_label)s_%(class)s_ended_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-entered_at", "-id"], name="leads_nurture_store"),
            models.Index(fields=["store", "-entered_at", "-id"], condition=Q(left_at=None), name="leads_nurture_open"),
        ]

    def __str__(self) -> str:
        return f"{self.prospect_id} {self.entered_at:%Y-%m-%d}"
