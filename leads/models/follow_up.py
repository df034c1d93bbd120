"""Follow-ups done, and the tasks that make overdue a computed fact."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from leads.choices import LONGEST_CONTACT, ContactChannel, FollowUpOutcome, Grade, TaskKind
from leads.models.customer import Customer
from leads.models.prospect import Prospect
from leads.querysets import FollowUpQuerySet, FollowUpTaskQuerySet


@pghistory.track()
class FollowUp(models.Model):
    """One contact (R-FU-3). `owner` is the card's owner then, `done_by` who did it and gets the credit (R-FU-2).

    `minutes` is 用时 of the 营业日报表 (domain.md §5.2): empty when nobody noted it, never 0.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="follow_ups")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="follow_ups")
    done_at = models.DateTimeField("跟进时间")
    channel = models.CharField("方式", max_length=10, choices=ContactChannel)
    outcome = models.CharField("结果", max_length=18, choices=FollowUpOutcome)
    content = models.CharField("内容", max_length=1000, blank=True)
    grade_before = models.CharField("原有级别", max_length=1, choices=Grade)
    grade_after = models.CharField("现在级别", max_length=1, choices=Grade)
    next_follow_up_at = models.DateTimeField("下次跟进", null=True)
    delay_reason = models.CharField("延后原因", max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField("用时（分钟）", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes=None)
                | Q(minutes__gte=1, minutes__lte=LONGEST_CONTACT) & ~Q(outcome=FollowUpOutcome.NO_ANSWER),
                name="%(app_label)s_%(class)s_minutes",
            )
        ]
        indexes = [
            models.Index(fields=["prospect", "-done_at", "-id"], name="leads_followup_prospect"),
            models.Index(fields=["store", "-done_at"], name="leads_followup_store"),
            models.Index(fields=["done_by", "-done_at"], name="leads_followup_done_by"),
        ]
        triggers = closed_month_guards("done_at", protects=("done_by_id", "owner_id", "outcome", "minutes"))

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.done_at:%Y-%m-%d}"


class FollowUpTask(models.Model):
    """A contact that is due. One open task per card and kind; `due_at` of the nearest is on the card."""

    # No index of its own: PostgreSQL would read all tasks of a store by it, believing most of them open.
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prospect = models.ForeignKey(Prospect, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=8, choices=TaskKind, default=TaskKind.REGULAR)
    due_at = models.DateTimeField()
    original_due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey(FollowUp, null=True, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True)

    objects = FollowUpTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prospect", "kind"],
                condition=Q(done_at=None, cancelled_at=None),
                name="%(app_label)s_%(class)s_one_open",
            )
        ]
        indexes = [
            models.Index(fields=["store", "due_at"], name="leads_followuptask_store"),
            models.Index(
                fields=["owner", "due_at"], condition=Q(done_at=None, cancelled_at=None), name="leads_followuptask_open"
            ),
            models.Index(
                fields=["store", "due_at"],
                condition=Q(done_at=None, cancelled_at=None),
                name="leads_followuptask_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d}"
