"""Deals, approvals and money on the customer's timeline, within reach."""

from __future__ import annotations

from typing import Any

from leads.selectors.timeline import customer_timeline
from sales.choices import DealStatus
from sales.services import deal as deals
from sales.tests import builders as build
from sales.tests.builders import Staff


def test_the_timeline_tells_the_deal_with_its_money_and_approvals(store: Any, staff: Staff, stranger: Any) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="family")
    kinds = [entry.kind for entry in customer_timeline(user=staff.consultant, customer_id=deal.customer_id)]
    assert (kinds.count("deal"), kinds.count("payment"), kinds.count("approval")) == (4, 1, 1)
    seen = {entry.kind for entry in customer_timeline(user=stranger, customer_id=deal.customer_id)}
    assert not seen & {"deal", "payment", "approval"}
    desk = {entry.kind for entry in customer_timeline(user=staff.delivery, customer_id=deal.customer_id)}
    assert "payment" not in desk
