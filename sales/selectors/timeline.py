"""Deals and money on a customer's timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse

from dealership.accounts.models import User
from dealership.approvals.models import Approval, ApprovalState
from dealership.org.prepared import rows_for
from leads.selectors.timeline import Entry
from sales.choices import PaymentPurpose, status_label
from sales.models import Deal, DealStateChange, Payment, PromiseChange
from sales.selectors.deal import DEAL_APPROVALS, promise_text

PER_SOURCE = 100


class Row(NamedTuple):
    """One row of the statement: a step of a deal, a request or a receipt."""

    at: dt.datetime
    kind: str
    word: str
    title: str
    text: str
    by: str | None
    deal_id: int


def timeline_entries(user: User, customer_id: int) -> Iterable[Entry]:
    """Deals, their approvals and money of a customer for the prospect's timeline; within the reader's reach."""
    return [_entry(Row(*row)) for row in rows_for(user, _rows, ids=[customer_id])]


def _rows(user: Any, ids: Sequence[int]) -> QuerySet[Any, Any]:
    customer_id = ids[0]
    steps = DealStateChange.objects.visible_to(user).filter(deal__customer_id=customer_id)
    deals = Deal.objects.visible_to(user).filter(customer_id=customer_id)
    of_deals = {"subject_id__in": deals.values("pk"), "store_id__in": deals.values("store_id")}
    asked = Approval.objects.filter(kind__in=DEAL_APPROVALS, **of_deals)
    money = Payment.objects.visible_to(user).cleared().filter(deal__customer_id=customer_id, cleared_at__isnull=False)
    moved = PromiseChange.objects.visible_to(user).filter(deal__customer_id=customer_id)
    state = Concat("to_status", Value(":"), "deal__deposit_kind")
    return _lines(steps, "deal", ("at", state, "deal__number", "reason", "by", "deal_id")).union(
        _lines(moved, "promise", ("at", "after", "before", "reason", "by", "deal_id")),
        _lines(asked, "approval", ("requested_at", "state", "title", "comment", "requested_by", "subject_id")),
        _lines(money, "payment", ("cleared_at", "purpose", "amount", "receipt_no", "cleared_by", "deal_id")),
        all=True,
    )


def _lines(rows: QuerySet[Any], kind: str, names: tuple[Any, ...]) -> QuerySet[Any]:
    """The latest of one kind, with the columns of `Row` that all kinds share."""
    at, *texts, by, deal = names
    columns: tuple[Any, ...] = (
        F(at),
        Value(kind, output_field=CharField()),
        *(Coalesce(Cast(text, CharField()), Value("")) for text in texts),
        F(f"{by}__name"),
        Cast(deal, BigIntegerField()),
    )
    return rows.order_by(f"-{at}", "-id").values_list(*columns)[:PER_SOURCE]


def _entry(row: Row) -> Entry:
    if row.kind == "deal":
        state, deposit = row.word.split(":")
        title, text = f"订单 · {status_label(state, deposit)}", f"{row.title or f'草稿{row.deal_id}'} {row.text}"
    elif row.kind == "promise":
        title, text = promise_text(row.title, row.word), row.text
    elif row.kind == "approval":
        title, text = row.title, f"{ApprovalState(row.word).label} {row.text}"
    else:
        title, text = f"到账 · {PaymentPurpose(row.word).label} {Decimal(row.title):,.2f}", row.text
    url = reverse("sales:deal_page", args=[row.deal_id])
    kind = "deal" if row.kind == "promise" else row.kind
    return Entry(row.at, kind, title, text.strip(), row.by or "系统", url)
