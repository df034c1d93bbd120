"""Invoice, papers, inspection, hand-over and filing (§4.3, R-DOC)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.money import ZERO, quantize
from dealership.core.services import check_version, service
from dealership.org.policy import policy_decimal
from dealership.org.reach import can, require
from leads.services.prospect import prospect_delivered
from sales import policies
from sales.choices import (
    CertificateStatus,
    DealStatus,
    DocumentKind,
    DocumentState,
    VehicleStatus,
)
from sales.models import Deal, DeliveryDocument, Invoice
from sales.selectors.money import outstanding
from sales.services.deal import pricing
from sales.services.state import lock_deal, move, move_vehicle, require_state

_WITH_PAPERS = (
    DealStatus.ORDERED, DealStatus.ALLOCATED, DealStatus.PAID, DealStatus.INVOICED, DealStatus.READY,
    DealStatus.DELIVERED,
)  # fmt: skip


@service
def deal_invoice(
    *, by: User, deal_id: int, number: str, issued_on: dt.date, amount: Decimal, buyer_name: str, vin: str = ""
) -> Deal:
    """Record the unified invoice (finance) and freeze price, cost and rebate for the gross profit.

    Refuses another buyer or VIN than the contract's, an amount outside price…contract, a future day, and a price
    below cost without the group's approval (R-DISC, R-DOC).
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "invoice.issue", deal.store_id)
    require_state(deal, DealStatus.PAID)
    car = deal.vehicle
    if car is None:
        raise Conflict("no_vehicle", "该订单还没有配车，不能开票。")
    if Invoice.objects.filter(deal=deal).exists():
        raise Conflict("invoice_red", "该订单的发票已红冲，只能退订；重新销售请另开订单。")
    amount = quantize(amount)
    problems = _invoice_problems(
        deal, number=number, issued_on=issued_on, amount=amount, buyer_name=buyer_name, vin=vin
    )
    if problems:
        raise DomainError("invoice_invalid", next(iter(problems.values()))[0], problems)
    below = pricing.is_below_cost(deal, pricing.stored_lines(deal), car)
    if below and (deal.approved_level or 0) < policies.GROUP:
        raise DomainError("below_cost", "车价低于成本，须先取得集团批准的降价销售申请，财务方可开票。")
    Invoice.objects.create(
        store_id=deal.store_id, team_id=deal.team_id, owner_id=deal.owner_id, deal=deal, number=number.strip(),
        issued_on=issued_on, vin=car.vin, buyer_name=deal.buyer_name, amount=amount,
        vat_rate=policy_decimal("tax.vat_rate", deal.store_id, issued_on), issued_by=by,
    )  # fmt: skip
    deal.invoiced_on, deal.invoice_price = issued_on, amount
    deal.invoiced_cost, deal.invoiced_rebate = car.dealer_cost, car.rebate
    move_vehicle(car, VehicleStatus.INVOICED)
    move(deal, DealStatus.INVOICED, by=by)
    _set_document(deal, DocumentKind.INVOICE, DocumentState.IN_STORE, by)
    record(by=by, action="deal.invoice", target=deal, changes={"number": number.strip(), "amount": amount})
    return deal


