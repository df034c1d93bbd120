"""The three answers to an application: agree, reject, give to somebody else (§4.2).

The generic inbox, its API, the page and the API of losses all end in the two handlers below, inside the deciding
transaction of `approvals`. Locks are taken in one order: request, customer, card, application.
"""

from __future__ import annotations

from typing import Any

from dealership.approvals.models import Approval, ApprovalState
from dealership.approvals.services import decide, may_decide
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.org.policy import policy
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import ProspectStatus
from leads.loss_choices import CallBackResult, LossDecision, LossKind, LossReason, LossState
from leads.models import LossApplication, LossCallBack, Prospect
from leads.selectors.loss import loss_seen
from leads.services.handover import hand_over, locked_with_customer, reactivate, tell_owners
from leads.services.history import cancel_tasks, move_status

# Answers that end a call-back; an unanswered call counts after some attempts.
HEARD = (CallBackResult.CONFIRMED, CallBackResult.DIFFERENT, CallBackResult.WRONG_NUMBER, CallBackResult.DECLINED)


def require_decider(user: Any, row: LossApplication) -> None:
    """Refuse who holds neither the level nor the place of somebody who does; asked before a form is read."""
    if row.approval is None or not may_decide(user, row.approval):
        raise NotAllowed("您不能审批自己的申请，或审批权限不足。")


@service
def loss_decide(
    *,
    by: Any,
    application_id: int,
    decision: str,
    comment: str = "",
    new_owner: Any = None,
    version: int | None = None,
) -> LossApplication:
    """Answer an application. Whoever answers first decides; the second gets 409 with the answer (R04).

    Refused: the applicant and the card's owner; a level too low; a rejection without words; a new owner who does not
    sell here; agreeing before a sampled loss was called back; a card (`version`) that changed since it was read.
    """
    found = loss_seen(user=by).filter(pk=application_id).first()
    if found is None:
        raise NotFound
    approval = lock(Approval.objects.select_related("store"), found.approval_id)
    if not may_decide(by, approval):
        raise NotAllowed("您不能审批自己的申请，或审批权限不足。")
    if approval.state != ApprovalState.PENDING:
        raise Conflict("decided", f"该申请已由其他人处理（{approval.get_state_display()}），请刷新查看。")
    card, row = _locked(found.pk, giving=decision == LossDecision.REASSIGN)
    check_version(card, version, grade=card.grade, status=card.get_status_display())
    comment = clean_text(comment)
    if decision not in LossDecision:
        text = "请选择同意、驳回或转给其他顾问。"
        raise DomainError("bad_decision", text, {"decision": [text]})
    if decision == LossDecision.REASSIGN:
        row.new_owner = _heir(card, new_owner)
        row.save(update_fields=["new_owner"])
        comment = comment if len(comment) > 1 else f"转由{row.new_owner.name}继续跟进"
    decide(by=by, approval_id=approval.pk, approve=decision == LossDecision.AGREE, comment=comment[:300])
    return LossApplication.objects.get(pk=row.pk)


def _heir(card: Prospect, person: Any) -> Any:
    sellers = people_in([card.store_id], SELLING_ROLES)
    if person is None or person.pk == card.owner_id or not sellers.filter(pk=person.pk).exists():
        text = "请选择接手的顾问（本店在职、且不是现在的归属顾问）。"
        raise DomainError("bad_owner", text, {"new_owner": [text]})
    return person


def _locked(application_id: int, *, giving: bool) -> tuple[Prospect, LossApplication]:
    """The card and the application; the customer first only when it changes hands: no contact waits for it."""
    prospect_id = LossApplication.objects.values_list("prospect_id", flat=True).get(pk=application_id)
    cards = Prospect.objects.all()
    card = locked_with_customer(cards, prospect_id) if giving else lock(cards, prospect_id)
    return card, lock(LossApplication.objects.all(), application_id)


def _answered(approval: Approval, by: Any, state: LossState) -> tuple[Prospect, LossApplication]:
    """The locked card and application with the answer written; only a waiting one, only by a second person."""
    card, row = _locked(approval.subject_id, giving=state == LossState.REASSIGNED)
    if not row.is_pending:
        raise Conflict("decided", f"该申请已处理（{row.get_state_display()}），请刷新查看。")
    if by.pk in (row.applied_by_id, card.owner_id):
        raise NotAllowed("客户归属人和申请人不能审批这条申请，请由上一级处理。")
    row.state, row.decided_by, row.decided_at = state, by, approval.decided_at
    row.comment = approval.comment
    row.touch()
    row.save()
    return card, row


def loss_agreed(approval: Approval, by: Any) -> None:
    """Approval handler: the card is lost, or rests until its wake date."""
    card, row = _answered(approval, by, LossState.AGREED)
    _require_call_back(row)
    ended = ProspectStatus.LOST if row.kind == LossKind.LOSS else ProspectStatus.DORMANT
    moment = periods.now()
    move_status(card, ended, at=moment, by=by, reason=LossReason(row.reason).label)
    cancel_tasks(card, at=moment)
    card.next_follow_up_at = None
    card.touch()
    card.save()
    record(by=by, action=f"loss.{row.kind}_agree", target=row, changes={"reason": row.reason})


def loss_rejected(approval: Approval, by: Any) -> None:
    """Approval handler: back to work with a contact due tomorrow, with its owner or with the one chosen."""
    heir_id = LossApplication.objects.values_list("new_owner_id", flat=True).get(pk=approval.subject_id)
    state = LossState.REASSIGNED if heir_id else LossState.REJECTED
    card, row = _answered(approval, by, state)
    reactivate(card, by=by, reason=f"{row.get_kind_display()}申请未通过：{row.comment}")
    if row.new_owner is not None:
        old_owner = card.owner
        hand_over(card, row.new_owner, by=by, reason=row.comment)
        tell_owners(card, old_owner)
    record(by=by, action=f"loss.{row.kind}_{state}", target=row)


def _require_call_back(row: LossApplication) -> None:
    """A sampled loss is agreed only after the customer was heard, or could not be after some attempts (≥20 %)."""
    if not row.is_sampled:
        return
    results = list(
        LossCallBack.objects.filter(application=row).order_by("-called_at", "-id").values_list("result", flat=True)
    )
    attempts = int(policy("loss.call_attempts", row.store_id))
    if results and results[0] == CallBackResult.INTERESTED:
        text = "回访中客户表示仍有购车意向，不能同意战败，请驳回或转给其他顾问。"
        raise DomainError("still_interested", text)
    if not (set(results) & set(HEARD) or len(results) >= attempts):
        text = "该申请须先做战败确认回访，请等客服或 DCC 回访客户后再同意；也可以先驳回或转给其他顾问。"
        raise DomainError("call_back_missing", text)
