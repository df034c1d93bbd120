"""Receipts: registered, cleared by the cashier, reversed, reconciled (§4.5). Cleared money is never edited."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.money import MAX_MONEY, ZERO, quantize
from dealership.core.services import lock, service
from dealership.org.reach import require
from leads.services.prospect import prospect_ordered
from sales.choices import (
    OPEN_ORDERS,
    PASS_THROUGH_PURPOSES,
    DealStatus,
    PaymentMethod,
    PaymentPurpose,
    PaymentStatus,
    RefundStatus,
)
from sales.models import Deal, Payment, Refund
from sales.selectors.money import cleared_total, pending_total, receivable
from sales.services.deal.closing import open_checklist
from sales.services.deal.draft import earnest_problem, require_hand
from sales.services.deal.settle import settle
from sales.services.number import order_number, receipt_number
from sales.services.state import lock_deal, move, require_state

_TAKES_MONEY = (DealStatus.PENDING_DEPOSIT, *OPEN_ORDERS, DealStatus.DELIVERED, DealStatus.CLOSED)


@service
def payment_register(
    *,
    by: User,
    deal_id: int,
    purpose: str,
    method: str,
    amount: Decimal,
    payer_name: str = "",
    slip_no: str = "",
    third_party_note: str = "",
) -> Payment:
    """Write down money that is on its way or on the table; it counts only once the cashier clears it.

    Refuses: money for a deal that takes none, anything but the deposit before the order, more than is outstanding,
    an earnest above its share (R-PAY), an expired price approval, another payer without an authorisation note.
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "payment.register", deal.store_id)
    require_state(deal, *(state for state in _TAKES_MONEY if state != DealStatus.CANCEL_PENDING))
    row = Payment(
        store_id=deal.store_id, team_id=deal.team_id, owner_id=deal.owner_id, deal=deal, purpose=purpose,
        method=method, amount=quantize(amount), is_pass_through=purpose in PASS_THROUGH_PURPOSES,
        payer_name=(payer_name.strip() or deal.buyer_name)[:60], third_party_note=third_party_note.strip()[:200],
        slip_no=slip_no.strip()[:40], registered_by=by, registered_at=periods.now(),
    )  # fmt: skip
    problems = _form_problems(row, deal.buyer_name) or _deal_problems(deal, row)
    if problems:
        raise DomainError("payment_invalid", next(iter(problems.values()))[0], problems)
    row.save()
    record(by=by, action="payment.register", target=row, changes={"amount": row.amount, "purpose": purpose})
    return row


def _form_problems(row: Payment, buyer: str) -> dict[str, list[str]]:
    """Wrong words and amounts, whatever the deal."""
    found: dict[str, list[str]] = {}
    if row.purpose not in PaymentPurpose.values or row.purpose == PaymentPurpose.REFUND:
        found["purpose"] = ["请选择款项类型；退款请走退款申请。"]
    if row.method not in PaymentMethod.values:
        found["method"] = ["请选择付款方式。"]
    if not ZERO < row.amount <= MAX_MONEY:
        found["amount"] = ["金额必须大于0。"]
    if row.payer_name != buyer and len(row.third_party_note) < 2:
        found["third_party_note"] = [f"付款人不是购车人“{buyer}”，请填写代付授权说明。"]
    return found


def _deal_problems(deal: Deal, row: Payment) -> dict[str, list[str]]:
    """What this deal does not take now: other money before the deposit, too much earnest, more than is owed."""
    found: dict[str, list[str]] = {}
    is_deposit = row.purpose == PaymentPurpose.DEPOSIT
    if deal.status == DealStatus.PENDING_DEPOSIT and not is_deposit:
        found["purpose"] = [f"请先收{deal.get_deposit_kind_display()}，到账后再登记其他款项。"]
    if deal.status == DealStatus.PENDING_DEPOSIT and deal.approved_until and deal.approved_until < periods.today():
        found["purpose"] = ["特价审批已过有效期，请撤回订单重新提交审批后再收款。"]
    cleared = cleared_total(deal.pk)
    left = receivable(deal) - cleared - pending_total(deal.pk)
    if row.amount > left:
        found["amount"] = [f"超出应收余额：还应收 {max(left, ZERO):,.2f} 元（已扣除待到账款项）。"]
    elif is_deposit:
        deposits = cleared_total(deal.pk, purpose=PaymentPurpose.DEPOSIT) + row.amount
        if text := earnest_problem(deal, deposits):
            found["amount"] = [text]
    return found


def _locked(by: User, payment_id: int, *, prospect: bool = False) -> tuple[Deal, Payment]:
    """Lock in project order: (prospect → vehicle →) deal → payment."""
    deal_id = Payment.objects.visible_to(by).filter(pk=payment_id).values_list("deal_id", flat=True).first()
    if deal_id is None:
        raise NotFound
    deal = lock_deal(by=None, deal_id=deal_id, prospect=prospect)
    return deal, lock(Payment.objects.visible_to(by), payment_id)


def _require_pending(row: Payment) -> None:
    if row.status != PaymentStatus.PENDING:
        raise Conflict(
            "already_answered",
            f"该笔收款已处理（{row.get_status_display()}），请勿重复操作。",
            current={"status": row.status, "receipt_no": row.receipt_no},
        )


