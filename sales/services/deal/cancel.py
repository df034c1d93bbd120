"""退订: asked by the consultant, decided by the sales manager; the car is free at once (§4.3)."""

from __future__ import annotations

from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import ask
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import check_version, service
from leads.services.prospect import prospect_order_cancelled
from sales import policies
from sales.choices import CancelReason, DealStatus, PaymentStatus
from sales.models import Deal, Payment
from sales.services.deal.allocation import free_vehicle
from sales.services.deal.draft import deal_void, require_hand
from sales.services.deal.settle import settle
from sales.services.state import lock_deal, move, require_state

_UNORDERED = (DealStatus.DRAFT, DealStatus.PRICE_APPROVAL, DealStatus.PENDING_DEPOSIT)


@service
def deal_cancel_request(
    *, by: User, deal_id: int, reason: str, note: str = "", seller_caused: bool = False, version: int | None = None
) -> Deal:
    """Ask to cancel an order; a deal that was never ordered is void at once.

    Refuses after the invoice (a red-letter invoice comes first) and while money waits for the cashier.
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.cancel")
    check_version(deal, version)
    if reason not in CancelReason.values:
        raise DomainError("reason_missing", "请选择退订原因。", {"reason": ["请选择退订原因。"]})
    if deal.status in _UNORDERED:
        return deal_void(by=by, deal_id=deal_id, reason=f"{CancelReason(reason).label} {note}".strip())
    if deal.status in (DealStatus.INVOICED, DealStatus.READY):
        raise Conflict("invoiced", "该订单已开票，须先由财务开具红字发票，不能直接退订。")
    require_state(deal, DealStatus.ORDERED, DealStatus.ALLOCATED, DealStatus.PAID)
    if Payment.objects.filter(deal=deal, status=PaymentStatus.PENDING).exists():
        raise Conflict("money_waits", "还有待到账的收款，请先由出纳确认到账或退回，或由登记人撤回，再申请退订。")
    deal.cancel_from_status, deal.cancel_requested_at = deal.status, periods.now()
    deal.cancel_reason, deal.cancel_note = reason, note.strip()[:200]
    deal.is_seller_caused = seller_caused
    move(deal, DealStatus.CANCEL_PENDING, by=by, reason=f"{CancelReason(reason).label} {note}".strip())
    ask(
        by=by, store=deal.store, kind="deal_cancel", subject_id=deal.pk, level=policies.SALES,
        title=f"退订申请：{deal} {deal.customer.name}", reason=f"{CancelReason(reason).label} {note}".strip()[:300],
        detail={"reason": reason, "seller_caused": seller_caused, "deposit_kind": deal.deposit_kind},
    )  # fmt: skip
    record(by=by, action="deal.cancel_request", target=deal, changes={"reason": reason})
    return deal


def cancel_approved(approval: Approval, by: Any) -> None:
    """Approval handler: cancelled, the VIN released at once, the card works again."""
    deal = lock_deal(by=None, deal_id=approval.subject_id, prospect=True)
    require_state(deal, DealStatus.CANCEL_PENDING)
    moment = periods.now()
    free_vehicle(deal, by=by, reason="退订")
    deal.cancelled_at = moment
    move(deal, DealStatus.CANCELLED, by=by, at=moment, reason=approval.comment)
    prospect_order_cancelled(
        by=by, prospect_id=deal.prospect_id, at=moment, reason=str(CancelReason(deal.cancel_reason).label)
    )
    record(by=by, action="deal.cancelled", target=deal, changes={"reason": deal.cancel_reason})


def cancel_rejected(approval: Approval, by: Any) -> None:
    """Approval handler: the order goes on where it was."""
    deal = lock_deal(by=None, deal_id=approval.subject_id)
    require_state(deal, DealStatus.CANCEL_PENDING)
    back = DealStatus(deal.cancel_from_status)
    deal.cancel_from_status, deal.cancel_requested_at = "", None
    deal.cancel_reason, deal.cancel_note, deal.is_seller_caused = "", "", False
    move(deal, back, by=by, reason=approval.comment)
    settle(deal, by=by)
