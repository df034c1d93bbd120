"""款清: following the money. Called inside the transactions of payments, loans and allocations."""

from __future__ import annotations

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.money import ZERO
from dealership.core.services import service
from dealership.org.reach import require
from sales.choices import OPEN_ORDERS, DealStatus, PaymentMode
from sales.models import Deal
from sales.selectors.money import outstanding
from sales.services.state import lock_deal, move, require_state


def is_covered(deal: Deal) -> bool:
    """Paid in full, or all but the approved loan (R-PAY)."""
    left = outstanding(deal)
    return left <= ZERO or (deal.loan_approved_at is not None and left <= deal.loan_amount)


def settle(deal: Deal, *, by: User) -> None:
    """ALLOCATED ⇄ PAID as the cleared money says; later states are guarded again at delivery."""
    if deal.status == DealStatus.ALLOCATED and is_covered(deal):
        deal.paid_at = periods.now()
        move(deal, DealStatus.PAID, by=by, at=deal.paid_at)
    elif deal.status == DealStatus.PAID and not is_covered(deal):
        deal.paid_at = None
        move(deal, DealStatus.ALLOCATED, by=by, reason="到账金额不足")


@service
def deal_mark_paid(*, by: User, deal_id: int) -> Deal:
    """Look again whether the money covers the deal (finance); refuses (422) with the amount that is missing."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "deal.settle", deal.store_id)
    require_state(deal, DealStatus.ALLOCATED, DealStatus.PAID)
    settle(deal, by=by)
    if deal.status != DealStatus.PAID:
        raise DomainError("money_missing", f"尚有 {outstanding(deal):,.2f} 元未到账，不能标记款清。")
    return deal


@service
def deal_loan_approve(*, by: User, deal_id: int) -> Deal:
    """The bank's letter of disbursement is here: the loan counts as covered from now on (finance, desk)."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "deal.settle", deal.store_id)
    require_state(deal, *OPEN_ORDERS)
    if deal.payment_mode != PaymentMode.LOAN:
        raise DomainError("not_a_loan", "该订单是全款，没有贷款需要批复。")
    if deal.loan_approved_at is not None:
        raise Conflict("loan_known", "贷款批复已登记，请刷新页面。")
    deal.loan_approved_at = periods.now()
    deal.touch()
    deal.save()
    record(by=by, action="deal.loan_approved", target=deal, changes={"loan": deal.loan_amount})
    settle(deal, by=by)
    return deal
