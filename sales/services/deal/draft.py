"""From the quote to the price decision: create, change, submit, take back (§4.3, R-DISC, R-PAY)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import ask, withdraw
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.money import MAX_MONEY, ZERO, quantize, show_money
from dealership.core.services import check_version, lock, service, still_visible
from dealership.org.policy import policy, policy_decimal
from dealership.org.reach import can, require
from leads.choices import ProspectStatus
from leads.models import Prospect
from sales import policies
from sales.choices import DEAD_PAYMENTS, DealStatus, DepositKind, PaymentMode
from sales.models import Colour, Configuration, Deal, DealLine, Payment
from sales.services.catalogue import price_on
from sales.services.deal import pricing
from sales.services.state import lock_deal, log_state, move, require_state
from sales.validators import clean_identity

CHANGEABLE = (
    "configuration_id colour_id deal_price deposit_kind deposit_amount payment_mode loan_amount promised_on "
    "buyer_name buyer_id_number".split()
)
_SELLABLE = (ProspectStatus.ACTIVE, ProspectStatus.OUT_OF_CONTROL)


@service
def deal_create(
    *,
    by: User,
    prospect_id: int,
    configuration_id: int,
    deal_price: Decimal,
    colour_id: int | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    deposit_kind: str = DepositKind.PREPAYMENT,
    deposit_amount: Decimal | None = None,
    payment_mode: str = PaymentMode.FULL,
    loan_amount: Decimal | None = None,
    promised_on: dt.date | None = None,
    buyer_name: str = "",
    buyer_id_number: str = "",
) -> Deal:
    """A quote for a card within reach, owned by the card's owner. Called by the pages, the API and the demo.

    Refuses cards that are not open, a second live deal of the card, prices above the list and wrong money.
    """
    card = lock(Prospect.objects.visible_to(by).select_related("customer", "store"), prospect_id)
    require(by, "deal.create", card.store_id)
    if card.status not in _SELLABLE:
        raise Conflict("card_not_open", f"该客户卡当前是“{card.get_status_display()}”，不能再开新订单。")
    if Deal.objects.live().filter(prospect=card).exists():
        raise Conflict("deal_exists", "该客户已有进行中的订单，请打开原订单继续办理，或先作废原订单。")
    deal = Deal(
        store=card.store, team_id=card.team_id, owner_id=card.owner_id, prospect=card, customer=card.customer,
        created_by=by, grade_before=card.grade,
    )  # fmt: skip
    if deposit_amount is None:
        deposit_amount = policy_decimal("deposit.default", card.store_id)
    set_terms(
        deal, by, lines,
        {
            "configuration_id": configuration_id, "colour_id": colour_id, "deal_price": deal_price,
            "deposit_kind": deposit_kind, "deposit_amount": deposit_amount, "payment_mode": payment_mode,
            "loan_amount": loan_amount or ZERO, "promised_on": promised_on,
            "buyer_name": buyer_name or card.customer.name, "buyer_id_number": buyer_id_number,
        },
    )  # fmt: skip
    deal.first_promised_on = promised_on
    deal.status = DealStatus.DRAFT
    deal.save()
    log_state(deal, "", by=by)
    _write_lines(deal, lines)
    still_visible(deal, by)
    record(by=by, action="deal.create", target=deal, changes={"deal_price": deal.deal_price})
    return deal


@service
def deal_change(
    *,
    by: User,
    deal_id: int,
    version: int | None,
    changes: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]] | None = None,
) -> Deal:
    """Change a draft; it is re-priced from today's list and its money checked again (R06)."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.change")
    check_version(deal, version, deal_price=deal.deal_price, deposit_amount=deal.deposit_amount)
    require_state(deal, DealStatus.DRAFT)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise DomainError("field_fixed", "含有不能修改的项目。", {name: ["此项不能修改。"] for name in unknown})
    terms = {name: changes.get(name, getattr(deal, name)) for name in CHANGEABLE}
    terms["loan_amount"] = terms["loan_amount"] or ZERO
    before = deal.deal_price
    positions = pricing.stored_lines(deal) if lines is None else lines
    set_terms(deal, by, positions, terms)
    if "promised_on" in changes:
        deal.first_promised_on = deal.promised_on
    deal.touch()
    deal.save()
    if lines is not None:
        DealLine.objects.filter(deal=deal).delete()
        _write_lines(deal, lines)
    record(by=by, action="deal.change", target=deal, changes={"deal_price": [str(before), str(deal.deal_price)]})
    return deal


