"""战败申请 and 休眠申请: asked and taken back. The answers are in `loss_decision.py` (§4.2, R-FU-5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import connection
from django.urls import reverse

from dealership.approvals.services import ask
from dealership.approvals.services import withdraw as withdraw_request
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.money import show_wan
from dealership.core.services import check_version, lock, service
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.reach import can, people_in, require
from leads import policies
from leads.choices import ProspectStatus
from leads.loss_choices import LossKind, LossReason, LossState
from leads.models import Customer, LossApplication, Prospect
from leads.selectors.cancellation import fresh_cancellation
from leads.services.handover import locked_with_customer, reactivate
from leads.services.history import cancel_tasks, move_status
from leads.services.loss_guards import (
    Claim,
    check_attempts,
    check_claim,
    check_free,
    check_manager_contact,
    check_wake,
    second_contact,
)

APPROVALS = {LossKind.LOSS: "prospect.loss", LossKind.DORMANCY: "prospect.dormancy"}
CALLERS = (Role.CARE_AGENT, Role.DCC_AGENT)


@service
def loss_apply(
    *,
    by: Any,
    prospect_id: int,
    reason: str,
    explanation: str,
    competitor_brand: str = "",
    competitor_model: str = "",
    competitor_price: Decimal | None = None,
    competitor_dealer: str = "",
    version: int | None = None,
) -> LossApplication:
    """申请战败. The card waits; the showroom manager (H, A: the sales manager) answers within the clock.

    Refused: no reason or explanation, bought elsewhere without the competitor, the second follow-up not done, H or A
    without a manager's contact, an order under way, a stale card. A card out of control is a manager's to give up.
    Straight from a cancelled order the cancellation, which a manager agreed to, stands for second follow-up and
    manager's contact (ORDERED → LOSS_PENDING); a follow-up that waits is still made first, and a second person decides.
    """
    card = _card(by, prospect_id, version)
    if not policies.can_apply_loss(card):
        raise Conflict("card_not_open", f"客户当前为“{card.get_status_display()}”，不能申请战败。")
    if card.status == ProspectStatus.OUT_OF_CONTROL and not can(by, "prospect.reassign", card.store_id):
        raise NotAllowed("失控客户由展厅经理决定转给其他顾问或申请战败；您联系上客户后会自动恢复跟进。")
    claim = Claim.told(
        reason=reason, explanation=explanation, competitor_brand=competitor_brand, competitor_model=competitor_model,
        competitor_price=competitor_price, competitor_dealer=competitor_dealer,
    )  # fmt: skip
    check_claim(claim)
    check_free(card)
    unreachable = claim.reason == LossReason.UNREACHABLE
    cancelled = fresh_cancellation(card)
    second = second_contact(card, needed=not unreachable and cancelled is None)
    if unreachable:
        check_attempts(card)
    if cancelled is None:
        check_manager_contact(card, reachable=not unreachable)
    return open_application(card, LossKind.LOSS, claim, by=by, second_follow_up=second, cancellation=cancelled)


@service
def dormancy_apply(
    *, by: Any, prospect_id: int, reason: str, explanation: str, wake_on: dt.date, version: int | None = None
) -> LossApplication:
    """申请休眠 until a date. Refused for H and A, for a date too far, while a second follow-up waits."""
    card = _card(by, prospect_id, version)
    if not policies.can_apply_dormancy(card):
        text = f"只有跟进中的 B、C 级客户可以申请休眠，该客户当前为 {card.grade}级“{card.get_status_display()}”。"
        raise Conflict("not_for_rest", text)
    claim = Claim(reason=reason, explanation=explanation.strip())
    if reason in (LossReason.COMPETITOR, LossReason.SAME_BRAND):
        text = "客户已在别处购车，请申请战败并填写成交信息。"
        raise DomainError("bought_elsewhere", text, {"reason": [text]})
    check_claim(claim)
    check_wake(wake_on, card.store_id)
    check_free(card)
    second = second_contact(card, needed=False)
    return open_application(card, LossKind.DORMANCY, claim, by=by, second_follow_up=second, wake_on=wake_on)


def _card(by: Any, prospect_id: int, version: int | None) -> Prospect:
    card = locked_with_customer(Prospect.objects.visible_to(by), prospect_id)
    require(by, "loss.apply", card.store_id)
    check_version(card, version, grade=card.grade)
    return card


def open_application(card: Prospect, kind: LossKind, claim: Claim, *, by: Any, **proofs: Any) -> LossApplication:
    """The application, its request and the waiting card; in the caller's transaction, customer and card locked.

    `proofs`: `second_follow_up`, `cancellation`, `wake_on`.
    """
    moment = periods.now()
    number = _next_number(card.store_id, kind)
    row = LossApplication.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, prospect=card,
        customer_id=card.customer_id, kind=kind, number=number, grade=card.grade, applied_by=by, applied_at=moment,
        reason=claim.reason, competitor_brand=claim.brand[:40], competitor_model=claim.model[:60],
        competitor_price=claim.price, competitor_dealer=claim.dealer[:60], explanation=claim.explanation,
        **proofs,
        is_sampled=kind == LossKind.LOSS and _is_called(card, number, by),
        due_at=moment + dt.timedelta(hours=int(policy("loss.decide_hours", card.store_id))),
    )  # fmt: skip
    row.approval = _ask(row, card.customer, by)
    row.save(update_fields=["approval"])
    pending = ProspectStatus.LOSS_PENDING if kind == LossKind.LOSS else ProspectStatus.DORMANT_PENDING
    move_status(card, pending, at=moment, by=by, reason=LossReason(claim.reason).label)
    cancel_tasks(card, at=moment)
    card.next_follow_up_at = None
    card.touch()
    card.save()
    if row.is_sampled:
        tell_callers(row)
    record(by=by, action=f"loss.{kind}_apply", target=row, changes={"reason": row.reason, "grade": row.grade})
    return row


def _next_number(store_id: int, kind: LossKind) -> int:
    """A store's applications of a kind count up without gaps: the store's turn is taken until the end of the write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"loss:{store_id}:{kind}"])
    last = LossApplication.objects.filter(store_id=store_id, kind=kind).order_by("-number")
    return (last.values_list("number", flat=True).first() or 0) + 1


