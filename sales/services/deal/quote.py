"""Live figures while a quote is typed; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.core.errors import NotFound
from dealership.org.policy import policy_decimal
from leads.models import Prospect
from sales import policies
from sales.models import Deal
from sales.services.deal import pricing
from sales.services.deal.draft import set_terms

APPROVERS = ("", "展厅经理", "销售经理", "总经理", "集团")


@dataclass(frozen=True)
class Quote:
    """What the terms come to, and whose signature the price needs (empty: the consultant's own)."""

    msrp: Decimal
    contract_amount: Decimal
    pass_through_amount: Decimal
    concession: Decimal
    authority: Decimal
    level: int
    purchase_tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.contract_amount + self.pass_through_amount

    @property
    def approver(self) -> str:
        return APPROVERS[self.level]

    @property
    def margin(self) -> Decimal:
        """Authority left; negative when it is exceeded."""
        return self.authority - self.concession


def deal_quote(*, by: User, prospect_id: int, terms: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Quote:
    """The figures of a quote; raises the same refusals as `deal_create` for wrong terms."""
    card = Prospect.objects.visible_to(by).select_related("store", "customer").filter(pk=prospect_id).first()
    if card is None:
        raise NotFound
    deal = Deal(store=card.store, owner_id=card.owner_id, prospect=card, customer=card.customer)
    set_terms(deal, by, lines, {**terms, "buyer_name": terms.get("buyer_name") or card.customer.name})
    return quote_of(deal, pricing.clean_lines(lines))


def quote_of(deal: Deal, lines: Sequence[Mapping[str, Any]] | None = None) -> Quote:
    """The figures of a deal that is priced already."""
    rows = pricing.stored_lines(deal) if lines is None else [dict(line) for line in lines]
    return Quote(
        deal.msrp,
        deal.contract_amount,
        deal.pass_through_amount,
        deal.concession,
        deal.price_entry.consultant_authority,
        pricing.required_level(deal, rows),
        pricing.expected_tax(deal),
    )


def deal_is_below_cost(*, deal: Deal) -> bool:
    """Is the allocated car sold under its cost without the group's signature? (offers the request on the page)"""
    signed = (deal.approved_level or 0) >= policies.GROUP
    return deal.vehicle is not None and not signed and pricing.is_below_cost(deal, pricing.stored_lines(deal))


def default_deposit(*, store_id: int) -> Decimal:
    """The deposit a new quote starts with."""
    return policy_decimal("deposit.default", store_id)