@service
def deal_submit(*, by: User, deal_id: int, version: int | None = None, reason: str = "") -> Deal:
    """Within the consultant's authority → waiting for the deposit; beyond → an approval of the right level (R-DISC).

    An approval still valid that covers this concession is used again.
    """
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.submit")
    check_version(deal, version)
    require_state(deal, DealStatus.DRAFT)
    today = periods.today()
    if deal.promised_on and deal.promised_on < today:
        text = "承诺交车日已经过去，请修改后再提交。"
        raise DomainError("promise_past", text, {"promised_on": [text]})
    level = pricing.required_level(deal, pricing.stored_lines(deal))
    if level == 0 or _approved(deal, level, today):
        move(deal, DealStatus.PENDING_DEPOSIT, by=by)
    else:
        _ask_price(deal, by, level, reason)
        move(deal, DealStatus.PRICE_APPROVAL, by=by, reason=reason)
    record(by=by, action="deal.submit", target=deal, changes={"level": level, "concession": deal.concession})
    return deal


@service
def deal_ask_below_cost(*, by: User, deal_id: int, reason: str, version: int | None = None) -> Approval:
    """Ask the group for a price below cost once the real car showed it (降价销售申请单); the deal goes on waiting."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.submit")
    check_version(deal, version)
    require_state(deal, DealStatus.ALLOCATED, DealStatus.PAID)
    lines = pricing.stored_lines(deal)
    if not pricing.is_below_cost(deal, lines) or deal.approved_level == policies.GROUP:
        raise Conflict("not_needed", "该订单不低于成本价或已获批准，无需再申请。")
    return _ask_price(deal, by, policies.GROUP, reason)


@service
def deal_recall(*, by: User, deal_id: int, reason: str = "") -> Deal:
    """Back to draft to change it: from price approval (the request is withdrawn) or before any money came."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.change")
    require_state(deal, DealStatus.PRICE_APPROVAL, DealStatus.PENDING_DEPOSIT)
    _refuse_with_money(deal)
    withdraw(by=by, kind="deal_price", subject_id=deal.pk)
    move(deal, DealStatus.DRAFT, by=by, reason=reason or "撤回修改")
    record(by=by, action="deal.recall", target=deal)
    return deal


@service
def deal_void(*, by: User, deal_id: int, reason: str, version: int | None = None) -> Deal:
    """End a deal that was never ordered; nothing to refund, the card stays open."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require_hand(by, deal, "deal.cancel")
    check_version(deal, version)
    require_state(deal, DealStatus.DRAFT, DealStatus.PRICE_APPROVAL, DealStatus.PENDING_DEPOSIT)
    _refuse_with_money(deal)
    withdraw(by=by, kind="deal_price", subject_id=deal.pk)
    move(deal, DealStatus.VOID, by=by, reason=reason)
    record(by=by, action="deal.void", target=deal)
    return deal


def price_approved(approval: Approval, by: Any) -> None:
    """Approval handler: the price holds for `discount.approval_valid_days`; the deal waits for its deposit."""
    deal = lock_deal(by=None, deal_id=approval.subject_id)
    days = policy("discount.approval_valid_days", deal.store_id)
    deal.approved_until = periods.today() + dt.timedelta(days=days)
    deal.approved_concession = quantize(approval.detail["concession"])
    deal.approved_level = approval.level
    if deal.status == DealStatus.PRICE_APPROVAL:
        move(deal, DealStatus.PENDING_DEPOSIT, by=by, reason=approval.comment)
    else:
        deal.touch()
        deal.save()


def price_rejected(approval: Approval, by: Any) -> None:
    """Approval handler: back to draft with the reason; an order already running stays as it is."""
    deal = lock_deal(by=None, deal_id=approval.subject_id)
    if deal.status == DealStatus.PRICE_APPROVAL:
        move(deal, DealStatus.DRAFT, by=by, reason=approval.comment)


def _ask_price(deal: Deal, by: User, level: int, reason: str) -> Approval:
    return ask(
        by=by, store=deal.store, kind="deal_price", subject_id=deal.pk, level=level, reason=reason[:300],
        title=f"特价审批：{deal.customer.name} {deal.configuration} 优惠 {show_money(deal.concession)} 元",
        detail={
            "concession": str(deal.concession), "deal_price": str(deal.deal_price), "msrp": str(deal.msrp),
            "authority": str(deal.price_entry.consultant_authority),
        },
    )  # fmt: skip


def _approved(deal: Deal, level: int, today: dt.date) -> bool:
    return (
        deal.approved_until is not None
        and deal.approved_until >= today
        and (deal.approved_level or 0) >= level
        and (deal.approved_concession or ZERO) >= deal.concession
    )


def require_hand(by: User, deal: Deal, act: str) -> None:
    """The act, and: one's own deal or one's team's (reach), or any of the store with `deal.change_any`."""
    require(by, act, deal.store_id)
    if not deal.is_worked_by(by) and not can(by, "deal.change_any", deal.store_id):
        raise NotAllowed("只能办理自己的订单；如需代办请联系展厅经理。")


def _refuse_with_money(deal: Deal) -> None:
    if Payment.objects.filter(deal=deal).exclude(status__in=DEAD_PAYMENTS).exists():
        raise Conflict("money_waits", "该订单已登记收款，请先由出纳处理（到账或退回）或由登记人撤回后再操作。")


