"""Reads of money."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from dealership.accounts.models import User
from dealership.approvals.models import Approval, ApprovalState
from dealership.approvals.selectors import approvals_seen
from dealership.core.errors import NotAllowed, NotFound
from dealership.core.periods import Period
from sales.choices import RefundStatus
from sales.models import Deal, Payment, Refund


def payment_list(*, user: User) -> QuerySet[Payment]:
    """Receipts within reach with what a list row shows."""
    return Payment.objects.visible_to(user).select_related("deal__customer", "owner", "store", "registered_by")


def payment_get(*, user: User, payment_id: int) -> Payment:
    """One receipt within reach; `NotFound` otherwise."""
    rows = payment_list(user=user).select_related(
        "cleared_by", "reconciled_by", "reverses", "reversed_by", "deal__store__group", "deal__configuration__series"
    )
    row = rows.filter(pk=payment_id).first()
    if row is None:
        raise NotFound
    return row


def refunds_open(*, user: User) -> QuerySet[Refund]:
    """Refunds that wait for the cashier."""
    rows = Refund.objects.visible_to(user).filter(status=RefundStatus.APPROVED)
    return rows.select_related("deal__customer", "payment", "requested_by").order_by("id")


def _open_request() -> QuerySet[Approval]:
    return Approval.objects.filter(kind="refund", state=ApprovalState.PENDING)


def refund_list(*, user: User) -> QuerySet[Refund]:
    """Refunds within reach; `approval_id` is the request that still waits."""
    waits = _open_request().filter(subject_id=OuterRef("pk")).values("pk")[:1]
    rows = Refund.objects.visible_to(user).select_related("deal__customer", "payment")
    return rows.annotate(approval_id=Subquery(waits))


def refund_request_id(*, user: User, refund_id: int) -> int | None:
    """The request a refund waits for, None once it is answered; refused to readers without requests at all."""
    found = _open_request().filter(subject_id=refund_id).values_list("pk", flat=True).first()
    if found is not None and not approvals_seen(user=user).filter(pk=found).exists():
        raise NotAllowed
    return found


def refund_get(*, user: User, refund_id: int) -> Refund:
    """One refund within reach."""
    row = refund_list(user=user).filter(pk=refund_id).first()
    if row is None:
        raise NotFound
    return row


def day_totals(*, user: User, day: dt.date) -> list[dict[str, object]]:
    """Cleared money of a day per way of payment: what the cashier counts against till, POS and bank."""
    rows = Payment.objects.visible_to(user).cleared().filter(**Period.day(day).filter("cleared_at"))
    found = rows.order_by("method").values("method").annotate(total=Sum("amount"), n=Count("pk"))
    names = dict(Payment._meta.get_field("method").flatchoices)
    return [{**row, "label": names[row["method"]]} for row in found]


def payments_of(*, user: User, deal: Deal) -> QuerySet[Payment]:
    """The receipts of one deal within reach."""
    return payment_list(user=user).filter(deal=deal)