def callers_of(card: Prospect, applicant: Any) -> Any:
    """Care and DCC people who may hear the customer about this card: neither its owner nor the applicant."""
    return people_in([card.store_id], CALLERS).exclude(pk__in=[card.owner_id, applicant.pk])


def _is_called(card: Prospect, number: int, by: Any) -> bool:
    drawn = policies.is_sampled(card.store_id, number, periods.today())
    return drawn and callers_of(card, by).exists()


def _ask(row: LossApplication, customer: Customer, by: Any) -> Any:
    detail = {
        "grade": row.grade, "reason": row.get_reason_display(), "explanation": row.explanation,
        "competitor": " ".join(text for text in (row.competitor_brand, row.competitor_model) if text),
        "price": show_wan(row.competitor_price) if row.competitor_price else "", "dealer": row.competitor_dealer,
        "cancelled": f"订单已退订：{row.cancellation.reason}" if row.cancellation else "",
        "wake_on": str(row.wake_on or ""), "call_back": "须先完成战败确认回访" if row.is_sampled else "",
    }  # fmt: skip
    return ask(
        by=by, store=row.store, kind=APPROVALS[LossKind(row.kind)], subject_id=row.pk,
        title=f"{row.get_kind_display()}申请：{customer.display_name}（{row.grade}级）",
        level=policies.loss_level(row.grade), reason=row.explanation[:300], detail=detail, due_at=row.due_at,
    )  # fmt: skip


def tell_callers(row: LossApplication) -> None:
    """Whoever may call is told once; the list has the rest."""
    notify(
        to=callers_of(row.prospect, row.applied_by), kind="loss.call_back", key=f"loss:{row.pk}:call_back",
        text="有一条战败申请需要回访核实，请在审批前联系客户。", url=reverse("leads:loss_calls"),
    )  # fmt: skip


@service
def loss_withdraw(*, by: Any, application_id: int) -> LossApplication:
    """Take one's own application back; the card is worked on again from tomorrow. Refused once it was answered."""
    found = LossApplication.objects.filter(pk=application_id, applied_by=by).first()
    row = found or lock(LossApplication.objects.visible_to(by), application_id)
    require(by, "loss.apply", row.store_id)
    if row.applied_by_id != by.pk:
        raise NotAllowed("只有申请人本人可以撤回申请。")
    # The request first: the lock order of asking and answering.
    withdraw_request(by=by, kind=APPROVALS[LossKind(row.kind)], subject_id=row.pk)
    card = lock(Prospect.objects.all(), row.prospect_id)
    row = lock(LossApplication.objects.all(), row.pk)
    if not row.is_pending:
        raise Conflict("decided", f"该申请已处理（{row.get_state_display()}），不能撤回。")
    row.state = LossState.WITHDRAWN
    row.touch()
    row.save()
    reactivate(card, by=by, reason=f"撤回{row.get_kind_display()}申请")
    record(by=by, action="loss.withdraw", target=row)
    return row