def _invoice_problems(
    deal: Deal, *, number: str, issued_on: dt.date, amount: Decimal, buyer_name: str, vin: str
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if not 6 <= len(number.strip()) <= 20 or not number.strip().isascii():
        found["number"] = ["发票号码应为6–20位数字或字母。"]
    if issued_on > periods.today():
        found["issued_on"] = ["开票日期不能晚于今天。"]
    elif deal.ordered_at and issued_on < periods.local_date(deal.ordered_at):
        found["issued_on"] = ["开票日期不能早于下订日期。"]
    if buyer_name.strip() != deal.buyer_name:
        found["buyer_name"] = [f"购买方须与合同购车人“{deal.buyer_name}”一致。"]
    if vin and deal.vehicle and vin.strip().upper() != deal.vehicle.vin:
        found["vin"] = ["车架号与合同车辆不一致。"]
    if not deal.deal_price <= amount <= deal.contract_amount:
        span = f"{deal.deal_price:,.2f}"
        if deal.contract_amount != deal.deal_price:
            span += f"（含精品等最多 {deal.contract_amount:,.2f}）"
        found["amount"] = [f"发票金额须与合同车价一致：{span}。"]
    return found


@service
def document_set(*, by: User, deal_id: int, kind: str, state: str) -> Deal:
    """Tick one paper of the checklist; INVOICED becomes READY when inspection and papers are complete (R-DOC)."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "deal.documents", deal.store_id)
    require_state(deal, *_WITH_PAPERS)
    if kind not in DocumentKind.values or state not in DocumentState.values:
        raise DomainError("choice_invalid", "资料项目或状态无效，请重新选择。")
    if kind == DocumentKind.PDI and deal.pdi_passed_at is None and state != DocumentState.MISSING:
        raise DomainError("pdi_open", "请先登记PDI检测通过。")
    car = deal.vehicle
    if kind == DocumentKind.CERTIFICATE and state in (DocumentState.IN_STORE, DocumentState.HANDED):
        if car is None:
            raise DomainError("no_vehicle", "尚未配车，不能登记合格证。")
        if car.certificate_status == CertificateStatus.PLEDGED:
            raise DomainError("certificate_pledged", "该车合格证仍质押在银行，请先办理赎证。")
    _note_correction(deal, kind, state)
    _set_document(deal, DocumentKind(kind), DocumentState(state), by)
    record(by=by, action="deal.document", target=deal, changes={"kind": kind, "state": state})
    _try_ready(deal, by)
    return deal


@service
def documents_arrived(*, by: User, deal_id: int, version: int | None = None) -> Deal:
    """Tick every paper that is still missing as in the store, at once (the inspection sheet and invoice come alone).

    The certificate keeps its own condition: pledged or not allocated refuses the whole act.
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "deal.documents", deal.store_id)
    check_version(deal, version)
    require_state(deal, *_WITH_PAPERS)
    rows = DeliveryDocument.objects.filter(deal=deal, state=DocumentState.MISSING)
    for kind in rows.exclude(kind__in=(DocumentKind.PDI, DocumentKind.INVOICE)).values_list("kind", flat=True):
        document_set(by=by, deal_id=deal_id, kind=kind, state=DocumentState.IN_STORE)
    deal.refresh_from_db()
    return deal


@service
def deal_pdi(*, by: User, deal_id: int) -> Deal:
    """The pre-delivery inspection passed (delivery specialist)."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "delivery.prepare", deal.store_id)
    require_state(deal, DealStatus.ALLOCATED, DealStatus.PAID, DealStatus.INVOICED)
    if deal.pdi_passed_at is not None:
        raise Conflict("pdi_known", "PDI检测已登记，请刷新页面。")
    deal.pdi_passed_at = periods.now()
    deal.touch()
    deal.save()
    _set_document(deal, DocumentKind.PDI, DocumentState.IN_STORE, by)
    record(by=by, action="deal.pdi", target=deal)
    _try_ready(deal, by)
    return deal


@service
def delivery_exception(*, by: User, deal_id: int, reason: str, version: int | None = None) -> Deal:
    """The general manager signs that this car may go although papers or the loan's money are missing."""
    deal = lock_deal(by=by, deal_id=deal_id)
    if not can(by, "delivery.exception", deal.store_id):
        raise NotAllowed("例外交车须由总经理签批。")
    check_version(deal, version)
    require_state(deal, DealStatus.INVOICED, DealStatus.READY)
    _sign(deal, by, reason)
    deal.touch()
    deal.save()
    return deal


@service
def deal_deliver(*, by: User, deal_id: int, at: dt.datetime | None = None, exception: str = "") -> Deal:
    """Hand-over: stock-out, the customer becomes an owner with care calls due (R-DOC, R-PAY, R-CARE).

    Refuses while papers are missing or money is outstanding, unless the general manager signed (`exception` by
    the general manager, or signed before). Money outstanding also needs the approved loan.
    """
    deal = lock_deal(by=by, deal_id=deal_id, prospect=True)
    signs = bool(exception.strip())
    if not (can(by, "delivery.complete", deal.store_id) or (signs and can(by, "delivery.exception", deal.store_id))):
        raise NotAllowed
    require_state(deal, DealStatus.INVOICED, DealStatus.READY)
    if signs:
        _sign(deal, by, exception)
    moment = _moment(deal, at)
    _check_delivery(deal)
    car = deal.vehicle
    if car is None:
        raise Conflict("no_vehicle", "该订单没有车辆，不能交车。")
    if deal.status == DealStatus.INVOICED:
        move(deal, DealStatus.READY, by=by, at=moment, reason=deal.delivery_exception)
    car.stocked_out_on = periods.local_date(moment)
    move_vehicle(car, VehicleStatus.DELIVERED)
    deal.delivered_at, deal.handed_complete = moment, not missing_papers(deal)
    move(deal, DealStatus.DELIVERED, by=by, at=moment, reason=deal.delivery_exception)
    DeliveryDocument.objects.filter(deal=deal, state=DocumentState.IN_STORE).update(
        state=DocumentState.HANDED, changed_at=moment, changed_by=by
    )
    prospect_delivered(
        by=by, prospect_id=deal.prospect_id, at=moment, deal_id=deal.pk, vin=car.vin,
        series=deal.configuration.series, description=f"{deal.configuration} {car.colour}",
    )  # fmt: skip
    record(by=by, action="deal.deliver", target=deal, changes={"exception": deal.delivery_exception})
    return deal


