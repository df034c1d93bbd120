"""One generic request → decision with level, clock and delegate."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.scoping import ScopedQuerySet
from dealership.org.models import Store


class ApprovalState(models.TextChoices):
    PENDING = "pending", _("待审批")
    APPROVED = "approved", _("已同意")
    REJECTED = "rejected", _("已拒绝")
    WITHDRAWN = "withdrawn", _("已撤回")


class ApprovalQuerySet(ScopedQuerySet):
    """Requests within reach; the requester always sees their own."""

    resource = "approval"
    team_path = None
    owner_path = "requested_by"


class Approval(models.Model):
    """`kind` names the handler in the app that asked; `subject_id` its row. Deciders hold `level` (org.roles)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.PENDING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=300, blank=True)
    escalated_at = models.DateTimeField(null=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="pending"), name="%(app_label)s_%(class)s_one_pending"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")) | Q(state="withdrawn"),
                name="%(app_label)s_%(class)s_not_own",
            ),
        ]
        indexes = [models.Index(fields=["store", "state", "due_at"], name="approvals_approval_queue")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_overdue(self) -> bool:
        """Unanswered past its clock."""
        return self.state == ApprovalState.PENDING and periods.now() >= self.due_at


class Delegation(models.Model):
    """While somebody is away another person decides in their place."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    from_day = models.DateField(_("开始日期"))
    until_day = models.DateField(_("结束日期"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("delegate")), name="%(app_label)s_%(class)s_other_person"),
            models.CheckConstraint(condition=Q(until_day__gte=F("from_day")), name="%(app_label)s_%(class)s_span"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.delegate_id}"
