"""Requests as pages and API read them: what waits for me, what I asked, what I answered."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from dealership.approvals.models import Approval, ApprovalState, Delegation
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.org.choices import Role
from dealership.org.models import Membership
from dealership.org.reach import group_store_ids, memberships_of
from dealership.org.roles import APPROVER_ROLES

QUEUE_ORDER = ("due_at", "id")
LIST_ORDER = ("-requested_at", "-id")


def _levels(role: str) -> list[int]:
    return [level for level, roles in APPROVER_ROLES.items() if Role(role) in roles]


def stood_in_for(user: Any) -> list[Delegation]:
    """Whose place the person takes today."""
    today = periods.today()
    rows = Delegation.objects.filter(delegate=user, from_day__lte=today, until_day__gte=today)
    return list(rows.select_related("user", "store").order_by("id"))


def _delegated(user: Any) -> Q:
    """Requests at the level of somebody who is away and named this person, in that store."""
    found = Q(pk__in=[])
    stand_ins = stood_in_for(user)
    if not stand_ins:
        return found
    held = Membership.objects.filter(
        user_id__in=[row.user_id for row in stand_ins], valid__contains=periods.today()
    ).values_list("user_id", "store_id", "role")
    for row in stand_ins:
        for user_id, store_id, role in held:
            if user_id == row.user_id and store_id in (row.store_id, None):
                found |= Q(store_id=row.store_id, level__in=_levels(role))
    return found


def _own_level(user: Any) -> Q:
    """Requests at or below the person's own level, store by store."""
    found = Q(pk__in=[])
    for row in memberships_of(user):
        for level in _levels(row.role):
            stores = [row.store_id] if row.store_id else group_store_ids(row.group_id)
            found |= Q(store_id__in=stores, level__lte=level)
    return found


def to_decide(*, user: Any) -> QuerySet[Approval]:
    """待我审批: open requests of others that this person may answer; the most urgent first."""
    rows = Approval.objects.filter(_own_level(user) | _delegated(user), state=ApprovalState.PENDING)
    return rows.exclude(requested_by=user).select_related("store", "requested_by", "decided_by")  # type: ignore[no-any-return]


def asked_by(*, user: Any) -> QuerySet[Approval]:
    """我申请的, newest first."""
    rows = Approval.objects.visible_to(user).filter(requested_by=user)
    return rows.select_related("store", "requested_by", "decided_by")  # type: ignore[no-any-return]


def decided_by(*, user: Any) -> QuerySet[Approval]:
    """我处理的, newest first."""
    rows = Approval.objects.filter(decided_by=user).exclude(state=ApprovalState.WITHDRAWN)
    return rows.select_related("store", "requested_by", "decided_by")  # type: ignore[no-any-return]


def approvals_seen(*, user: Any) -> QuerySet[Approval]:
    """Every request the person may read: within reach, in their place for somebody away, or answered by them."""
    visible = Approval.objects.visible_to(user).values("pk")
    return Approval.objects.filter(Q(pk__in=visible) | _delegated(user) | Q(decided_by=user))


def approval_get(*, user: Any, pk: int) -> Approval:
    """One request, else 404."""
    rows = approvals_seen(user=user).select_related("store", "requested_by", "decided_by")
    found: Approval | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def delegations_of(*, user: Any) -> list[Delegation]:
    """My own delegations that are not over yet."""
    rows = Delegation.objects.filter(user=user, until_day__gte=periods.today())
    return list(rows.select_related("delegate", "store").order_by("from_day", "id"))


def overdue_unescalated() -> QuerySet[Approval]:
    """Open requests past their clock whose next level was not told yet (the clock serves all stores)."""
    rows = Approval.objects.filter(state=ApprovalState.PENDING, due_at__lte=periods.now(), escalated_at=None)
    return rows.order_by("due_at", "id")  # type: ignore[no-any-return]
