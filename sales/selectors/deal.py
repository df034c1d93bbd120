"""Reads of deals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Value, Window
from django.db.models.functions import Coalesce, Concat, RowNumber

from dealership.accounts.models import User
from dealership.approvals.models import Approval, ApprovalState
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.lookups import beside
from dealership.core.money import ZERO
from dealership.core.scoping import reach_for
from dealership.org.policy import policy
from leads.loss_choices import LossReason
from leads.models import Prospect
from leads.selectors.cancellation import Told
from sales.choices import DEAD_PAYMENTS, ENDED_DEALS, CancelReason, DealStatus, DocumentState, status_label
from sales.models import (
    Colour,
    Configuration,
    Deal,
    DealLine,
    DealStateChange,
    DeliveryDocument,
    Invoice,
    Payment,
    PromiseChange,
    Refund,
    Vehicle,
)
from sales.selectors.vehicle import fits, free_cars

BOARD_STATES = (
    DealStatus.DRAFT, DealStatus.PRICE_APPROVAL, DealStatus.PENDING_DEPOSIT, DealStatus.ORDERED,
    DealStatus.ALLOCATED, DealStatus.PAID, DealStatus.INVOICED, DealStatus.READY, DealStatus.CANCEL_PENDING,
)  # fmt: skip
BOARD_SIZE = 20
DEAL_APPROVALS = ("deal_price", "deal_cancel", "deal_red")
# What comes next, and whose turn it is.
NEXT_STEP: dict[str, tuple[str, str]] = {
    DealStatus.DRAFT: ("提交订单", "销售顾问"),
    DealStatus.PRICE_APPROVAL: ("审批特价", "审批人"),
    DealStatus.PENDING_DEPOSIT: ("收取定金/订金并确认到账", "销售顾问 → 出纳"),
    DealStatus.ORDERED: ("配车", "销售内勤"),
    DealStatus.ALLOCATED: ("收齐车款", "销售顾问 → 出纳"),
    DealStatus.PAID: ("开具发票", "财务"),
    DealStatus.INVOICED: ("PDI检测、备齐资料", "交付专员"),
    DealStatus.READY: ("交车", "交付专员"),
    DealStatus.DELIVERED: ("资料归档", "销售内勤"),
    DealStatus.CANCEL_PENDING: ("审批退订", "销售经理"),
}


# What a row of the list and the board shows; the rows are wide, and the buyer's number is encrypted.
SHOWN = (
    *("number", "status", "deposit_kind", "deal_price", "ordered_at", "promised_on"),
    *("customer__name", "customer__gender", "customer__kind"),
)


def deal_rows(*, user: User) -> QuerySet[Deal]:
    """Deals within reach for the list and the board, with `seller`, `model`, `colour_name` and `vin`."""
    rows = Deal.objects.visible_to(user).select_related("customer").only(*SHOWN)
    return rows.annotate(
        seller=beside(User, "owner"),
        model=beside(Configuration, "configuration", Concat("series__name", Value(" "), "name")),
        colour_name=beside(Colour, "colour"),
        vin=beside(Vehicle, "vehicle", "vin"),
    )


def deal_list(*, user: User) -> QuerySet[Deal]:
    """Deals within reach with what a list row shows."""
    rows = Deal.objects.visible_to(user)
    return rows.select_related("customer", "owner", "store", "configuration__series", "colour", "vehicle")


def deal_get(*, user: User, deal_id: int) -> Deal:
    """One deal within reach with what its page shows; `NotFound` otherwise."""
    rows = deal_list(user=user).select_related(
        "prospect", "price_entry", "created_by", "delivery_exception_by", "vehicle__colour", "store__group",
        "vehicle__configuration__series",
    )  # fmt: skip
    deal = rows.filter(pk=deal_id).first()
    if deal is None:
        raise NotFound
    return deal


@dataclass(frozen=True)
class Column:
    """One state of the board: how many, and the newest of them."""

    status: str
    label: str
    count: int
    rows: list[Deal]


def deal_board(rows: QuerySet[Deal]) -> list[Column]:
    """Columns of the open states with how many each holds and its newest orders, in one statement."""
    state = [F("status")]
    placed = rows.filter(status__in=BOARD_STATES).annotate(
        place=Window(RowNumber(), partition_by=state, order_by="-id"), of=Window(Count("pk"), partition_by=state)
    )
    found: dict[str, list[Any]] = {name: [] for name in BOARD_STATES}
    for row in placed.filter(place__lte=BOARD_SIZE).order_by("-id"):
        found[row.status].append(row)
    return [
        Column(name, str(DealStatus(name).label), cards[0].of if cards else 0, cards) for name, cards in found.items()
    ]


@dataclass(frozen=True)
class Step:
    """One line of a deal's history: a state or a moved promise."""

    at: dt.datetime
    label: str
    note: str
    by: User | None


