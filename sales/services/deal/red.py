"""红字发票: taking an invoice back, so that an invoiced deal may be cancelled (§4.3, R-DOC)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import ask
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import check_version, service
from dealership.org.reach import require
from sales import policies
from sales.choices import DealStatus, VehicleStatus
from sales.models import Deal, Invoice
from sales.selectors.deal import red_is_approved
from sales.services.deal.draft import require_hand
from sales.services.state import lock_deal, move, move_vehicle, require_state

_INVOICED = (DealStatus.INVOICED, DealStatus.READY)


@service
def deal_ask_red(*, by: User, deal_id: int, reason: str, version: int | None = None) -> Approval:
    """Ask the general manager to take the invoice back; the deal goes on meanwhile."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.cancel")
    check_version(deal, version)
    require_state(deal, *_INVOICED)
    if red_is_approved(deal=deal):
        raise Conflict("red_approved", "总经理已同意红冲，请财务开具红字发票。")
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", "请写明红冲原因。", {"reason": ["请写明红冲原因。"]})
    return ask(
        by=by, store=deal.store, kind="deal_red", subject_id=deal.pk, level=policies.GENERAL,
        reason=reason.strip()[:300], title=f"红字发票申请：{deal} {deal.customer.name}",
        detail={"amount": str(deal.invoice_price)},
    )  # fmt: skip


@service
def deal_invoice_red(*, by: User, deal_id: int, number: str, issued_on: dt.date, version: int | None = None) -> Deal:
    """Record the red-letter invoice (finance, after the general manager): a negative row dated in an open month.

    The first invoice and the month it was counted in stay as they are. The deal is paid again and may be cancelled;
    a new sale to the same customer is a new deal.
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "invoice.issue", deal.store_id)
    check_version(deal, version)
    require_state(deal, *_INVOICED)
    if not red_is_approved(deal=deal):
        raise DomainError("red_not_approved", "红字发票须先由总经理审批同意。")
    first = Invoice.objects.get(deal=deal, is_red=False)
    problems = _problems(first, number, issued_on)
    if problems:
        raise DomainError("invoice_invalid", next(iter(problems.values()))[0], problems)
    Invoice.objects.create(
        store_id=first.store_id, team_id=first.team_id, owner_id=first.owner_id, deal=deal, number=number.strip(),
        issued_on=issued_on, vin=first.vin, buyer_name=first.buyer_name, amount=-first.amount,
        vat_rate=first.vat_rate, is_red=True, issued_by=by,
    )  # fmt: skip
    if deal.vehicle is not None:
        move_vehicle(deal.vehicle, VehicleStatus.ALLOCATED)
    move(deal, DealStatus.PAID, by=by, reason=f"红字发票 {number.strip()}")
    record(by=by, action="deal.invoice_red", target=deal, changes={"number": number.strip(), "amount": -first.amount})
    return deal


def _problems(first: Invoice, number: str, issued_on: dt.date) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if not 6 <= len(number.strip()) <= 20 or not number.strip().isascii():
        found["number"] = ["发票号码应为6–20位数字或字母。"]
    if not first.issued_on <= issued_on <= periods.today():
        found["issued_on"] = ["红字发票日期应在原发票日期与今天之间。"]
    return found


def red_approved(approval: Approval, by: Any) -> None:
    """Approval handler: finance may now issue it; nothing changes yet."""
    deal = lock_deal(by=None, deal_id=approval.subject_id)
    require_state(deal, *_INVOICED)


def red_rejected(approval: Approval, by: Any) -> None:
    """Approval handler: the invoice stands."""
