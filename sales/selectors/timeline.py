"""Deals and money on a customer's timeline."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from leads.selectors.timeline import Entry
from sales.models import Deal, DealStateChange, Payment
from sales.selectors.deal import DEAL_APPROVALS


def timeline_entries(user: User, customer_id: int) -> Iterable[Entry]:
    """Deals, their approvals and money of a customer for the prospect's timeline; within the reader's reach."""
    steps = DealStateChange.objects.visible_to(user).filter(deal__customer_id=customer_id)
    for step in steps.select_related("deal", "by").order_by("-at", "-id")[:100]:
        text = f"{step.deal} {step.reason}".strip()
        yield Entry(
            step.at, "deal", f"订单 · {step.get_to_status_display()}", text, _name(step.by), _deal_url(step.deal)
        )
    deals = Deal.objects.visible_to(user).filter(customer_id=customer_id)
    asked = Approval.objects.filter(kind__in=DEAL_APPROVALS, subject_id__in=deals.values("pk"))
    for request in asked.select_related("requested_by").order_by("-requested_at", "-id")[:100]:
        answer = f"{request.get_state_display()} {request.comment}".strip()
        url = reverse("sales:deal_page", args=[request.subject_id])
        yield Entry(request.requested_at, "approval", request.title, answer, _name(request.requested_by), url)
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
