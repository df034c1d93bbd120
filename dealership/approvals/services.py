"""Asking and deciding. The app that asks registers what a decision does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval, ApprovalState, Delegation
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.services import lock, service
from dealership.notices.services import notify
from dealership.org.calendar import next_open_day
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import has_role, people_in
from dealership.org.roles import APPROVER_ROLES


@dataclass(frozen=True)
class Handler:
    """What a decision means for the subject; both run inside the deciding transaction."""

    label: str
    on_approve: Callable[[Approval, Any], None]
    on_reject: Callable[[Approval, Any], None]
    url: Callable[[Approval], str]


handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Called at start-up by the app that asks."""
    handlers[kind] = handler


def due_today(store: Store, asked_at: dt.datetime) -> dt.datetime:
    """Same-day answer (domain §5.5): today's deadline, or the next open day's when it has passed."""
    day = periods.local_date(asked_at)
    deadline = periods.at(day, policy("approval.deadline", store, day))
    if asked_at >= deadline:
        day = next_open_day(day + dt.timedelta(days=1), store.pk)
        deadline = periods.at(day, policy("approval.deadline", store, day))
    return deadline


@service
def ask(
    *, by: User, store: Store, kind: str, subject_id: int, title: str, level: int, reason: str, detail: dict[str, Any]
) -> Approval:
    """Open a request for people of `level` or above. One open request per subject (unique constraint)."""
    if kind not in handlers:
        raise KeyError(kind)
    moment = periods.now()
    row = Approval.objects.create(
        store=store, kind=kind, subject_id=subject_id, title=title, detail=detail, level=level,
        requested_by=by, requested_at=moment, due_at=due_today(store, moment), reason=reason,
    )  # fmt: skip
    record(by=by, action=f"{kind}.ask", target=row, changes={"level": level})
    people = [person for person in deciders(row) if person.pk != by.pk]
    notify(to=people, kind="approval", key=f"approval:{row.pk}", text=f"待审批：{title}", url="/approvals/")
    return row


def deciders(approval: Approval) -> list[User]:
    """People who hold the level in that store, and the delegates of those who are away today."""
    people = list(people_in([approval.store_id], APPROVER_ROLES[approval.level]))
    today = periods.today()
    stand_ins = Delegation.objects.filter(
        user__in=people, store=approval.store, from_day__lte=today, until_day__gte=today
    ).select_related("delegate")
    return people + [row.delegate for row in stand_ins if row.delegate not in people]


def may_decide(user: User, approval: Approval) -> bool:
    """The level or a higher one in that store, or a delegate; never the requester."""
    if user.pk == approval.requested_by_id:
        return False
    for level, roles in APPROVER_ROLES.items():
        if level >= approval.level and has_role(user, roles, approval.store_id):
            return True
    return user in deciders(approval)


@service
def decide(*, by: User, approval_id: int, approve: bool, comment: str) -> Approval:
    """Answer a request once. A rejection needs a comment; nobody decides their own (R04)."""
    visible = Approval.objects.visible_to(by) | Approval.objects.filter(pk__in=_delegated_ids(by))
    row: Approval = lock(Approval.objects.filter(pk__in=visible.values("pk")), approval_id)
    if not may_decide(by, row):
        raise NotAllowed("您不能审批自己的申请，或审批权限不足。")
    if row.state != ApprovalState.PENDING:
        raise Conflict("decided", f"该申请已由其他人处理（{row.get_state_display()}），请刷新查看。")
    if not approve and len(comment.strip()) < 2:
        raise DomainError("comment_missing", "拒绝时请写明原因。", {"comment": ["拒绝时请写明原因。"]})
    row.state = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
    row.decided_by, row.decided_at, row.comment = by, periods.now(), comment.strip()
    row.save()
    handler = handlers[row.kind]
    (handler.on_approve if approve else handler.on_reject)(row, by)
    record(by=by, action=f"{row.kind}.{row.state}", target=row)
    word = "已同意" if approve else "未通过"
    notify(
        to=[row.requested_by],
        kind="approval",
        key=f"approval:{row.pk}:answer",
        text=f"{word}：{row.title}",
        url=handler.url(row),
    )
    return row


def _delegated_ids(user: User) -> list[int]:
    today = periods.today()
    rows = Delegation.objects.filter(delegate=user, from_day__lte=today, until_day__gte=today)
    return [
        pk
        for row in rows
        for pk in Approval.objects.filter(store=row.store, state=ApprovalState.PENDING).values_list("pk", flat=True)
    ]


@service
def withdraw(*, by: User, kind: str, subject_id: int) -> None:
    """Take back an open request (the subject changed)."""
    for row in Approval.objects.select_for_update().filter(
        kind=kind, subject_id=subject_id, state=ApprovalState.PENDING
    ):
        row.state, row.decided_by, row.decided_at = ApprovalState.WITHDRAWN, by, periods.now()
        row.save()
        record(by=by, action=f"{kind}.withdrawn", target=row)