@service
def payment_clear(*, by: User, payment_id: int, at: dt.datetime | None = None) -> Payment:
    """The cashier saw the money: receipt number, immutable from now on. The first deposit makes the order.

    `at` is when it arrived (default now), never in the future; a closed month is refused by the database.
    """
    deal, row = _locked(by, payment_id, prospect=True)
    require(by, "payment.clear", row.store_id)
    _require_pending(row)
    moment = at or periods.now()
    if moment > periods.now():
        raise DomainError("time_future", "到账时间不能晚于现在。", {"at": ["到账时间不能晚于现在。"]})
    row.status, row.cleared_by, row.cleared_at = PaymentStatus.CLEARED, by, moment
    row.receipt_no = receipt_number(deal.store, periods.local_date(moment))
    row.save()
    record(by=by, action="payment.clear", target=row, changes={"amount": row.amount, "receipt_no": row.receipt_no})
    if deal.status == DealStatus.PENDING_DEPOSIT and row.purpose == PaymentPurpose.DEPOSIT:
        _become_order(deal, by, moment)
    settle(deal, by=by)
    return row


def _become_order(deal: Deal, by: User, moment: dt.datetime) -> None:
    """ORDERED: the order number without gaps, the checklist, grade O on the card (§4.3)."""
    deal.ordered_at = moment
    deal.number = order_number(deal.store, periods.local_date(moment))
    move(deal, DealStatus.ORDERED, by=by, at=moment)
    open_checklist(deal)
    prospect_ordered(by=by, prospect_id=deal.prospect_id, at=moment)
    record(by=by, action="deal.ordered", target=deal, changes={"number": deal.number})


@service
def payment_reject(*, by: User, payment_id: int, reason: str) -> Payment:
    """The money is not on the account; the reason goes back to whoever registered it."""
    _, row = _locked(by, payment_id)
    require(by, "payment.reject", row.store_id)
    _require_pending(row)
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", "请写明未到账原因。", {"reason": ["请写明未到账原因。"]})
    row.status, row.rejected_reason = PaymentStatus.REJECTED, reason.strip()[:200]
    row.save()
    record(by=by, action="payment.reject", target=row)
    return row


@service
def payment_withdraw(*, by: User, payment_id: int) -> Payment:
    """撤回: the seller takes back an entry made by mistake while the cashier has not answered it (§4.5).

    By whoever registered it or works on the order. Refused once it is answered: cleared money is only reversed.
    """
    deal, row = _locked(by, payment_id)
    require(by, "payment.register", row.store_id)
    if row.registered_by_id != by.pk:
        require_hand(by, deal, "payment.register")
    if row.status == PaymentStatus.CLEARED:
        raise Conflict(
            "already_cleared",
            f"该笔收款已由出纳确认到账（收据号 {row.receipt_no}），不能撤回；如登记有误，请财务冲销后重新登记。",
            current={"status": row.status, "receipt_no": row.receipt_no},
        )
    _require_pending(row)
    row.status = PaymentStatus.WITHDRAWN
    row.save()
    record(by=by, action="payment.withdraw", target=row, changes={"amount": row.amount})
    return row


@service
def payment_reverse(*, by: User, payment_id: int, reason: str) -> Payment:
    """A wrong entry is undone by a row of the opposite sign, dated now (accountant); the old row stays as it is."""
    deal, row = _locked(by, payment_id)
    require(by, "payment.reverse", row.store_id)
    if row.status != PaymentStatus.CLEARED:
        raise Conflict("not_cleared", "只有已到账的收款才能冲销。")
    if row.reverses_id is not None or row.purpose == PaymentPurpose.REFUND:
        raise DomainError("not_reversible", "冲销和退款记录不能再冲销。")
    if Payment.objects.filter(reverses=row).exists():
        raise Conflict("reversed", "该笔收款已冲销，请勿重复操作。")
    if Refund.objects.filter(payment=row).exclude(status=RefundStatus.REJECTED).exists():
        raise Conflict("refund_open", "该笔收款已有退款申请，不能冲销。")
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", "请写明冲销原因。", {"reason": ["请写明冲销原因。"]})
    moment = periods.now()
    mirror = Payment.objects.create(
        store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, deal=deal, purpose=row.purpose,
        method=row.method, amount=-row.amount, is_pass_through=row.is_pass_through, payer_name=row.payer_name,
        status=PaymentStatus.CLEARED, receipt_no=receipt_number(deal.store, periods.local_date(moment)),
        registered_by=by, registered_at=moment, cleared_by=by, cleared_at=moment, reverses=row,
        reversal_reason=reason.strip()[:200],
    )  # fmt: skip
    record(by=by, action="payment.reverse", target=mirror, changes={"of": row.pk, "amount": mirror.amount})
    settle(deal, by=by)
    return mirror


@service
def payment_reconcile(*, by: User, payment_id: int) -> Payment:
    """The accountant found the row on the bank statement. Never by whoever registered or cleared it (product §3)."""
    _, row = _locked(by, payment_id)
    require(by, "payment.reconcile", row.store_id)
    if row.status != PaymentStatus.CLEARED:
        raise Conflict("not_cleared", "只有已到账的收款才能对账。")
    if row.reconciled_at is not None:
        raise Conflict("reconciled", "该笔收款已对账，请刷新页面。")
    if by.pk in (row.cleared_by_id, row.registered_by_id):
        raise NotAllowed("收款与对账须由两人分别办理，您不能核对自己经手的收款。", "two_persons")
    row.reconciled_by, row.reconciled_at = by, periods.now()
    row.save()
    record(by=by, action="payment.reconcile", target=row)
    return row
