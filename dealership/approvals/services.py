"""Asking and deciding. The app that asks registers what a decision does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from dealership.accounts.models import User
from dealership.approvals.models import Approval, ApprovalState, Delegation
from dealership.approvals.selectors import approvals_seen
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.services import lock, service
from dealership.notices.services import notify
from dealership.org.calendar import next_open_day
from dealership.org.models import Membership, Store
from dealership.org.policy import policy
from dealership.org.reach import has_role, people_in
from dealership.org.roles import APPROVER_ROLES


@dataclass(frozen=True)
class Handler:
    """What a decision means for the subject; both run inside the deciding transaction.

    `labels` names the parts of `detail` a decider is shown; what is not named stays hidden. `opens` says where a reader
    finds the subject, nothing when it is out of their reach; without it that is `url`, where the answer is read.
    """

    label: str
    on_approve: Callable[[Approval, Any], None]
    on_reject: Callable[[Approval, Any], None]
    url: Callable[[Approval], str]
    labels: Mapping[str, Any] = field(default_factory=dict)
    opens: Callable[[Approval, Any], str] | None = None


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
    *,
    by: User,
    store: Store,
    kind: str,
    subject_id: int,
    title: str,
    level: int,
    reason: str,
    detail: dict[str, Any],
    due_at: dt.datetime | None = None,
) -> Approval:
    """Open a request for people of `level` or above. One open request per subject (unique constraint).

    `due_at` is for requests with a clock of their own; the others are answered the same day.
    """
    if kind not in handlers:
        raise KeyError(kind)
    moment = periods.now()
    row = Approval.objects.create(
        store=store, kind=kind, subject_id=subject_id, title=title, detail=detail, level=level,
        requested_by=by, requested_at=moment, due_at=due_at or due_today(store, moment), reason=reason,
    )  # fmt: skip
    record(by=by, action=f"{kind}.ask", target=row, changes={"level": level})
    people = waiting_for(row, row.level)
    notify(to=people, kind="approval", key=f"approval:{row.pk}", text=f"待审批：{title}", url="/approvals/")
    return row


def holders(store: Store, level: int) -> list[User]:
    """People who hold exactly this level in the store (level 4: in its group)."""
    if level == max(APPROVER_ROLES):
        rows = Membership.objects.filter(
            group_id=store.group_id, store=None, role__in=APPROVER_ROLES[level], valid__contains=periods.today()
        )
        return list(User.objects.filter(pk__in=rows.values("user_id"), is_active=True).order_by("id"))
    return list(people_in([store.pk], APPROVER_ROLES[level]))


def deciders(approval: Approval, level: int | None = None) -> list[User]:
    """People who hold the level in that store, and the delegates of those who are away today."""
    people = holders(approval.store, level or approval.level)
    today = periods.today()
    stand_ins = Delegation.objects.filter(
        user__in=people, store=approval.store, from_day__lte=today, until_day__gte=today
    ).select_related("delegate")
    return people + [row.delegate for row in stand_ins if row.delegate not in people]


def waiting_for(approval: Approval, level: int, told: Iterable[User] = ()) -> list[User]:
    """Who is told: the lowest level from `level` up with somebody who can answer and was not told before."""
    known = {approval.requested_by_id, *(person.pk for person in told)}
    for step in sorted(step for step in APPROVER_ROLES if step >= level):
        people = [person for person in deciders(approval, step) if person.pk not in known]
        if people:
            return people
    return []


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
    row: Approval = lock(approvals_seen(user=by).select_related("store"), approval_id)
    if not may_decide(by, row):
        raise NotAllowed(_("您不能审批自己的申请，或审批权限不足。"))
    if row.state != ApprovalState.PENDING:
        raise Conflict("decided", _("该申请已由其他人处理（%s），请刷新查看。") % row.get_state_display())
    if not approve and len(comment.strip()) < 2:
        raise DomainError("comment_missing", _("拒绝时请写明原因。"), {"comment": [_("拒绝时请写明原因。")]})
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


@service
def withdraw(*, by: User, kind: str, subject_id: int) -> None:
    """Take back an open request (the subject changed)."""
    for row in Approval.objects.select_for_update().filter(
        kind=kind, subject_id=subject_id, state=ApprovalState.PENDING
    ):
        row.state, row.decided_by, row.decided_at = ApprovalState.WITHDRAWN, by, periods.now()
        row.save()
        record(by=by, action=f"{kind}.withdrawn", target=row)


@service
def approval_escalate(*, approval_id: int) -> bool:
    """An unanswered request is past its clock: tell the next level, once. Called by the clock (R-DISC same-day answer).

    The request keeps its level: whoever answers first, the level asked or the one above, decides.
    """
    row = Approval.objects.select_for_update(of=("self",)).select_related("store").filter(pk=approval_id).first()
    if row is None or row.state != ApprovalState.PENDING or row.escalated_at or periods.now() < row.due_at:
        return False
    above = waiting_for(row, row.level + 1, told=waiting_for(row, row.level))
    row.escalated_at = periods.now()
    row.save(update_fields=["escalated_at"])
    notify(
        to=above,
        kind="approval",
        key=f"approval:{row.pk}:overdue",
        text=f"超时未审批：{row.title}",
        url="/approvals/",
    )
    record(by=None, action="approval.escalate", target=row, changes={"told": len(above)})
    return True


@service
def delegation_set(*, by: User, store: Store, delegate: User, from_day: dt.date, until_day: dt.date) -> Delegation:
    """Name who decides in my place while I am away. Refused for myself, for strangers and for days gone by."""
    held = {level for level, roles in APPROVER_ROLES.items() if has_role(by, roles, store.pk)}
    if not held:
        raise NotAllowed(_("您在该门店没有审批权限，无需设置代理。"))
    errors: dict[str, list[str]] = {}
    if delegate.pk == by.pk:
        errors["delegate"] = [_("请选择另一位同事代理。")]
    elif not Membership.objects.filter(user=delegate, store=store, valid__contains=periods.today()).exists():
        errors["delegate"] = [_("代理人须是该门店的在职同事。")]
    if from_day < periods.today():
        errors["from_day"] = [_("开始日期不能早于今天。")]
    if until_day < from_day:
        errors["until_day"] = [_("结束日期不能早于开始日期。")]
    overlap = Delegation.objects.filter(user=by, store=store, from_day__lte=until_day, until_day__gte=from_day)
    if not errors and overlap.exists():
        errors["from_day"] = [_("这几天已设置了代理，请先结束原来的代理。")]
    if errors:
        raise DomainError("delegation", next(iter(errors.values()))[0], errors)
    row = Delegation.objects.create(user=by, store=store, delegate=delegate, from_day=from_day, until_day=until_day)
    record(by=by, action="delegation.set", target=row, changes={"delegate": delegate.pk, "until": until_day})
    notify(
        to=[delegate],
        kind="approval",
        key=f"delegation:{row.pk}",
        text=f"{by} 请您在 {from_day:%m-%d} 至 {until_day:%m-%d} 代为审批",
        url="/approvals/",
    )
    return row


@service
def delegation_end(*, by: User, delegation_id: int) -> None:
    """Take my delegation back: at once; a day already begun stays in the audit trail."""
    row = Delegation.objects.select_for_update().filter(user=by, pk=delegation_id).first()
    if row is None:
        raise NotFound
    record(by=by, action="delegation.end", target=row, changes={"delegate": row.delegate_id})
    row.delete()