def set_terms(deal: Deal, by: User, lines: Sequence[Mapping[str, Any]], terms: Mapping[str, Any]) -> None:
    """Put checked terms on the deal and compute its amounts; collects every problem before it refuses."""
    configuration, colour = _car(by, deal, terms["configuration_id"], terms["colour_id"])
    entry = price_on(configuration, periods.today())
    deal.configuration, deal.colour = configuration, colour
    deal.price_entry, deal.msrp = entry, entry.msrp
    deal.deal_price = quantize(terms["deal_price"])
    deal.deposit_kind, deal.deposit_amount = terms["deposit_kind"], quantize(terms["deposit_amount"])
    deal.payment_mode = terms["payment_mode"]
    deal.loan_amount = quantize(terms["loan_amount"]) if deal.payment_mode == PaymentMode.LOAN else ZERO
    deal.promised_on = terms["promised_on"]
    deal.buyer_name = terms["buyer_name"].strip()
    deal.buyer_id_number = clean_identity(terms["buyer_id_number"] or "")
    pricing.reprice(deal, pricing.clean_lines(lines))
    problems = _problems(deal)
    if problems:
        raise DomainError("deal_invalid", next(iter(problems.values()))[0], problems)


def _car(by: User, deal: Deal, configuration_id: int, colour_id: int | None) -> tuple[Configuration, Colour | None]:
    brand_id = deal.store.brand_id
    cars = Configuration.objects.visible_to(by).select_related("series")
    configuration = cars.filter(pk=configuration_id, series__brand_id=brand_id).first()
    if configuration is None:
        raise NotFound("没有找到该车型，可能不在本店销售范围内。")
    on_sale = configuration.is_active and configuration.series.is_active
    if not on_sale and deal.configuration_id != configuration.pk:
        raise _stopped("configuration", f"{configuration} 已停售，请另选车型。")
    if colour_id is None:
        return configuration, None
    colour = Colour.objects.visible_to(by).filter(pk=colour_id, brand_id=brand_id).first()
    if colour is None:
        raise NotFound("没有找到该颜色，可能不在本店销售范围内。")
    if not colour.is_active and deal.colour_id != colour.pk:
        raise _stopped("colour", f"颜色“{colour}”已停订，请另选颜色。")
    return configuration, colour


def _stopped(field: str, text: str) -> DomainError:
    return DomainError("off_sale", text, {field: [text]})


def _problems(deal: Deal) -> dict[str, list[str]]:
    """Everything wrong with the terms, by field."""
    found = {
        "deal_price": _price_problem(deal),
        "deposit_amount": _deposit_problem(deal),
        "loan_amount": _loan_problem(deal),
    }
    if deal.deposit_kind not in DepositKind.values:
        found["deposit_kind"] = "请选择“定金”或“订金”，两者法律效力不同。"
    if deal.payment_mode not in PaymentMode.values:
        found["payment_mode"] = "请选择全款或按揭。"
    if deal.promised_on and deal.promised_on < periods.today():
        found["promised_on"] = "承诺交车日不能早于今天。"
    if not 0 < len(deal.buyer_name) <= 60:
        found["buyer_name"] = "请填写购车人姓名（最多60字）。"
    return {name: [text] for name, text in found.items() if text}


def _price_problem(deal: Deal) -> str:
    if deal.deal_price <= ZERO:
        return "成交价必须大于0。"
    if deal.deal_price > deal.msrp:
        return f"成交价不能高于指导价 {deal.msrp:,.2f}（不得在标价之外加价）。"
    return ""


def _deposit_problem(deal: Deal) -> str:
    if not ZERO < deal.deposit_amount <= MAX_MONEY:
        return "定金/订金金额必须大于0。"
    if text := earnest_problem(deal, deal.deposit_amount):
        return text
    return "订金不能超过合同金额。" if deal.deposit_amount > deal.contract_amount else ""


def _loan_problem(deal: Deal) -> str:
    if deal.payment_mode == PaymentMode.LOAN and not ZERO < deal.loan_amount <= deal.contract_amount:
        return "按揭请填写贷款金额，且不能超过合同金额。"
    return ""


def earnest_problem(deal: Deal, amount: Decimal) -> str:
    """R-PAY: 定金 above the share of the price has no earnest effect; say so and how to mend it."""
    if deal.deposit_kind != DepositKind.EARNEST:
        return ""
    share = policy_decimal("deposit.earnest_share", deal.store_id)
    limit = quantize(deal.deal_price * share)
    if amount <= limit:
        return ""
    return f"定金不得超过车价的{share:.0%}（{limit:,.2f}元），超出部分不具定金效力。请降低金额，或改为“订金”。"


def _write_lines(deal: Deal, lines: Sequence[Mapping[str, Any]]) -> None:
    for line in pricing.clean_lines(lines):
        DealLine.objects.create(deal=deal, **line)