def deal_history(deal: Deal) -> list[Step]:
    """States and moved promises, the newest first."""
    states = DealStateChange.objects.filter(deal=deal).select_related("by").order_by("-id")
    moved = PromiseChange.objects.filter(deal=deal).select_related("by").order_by("-id")
    steps = [Step(row.at, status_label(row.to_status, deal.deposit_kind), row.reason, row.by) for row in states]
    steps += [Step(row.at, promise_text(str(row.before or ""), str(row.after)), row.reason, row.by) for row in moved]
    return sorted(steps, key=lambda step: step.at, reverse=True)


def promise_text(before: str, after: str) -> str:
    """承诺交期 from when (empty: none before) to when, of ISO days."""
    return f"承诺交期 {before[5:] or '未定'} → {after[5:]}"


@dataclass(frozen=True)
class DealFile:
    """Everything the deal page shows beside the deal itself, within the reader's reach."""

    lines: list[DealLine]
    payments: list[Payment] | None
    refunds: list[Refund]
    documents: list[DeliveryDocument]
    invoice: Invoice | None
    history: list[Step]
    approvals: list[Approval]
    cleared: Any
    pending: Any
    outstanding: Any


def deal_file(*, user: User, deal: Deal) -> DealFile:
    """Load the parts of a deal once each. A role that does not reach payments gets None for them, sums stay."""
    payments = list(
        Payment.objects.filter(deal=deal).select_related("registered_by", "cleared_by", "reconciled_by").order_by("id")
    )
    cleared = sum((row.amount for row in payments if row.status == "cleared"), start=ZERO)
    pending = sum((row.amount for row in payments if row.status == "pending"), start=ZERO)
    sees_money = not reach_for(user, "payment").is_empty
    refunds = Refund.objects.filter(deal=deal).select_related("payment", "requested_by").order_by("id")
    kinds = Q(kind__in=DEAL_APPROVALS, subject_id=deal.pk, store_id=deal.store_id)
    approvals = Approval.objects.filter(kinds).select_related("requested_by", "decided_by").order_by("-id")
    return DealFile(
        lines=list(DealLine.objects.filter(deal=deal).order_by("id")),
        payments=payments if sees_money else None,
        refunds=list(refunds) if sees_money else [],
        documents=list(DeliveryDocument.objects.filter(deal=deal).select_related("changed_by").order_by("id")),
        invoice=Invoice.objects.filter(deal=deal, is_red=False).first(),
        history=deal_history(deal),
        approvals=list(approvals),
        cleared=cleared,
        pending=pending,
        outstanding=deal.contract_amount + deal.pass_through_amount - cleared,
    )


def allocation_queue(*, user: User) -> QuerySet[Deal]:
    """Orders without a car, the oldest order first (FIFO)."""
    return deal_list(user=user).filter(status=DealStatus.ORDERED, ordered_at__isnull=False)


def with_candidates(deals: list[Deal]) -> list[Deal]:
    """Set `candidates` (up to three, oldest first) on the deals of one page; one statement for all of them."""
    cars = list(free_cars(deals))
    for deal in deals:
        deal.candidates = [car for car in cars if fits(car, deal)][:3]
    return deals


def delivery_queue(*, user: User) -> QuerySet[Deal]:
    """Deals between money and hand-over with their papers, by promised day (unknown last)."""
    papers = Prefetch("documents", DeliveryDocument.objects.order_by("id"))
    rows = deal_list(user=user).filter(status__in=(DealStatus.PAID, DealStatus.INVOICED, DealStatus.READY))
    return rows.annotate(due_key=Coalesce("promised_on", dt.date(2999, 12, 31))).prefetch_related(papers)