@service
def deal_close(*, by: User, deal_id: int, version: int | None = None) -> Deal:
    """File a delivered deal (归档): every paper handed over or not applicable, nothing owed (sales admin)."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "deal.documents", deal.store_id)
    check_version(deal, version)
    require_state(deal, DealStatus.DELIVERED)
    waiting = missing_papers(deal)
    if waiting:
        raise DomainError("papers_missing", f"资料未齐：{'、'.join(waiting)}，补齐后再归档。")
    if outstanding(deal) > ZERO:
        raise DomainError("money_missing", f"尚有 {outstanding(deal):,.2f} 元未到账，不能归档。")
    move(deal, DealStatus.CLOSED, by=by)
    record(by=by, action="deal.close", target=deal)
    return deal


def open_checklist(deal: Deal) -> None:
    """Lay out the papers of a new order, all missing; asked again it changes nothing."""
    DeliveryDocument.objects.bulk_create(
        [DeliveryDocument(deal=deal, kind=kind) for kind in DocumentKind.values], ignore_conflicts=True
    )


def missing_papers(deal: Deal) -> list[str]:
    """Names of the papers that are not here, in the order of the checklist."""
    there = set(
        DeliveryDocument.objects.filter(deal=deal).exclude(state=DocumentState.MISSING).values_list("kind", flat=True)
    )
    return [str(kind.label) for kind in DocumentKind if kind.value not in there]


def _set_document(deal: Deal, kind: DocumentKind, state: DocumentState, by: User) -> None:
    DeliveryDocument.objects.update_or_create(
        deal=deal, kind=kind, defaults={"state": state, "changed_at": periods.now(), "changed_by": by}
    )


def _note_correction(deal: Deal, kind: str, state: str) -> None:
    """The first paper put right after the hand-over is kept: within seven days the delivery was not accurate."""
    same = DeliveryDocument.objects.filter(deal=deal, kind=kind, state=state)
    if deal.status == DealStatus.DELIVERED and deal.corrected_at is None and not same.exists():
        deal.corrected_at = periods.now()
        deal.touch()
        deal.save()


def _try_ready(deal: Deal, by: User) -> None:
    if deal.status == DealStatus.INVOICED and deal.pdi_passed_at is not None and not missing_papers(deal):
        move(deal, DealStatus.READY, by=by)


def _sign(deal: Deal, by: User, reason: str) -> None:
    if not can(by, "delivery.exception", deal.store_id):
        raise NotAllowed("例外交车须由总经理签批。")
    if len(reason.strip()) < 4:
        raise DomainError("reason_missing", "请写明例外交车的原因。", {"exception": ["请写明例外交车的原因。"]})
    deal.delivery_exception_by, deal.delivery_exception = by, reason.strip()[:200]
    record(by=by, action="deal.exception", target=deal, changes={"reason": deal.delivery_exception})


def _moment(deal: Deal, at: dt.datetime | None) -> dt.datetime:
    moment = at or periods.now()
    if moment > periods.now():
        raise DomainError("time_future", "交车时间不能晚于现在。", {"at": ["交车时间不能晚于现在。"]})
    if deal.invoiced_on and periods.local_date(moment) < deal.invoiced_on:
        raise DomainError("time_early", "交车时间不能早于开票日期。", {"at": ["交车时间不能早于开票日期。"]})
    return moment


def _check_delivery(deal: Deal) -> None:
    """R-PAY and R-DOC: money first, then inspection, then papers; an exception covers papers and the loan only."""
    left = outstanding(deal)
    signed = deal.delivery_exception_by_id is not None
    loan_letter = deal.loan_approved_at is not None and left <= deal.loan_amount
    if left > ZERO and not (loan_letter and signed):
        hint = "贷款已批复，须总经理签批例外后交车。" if loan_letter else "请收齐尾款后再交车。"
        raise DomainError("money_missing", f"尚有 {left:,.2f} 元未到账。{hint}")
    if deal.pdi_passed_at is None:
        raise DomainError("pdi_open", "PDI检测尚未通过，不能交车。")
    waiting = missing_papers(deal)
    if waiting and not signed:
        raise DomainError("papers_missing", f"资料未齐：{'、'.join(waiting)}。补齐后交车，或由总经理签批例外。")
