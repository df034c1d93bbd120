"""Refunds: of one receipt, within its balance, to its payer (R-PAY)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import ask
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.money import ZERO, quantize
from dealership.core.services import lock, service
from dealership.org.policy import policy_decimal
from dealership.org.reach import require
from sales import policies
from sales.choices import DealStatus, DepositKind, PaymentPurpose, PaymentStatus, RefundStatus
from sales.models import Deal, Payment, Refund
from sales.selectors.money import outstanding, refundable
from sales.services.deal.draft import require_hand
from sales.services.deal.settle import settle
from sales.services.number import receipt_number
from sales.services.state import lock_deal


@service
def refund_request(*, by: User, payment_id: int, amount: Decimal, reason: str) -> Refund:
    """Ask to pay money back. Up to the policy limit the sales manager decides, above it the general manager.

    Refuses: money not cleared or reversed, more than the receipt still holds, 定金 when the buyer withdrew,
    and on a running order more than was overpaid.
    """
    deal_id = Payment.objects.visible_to(by).filter(pk=payment_id).values_list("deal_id", flat=True).first()
    if deal_id is None:
        raise NotFound
    deal = lock_deal(by=by, deal_id=deal_id)
    payment = lock(Payment.objects.visible_to(by), payment_id)
    require_hand(by, deal, "deal.cancel")
    amount = quantize(amount)
    _check(deal, payment, amount, reason)
    row = Refund.objects.create(
        store_id=deal.store_id, team_id=deal.team_id, owner_id=deal.owner_id, deal=deal, payment=payment,
        amount=amount, reason=reason.strip()[:200], requested_by=by, requested_at=periods.now(),
    )  # fmt: skip
    limit = policy_decimal("refund.sales_manager_limit", deal.store_id)
    ask(
        by=by, store=deal.store, kind="refund", subject_id=row.pk, reason=row.reason,
        level=policies.SALES if amount <= limit else policies.GENERAL,
        title=f"退款申请：{deal} {deal.customer.name} {amount}元",
        detail={"amount": str(amount), "receipt_no": payment.receipt_no, "deposit_kind": deal.deposit_kind},
    )  # fmt: skip
    record(by=by, action="refund.request", target=row, changes={"amount": amount})
    return row


def _check(deal: Deal, payment: Payment, amount: Decimal, reason: str) -> None:
    if payment.status != PaymentStatus.CLEARED or payment.amount <= ZERO:
        raise Conflict("not_cleared", "只有已到账的收款才能申请退款。")
    if Payment.objects.filter(reverses=payment).exists():
        raise Conflict("reversed", "该笔收款已冲销，不能退款。")
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", "请写明退款原因。", {"reason": ["请写明退款原因。"]})
    earnest = payment.purpose == PaymentPurpose.DEPOSIT and deal.deposit_kind == DepositKind.EARNEST
    if earnest and not deal.is_seller_caused:
        raise DomainError("earnest_kept", "该笔为“定金”，非我方原因退订的不予退还；如属我方原因，请在退订申请中注明。")
    left = refundable(payment)
    if deal.status != DealStatus.CANCELLED:
        left = min(left, max(ZERO, -outstanding(deal)))
    if not ZERO < amount <= left:
        text = f"可退金额为 {left:,.2f} 元，请修改退款金额。" if left > ZERO else "该笔收款目前没有可退金额。"
        raise DomainError("over_refundable", text, {"amount": [text]})


def refund_approved(approval: Approval, by: Any) -> None:
    """Approval handler: the cashier may pay."""
    _answer(approval.subject_id, RefundStatus.APPROVED)


def refund_rejected(approval: Approval, by: Any) -> None:
    """Approval handler: nothing is paid; the balance is free for another request."""
    _answer(approval.subject_id, RefundStatus.REJECTED)


def _answer(refund_id: int, status: RefundStatus) -> None:
    row = lock(Refund.objects.all(), refund_id)
    row.status = status
    row.touch()
    row.save()


@service
def refund_pay(*, by: User, refund_id: int, slip_no: str = "") -> Refund:
    """Pay an approved refund to the original payer by the original way: a negative cleared row (cashier)."""
    deal_id = Refund.objects.visible_to(by).filter(pk=refund_id).values_list("deal_id", flat=True).first()
    if deal_id is None:
        raise NotFound
    deal = lock_deal(by=None, deal_id=deal_id)
    row = lock(Refund.objects.visible_to(by).select_related("payment"), refund_id)
    _require_pay(by, row)
    if row.status != RefundStatus.APPROVED:
        raise Conflict("wrong_state", f"该退款当前是“{row.get_status_display()}”，不能付款。请刷新页面。")
    source, moment = row.payment, periods.now()
    row.paid_row = Payment.objects.create(
        store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, deal=deal,
        purpose=PaymentPurpose.REFUND, method=source.method, amount=-row.amount,
        is_pass_through=source.is_pass_through, payer_name=source.payer_name, slip_no=slip_no.strip()[:40],
        status=PaymentStatus.CLEARED, receipt_no=receipt_number(deal.store, periods.local_date(moment)),
        registered_by=by, registered_at=moment, cleared_by=by, cleared_at=moment,
    )  # fmt: skip
    row.status = RefundStatus.PAID
    row.touch()
    row.save()
    record(by=by, action="refund.pay", target=row, changes={"amount": row.amount})
    settle(deal, by=by)
    return row


def _require_pay(by: User, row: Refund) -> None:
    """The cashier of the store, and never the person who asked for the refund."""
    require(by, "refund.pay", row.store_id)
    if row.requested_by_id == by.pk:
        raise NotAllowed("不能支付自己申请的退款。", "two_persons")