def with_papers(deals: list[Deal]) -> list[Deal]:
    """Set `missing` (names of papers that are not here) and `is_late` on deals whose documents are prefetched."""
    today = periods.today()
    for deal in deals:
        deal.missing = [
            paper.get_kind_display() for paper in deal.documents.all() if paper.state == DocumentState.MISSING
        ]
        deal.is_late = deal.promised_on is not None and deal.promised_on < today
    return deals


def card_for_deal(*, user: User, prospect_id: int) -> Prospect:
    """The prospect's card a quote is made from, within reach; `NotFound` otherwise."""
    card = Prospect.objects.visible_to(user).select_related("customer", "store").filter(pk=prospect_id).first()
    if card is None:
        raise NotFound
    return card


def live_deal_id(*, user: User, card: Prospect) -> int | None:
    """The running (or delivered) deal of a card, if the reader reaches it."""
    return Deal.objects.visible_to(user).live().filter(prospect=card).values_list("pk", flat=True).first()


def red_is_approved(*, deal: Deal) -> bool:
    """Did the general manager agree to take the invoice back?"""
    return Approval.objects.filter(kind="deal_red", subject_id=deal.pk, state=ApprovalState.APPROVED).exists()


def _unpaid() -> QuerySet[Deal]:
    """Allocated deals without a receipt since the allocation: none registered, none cleared, no loan approved."""
    since = Payment.objects.filter(deal=OuterRef("pk"), registered_at__gte=OuterRef("allocated_at"), amount__gt=0)
    came = Exists(since.exclude(status__in=DEAD_PAYMENTS))
    return Deal.objects.filter(~came, status=DealStatus.ALLOCATED, loan_approved_at=None)


def is_unpaid_since(deal: Deal, moment: dt.datetime) -> bool:
    """Was this deal's car allocated before `moment` and nothing paid or registered since (§4.3)?"""
    return _unpaid().filter(pk=deal.pk, allocated_at__lt=moment).exists()


def unpaid_allocations(*, moment: dt.datetime) -> list[int]:
    """Deals whose car was allocated before `moment` less the store's days, nothing paid since. For the job only."""
    rows = _unpaid().filter(allocated_at__lt=moment).order_by("pk").values_list("pk", "store_id", "allocated_at")
    return [
        pk
        for pk, store_id, allocated_at in rows
        if allocated_at and allocated_at < moment - dt.timedelta(days=policy("allocation.unpaid_days", store_id))
    ]


def why_not_lost(prospect_id: int) -> str:
    """A card with a live deal is not given up: the deal is ended first. Asked by the losses of customers."""
    if Deal.objects.live().filter(prospect_id=prospect_id).exists():
        return "该客户还有未结束的报价或订单，请先作废或退订，再申请战败或休眠。"
    return ""


# What a cancellation says about the loss; a reason that fits none is left to the seller.
_LOSS_REASONS = {
    CancelReason.LOAN_REFUSED: LossReason.FUNDS,
    CancelReason.CAR_DELAYED: LossReason.SUPPLY,
    CancelReason.BOUGHT_OTHER: LossReason.COMPETITOR,
    CancelReason.FAMILY: LossReason.NOT_BUYING,
    CancelReason.PRICE: LossReason.PRICE,
}


def why_cancelled(prospect_id: int) -> Told:
    """Why a card's last order was taken back. Asked by the losses of customers, for their form."""
    deal = Deal.objects.filter(prospect_id=prospect_id, status=DealStatus.CANCELLED).order_by("-cancelled_at").first()
    if deal is None or not deal.cancel_reason:
        return Told()
    reason = CancelReason(deal.cancel_reason)
    words = f"{deal} 已退订：{reason.label}。{deal.cancel_note}"
    return Told(_LOSS_REASONS.get(reason, ""), words)


def held_count(person: Any) -> int:
    """How many deals a person owns that are neither handed over nor ended: an account with some is not closed."""
    over = (*ENDED_DEALS, DealStatus.DELIVERED, DealStatus.CLOSED)
    mine = Q(handler=person) | Q(handler=None, owner=person)
    return Deal.objects.filter(mine).exclude(status__in=over).count()
