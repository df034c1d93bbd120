"""A report of one person for one period: the daily report and the manager's evening report (§1.5, §4.6)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from dealership.core import periods
from dealership.core.models import Versioned
from dealership.core.periods import Period
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from reviews.choices import NOT_HANDED_IN, ReviewKind, ReviewState
from reviews.querysets import ReviewQuerySet


@pghistory.track(exclude=["figures", "submitted_figures", "refreshed_at"])
class Review(Versioned):
    """Numbers are snapshots of KPIs and never typed; words are the owner's.

    `figures` is the latest snapshot (refreshed until `frozen_at`), `submitted_figures` the one handed in.
    `is_late` and `is_missed` are decided against `due_at` and `missed_at` (R-TIME) and never taken back.
    `submitted_at` is the first hand-in: a report that was returned stays punctual.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    kind = models.CharField("类型", max_length=10, choices=ReviewKind)
    period = DateRangeField("期间")
    starts_on = models.DateField("日期")
    state = models.CharField("状态", max_length=10, choices=ReviewState, default=ReviewState.OPEN)
    due_at = models.DateTimeField("截止时间")
    missed_at = models.DateTimeField("缺交时间")
    comment_due_at = models.DateTimeField("点评截止")
    submitted_at = models.DateTimeField("提交时间", null=True)
    is_late = models.BooleanField("迟交", default=False)
    is_missed = models.BooleanField("缺交", default=False)
    first_commented_at = models.DateTimeField("首次点评", null=True)
    figures = models.JSONField(default=dict)
    refreshed_at = models.DateTimeField(null=True)
    submitted_figures = models.JSONField(default=dict)
    frozen_at = models.DateTimeField(null=True)
    locked_at = models.DateTimeField(null=True)
    problems = models.TextField("今日问题", max_length=1000, blank=True)
    help_wanted = models.TextField("需要支持", max_length=1000, blank=True)
    tomorrow_plan = models.TextField("明日计划", max_length=1000, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="reviews_review_no_overlap",
                expressions=[
                    ("owner", RangeOperators.EQUAL),
                    ("store", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(period__startswith=F("starts_on")), name="%(app_label)s_%(class)s_starts_with_period"
            ),
            models.CheckConstraint(
                condition=Q(state=ReviewState.OPEN, submitted_at=None)
                | Q(state=ReviewState.LOCKED)
                | (~Q(state=ReviewState.OPEN) & Q(submitted_at__isnull=False)),
                name="%(app_label)s_%(class)s_submitted_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "kind", "-starts_on", "-id"], name="reviews_review_store"),
            models.Index(fields=["owner", "-starts_on", "-id"], name="reviews_review_owner"),
        ]
        triggers = [
            *closed_month_guards(
                "starts_on",
                is_date=True,
                protects=(
                    "owner_id", "kind", "submitted_at", "is_late", "is_missed", "first_commented_at",
                    "figures", "problems", "help_wanted", "tomorrow_plan",
                ),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_on}"

    @property
    def day(self) -> Period:
        """The business day a daily or evening report is about."""
        return Period.day(self.starts_on)

    @property
    def is_frozen(self) -> bool:
        """The day is over: figures stand still, whether the midnight job has run yet or not."""
        return self.frozen_at is not None or periods.now() >= self.day.end_at

    @property
    def is_overdue(self) -> bool:
        """Not handed in although the deadline has passed (shown red)."""
        return self.submitted_at is None and periods.now() >= self.due_at

    @property
    def counts_as_missed(self) -> bool:
        """Missed at the very second the grace ends (R-TIME), also before the midnight job writes the flag."""
        return self.is_missed or (self.submitted_at is None and periods.now() >= self.missed_at)

    @property
    def awaits_owner(self) -> bool:
        return self.state in NOT_HANDED_IN
