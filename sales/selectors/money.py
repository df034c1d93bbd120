"""What a deal is owed and has received. One deal or an annotated queryset, never a page-wide sum by hand."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from dealership.core.money import ZERO
from sales.choices import PaymentPurpose, PaymentStatus, RefundStatus
from sales.models import Deal, Payment, Refund


def cleared_total(deal_id: int, *, purpose: PaymentPurpose | None = None) -> Decimal:
    """Cleared receipts less reversals and refunds."""
    rows = Payment.objects.filter(deal_id=deal_id).cleared()
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def pending_total(deal_id: int) -> Decimal:
    """Registered receipts that the cashier has not answered yet."""
    rows = Payment.objects.filter(deal_id=deal_id, status=PaymentStatus.PENDING)
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def receivable(deal: Deal) -> Decimal:
    """Contract amount and the money collected for others."""
    return deal.contract_amount + deal.pass_through_amount


def outstanding(deal: Deal) -> Decimal:
    """What is still to come; negative when the customer paid too much."""
    return receivable(deal) - cleared_total(deal.pk)


def refundable(payment: Payment) -> Decimal:
    """What of a receipt may still be paid back: its amount less open and paid refunds."""
    taken = (
        Refund.objects.filter(payment=payment)
        .exclude(status=RefundStatus.REJECTED)
        .aggregate(total=Sum("amount"))["total"]
    )
    return payment.amount - (taken or ZERO)


def with_cleared(rows: QuerySet[Deal]) -> QuerySet[Deal]:
    """Annotate `cleared` (None when nothing came in): for lists, one statement."""
    return rows.annotate(cleared=Sum("payments__amount", filter=Q(payments__status=PaymentStatus.CLEARED)))
