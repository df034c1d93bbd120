"""Deals and money on a customer's timeline."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from dealership.accounts.models import User
from leads.selectors.timeline import Entry
from sales.models import Deal, DealStateChange, Payment


def timeline_entries(user: User, customer_id: int) -> Iterable[Entry]:
    """Deals and money of a customer for the prospect's timeline; within the reader's reach."""
    steps = DealStateChange.objects.visible_to(user).filter(deal__customer_id=customer_id)
    for step in steps.select_related("deal", "by").order_by("-at", "-id")[:100]:
        text = f"{step.deal} {step.reason}".strip()
        yield Entry(
            step.at, "deal", f"订单 · {step.get_to_status_display()}", text, _name(step.by), _deal_url(step.deal)
        )
    money = Payment.objects.visible_to(user).cleared().filter(deal__customer_id=customer_id)
    for row in money.select_related("deal", "cleared_by").order_by("-cleared_at", "-id")[:100]:
        title = f"到账 · {row.get_purpose_display()} {row.amount:,.2f}"
        if row.cleared_at is not None:
            yield Entry(
                row.cleared_at, "payment", title, row.receipt_no or "", _name(row.cleared_by), _deal_url(row.deal)
            )


def _name(person: User | None) -> str:
    return person.name if person else "系统"


def _deal_url(deal: Deal) -> str:
    return reverse("sales:deal_page", args=[deal.pk])
