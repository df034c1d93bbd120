"""R-DISC: what a deal concedes, and whose authority that needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealership.core.errors import DomainError
from dealership.core.money import MAX_MONEY, ZERO, quantize
from dealership.org.policy import policy, policy_decimal
from sales import policies
from sales.choices import PASS_THROUGH_LINES, LineKind
from sales.models import Deal, DealLine, Vehicle
from sales.selectors.vehicle import next_in_line

MAX_LINES = 40
LINE_FIELDS = ("kind", "name", "price", "list_price", "cost", "is_pass_through")
Line = dict[str, Any]


def clean_lines(lines: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Positions as they are stored. Refuses unknown kinds, negative money, a charged or costless gift, overcharge."""
    if len(lines) > MAX_LINES:
        raise _line_error(0, f"明细最多{MAX_LINES}行。")
    return [_clean_line(index, line) for index, line in enumerate(lines)]


def _clean_line(index: int, line: Mapping[str, Any]) -> Line:
    kind = str(line.get("kind", ""))
    if kind not in LineKind.values:
        raise _line_error(index, "项目类型无效，请重新选择。")
    name = str(line.get("name") or LineKind(kind).label).strip()[:60]
    price, cost = quantize(line.get("price") or 0), quantize(line.get("cost") or 0)
    listed = quantize(line.get("list_price") or price)
    if min(price, cost, listed) < ZERO or max(price, cost, listed) > MAX_MONEY:
        raise _line_error(index, "金额不能为负数，也不能超出范围。")
    if kind == LineKind.GIFT:
        if price != ZERO:
            raise _line_error(index, "赠品不能收费；收费的精品请选择“精品”。")
        cost = cost or listed
        if cost == ZERO:
            raise _line_error(index, "赠品请填写成本，成本计入总优惠。")
    elif price > listed:
        raise _line_error(index, "收费不能高于标价（不得在标价之外加价）。")
    through = kind in PASS_THROUGH_LINES or (kind == LineKind.REGISTRATION and bool(line.get("is_pass_through")))
    return {
        "kind": kind, "name": name, "price": price, "list_price": listed, "cost": cost, "is_pass_through": through,
    }  # fmt: skip


def _line_error(index: int, text: str) -> DomainError:
    return DomainError("line_invalid", f"第{index + 1}行：{text}", {"lines": [f"第{index + 1}行：{text}"]})


def stored_lines(deal: Deal) -> list[Line]:
    """The deal's positions in the shape that the rules read."""
    return list(DealLine.objects.filter(deal=deal).order_by("id").values(*LINE_FIELDS))


def reprice(deal: Deal, lines: Sequence[Line]) -> None:
    """Set contract amount, pass-through money and the whole concession of a deal from its price and lines."""
    deal.contract_amount = deal.deal_price + sum((x["price"] for x in lines if not x["is_pass_through"]), ZERO)
    deal.pass_through_amount = sum((x["price"] for x in lines if x["is_pass_through"]), ZERO)
    deal.concession = quantize(policies.concession_of(deal.msrp, deal.deal_price, lines))


def authority(deal: Deal, level: int) -> Decimal:
    """The concession a level may grant: the price list's consultant authority plus the level's extra."""
    base = deal.price_entry.consultant_authority
    if level in (policies.SHOWROOM, policies.SALES):
        base += policy_decimal(f"discount.level_{level}_extra", deal.store_id)
    return base


def expected_tax(deal: Deal) -> Decimal:
    """The purchase tax the buyer will owe at today's rules, for orientation; what is collected is a line (R-DOC)."""
    return policies.purchase_tax(
        deal.deal_price,
        is_nev=deal.configuration.series.is_nev,
        vat_rate=policy_decimal("tax.vat_rate", deal.store_id),
        rule=policy("tax.purchase", deal.store_id),
    )


def required_level(deal: Deal, lines: Sequence[Line]) -> int:
    """0 = the consultant may sign alone; 1–3 by amount and accessory share; 4 below cost (R-DISC)."""
    if is_below_cost(deal, lines):
        return policies.GROUP
    for level in (policies.CONSULTANT, policies.SHOWROOM, policies.SALES):
        share = Decimal(1)
        if level:
            share = policy_decimal(f"discount.level_{level}_accessory", deal.store_id)
        if policies.concession_of(deal.msrp, deal.deal_price, lines, share) <= authority(deal, level):
            return level
    return policies.GENERAL


def is_below_cost(deal: Deal, lines: Sequence[Line], vehicle: Vehicle | None = None) -> bool:
    """Is the price less gifts under the car's cost after rebate? Before allocation: the car next in line (FIFO).

    Without any such car the cost is unknown and the question is asked again at allocation and invoice.
    """
    car = vehicle or deal.vehicle or next_in_line(deal)
    if car is None:
        return False
    return deal.deal_price - policies.gifts_at_cost(lines) < policies.net_cost(car)
