"""The check list of a month close: what does not fit together in a store's month, with the rows to mend (§4.8).

Checks over rows live here; those that need facts or the identity are added by `services.close`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from dealership.approvals.models import Approval, ApprovalState
from dealership.core.periods import Period, day_bucket
from leads.choices import VisitType
from leads.models import Visit
from reports.choices import CheckLevel
from reviews.choices import ReviewKind
from reviews.models import Review
from sales.choices import (
    CertificateStatus,
    DayCloseState,
    DealStatus,
    PaymentStatus,
    RefundStatus,
    VehicleStatus,
)
from sales.models import DayClose, Deal, Invoice, Payment, Refund

SHOWN = 20
CERTIFICATE_HERE = (CertificateStatus.REDEEMED, CertificateStatus.IN_STORE)


@dataclass(frozen=True)
class Check:
    """One line of the list; `items` are the first rows: `{label, kind, id}` for the page to link."""

    code: str
    label: str
    hint: str
    level: str
    count: int
    items: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make_check(
    code: str, label: str, hint: str, items: Iterable[dict[str, Any]], *, level: str = CheckLevel.BLOCKING
) -> Check:
    """A check from all its items; only the first are kept to be shown."""
    found = list(items)
    return Check(code, label, hint, str(level), len(found), found[:SHOWN])


def row_checks(*, store_id: int, month: dt.date) -> list[Check]:
    """All checks that look at business rows of the store's month."""
    period = Period.containing("month", month)
    return [check(store_id, period) for check in CHECKS]


def _items(rows: QuerySet[Any], kind: str, label: Callable[[Any], str], pk: str = "pk") -> list[dict[str, Any]]:
    return [{"label": label(row), "kind": kind, "id": getattr(row, pk)} for row in rows]


def _uncleared_receipts(store_id: int, period: Period) -> Check:
    rows = Payment.objects.filter(
        store_id=store_id, status=PaymentStatus.PENDING, registered_at__lt=period.end_at
    ).select_related("deal")
    items = _items(rows, "payment", lambda row: f"{row.deal} {row.get_purpose_display()} {row.amount:,.2f}")
    return make_check("uncleared_receipts", "未到账收款", "请出纳确认到账，或注明未到账原因。", items)


def _unpaid_refunds(store_id: int, period: Period) -> Check:
    rows = Refund.objects.filter(
        store_id=store_id,
        status__in=(RefundStatus.REQUESTED, RefundStatus.APPROVED),
        requested_at__lt=period.end_at,
    ).select_related("deal")
    items = _items(rows, "deal", lambda row: f"{row.deal} 退款 {row.amount:,.2f}", "deal_id")
    return make_check("unpaid_refunds", "未付退款", "请审批并付款，或说明为何转入下月。", items)


def _unreconciled(store_id: int, period: Period) -> Check:
    rows = Payment.objects.filter(
        store_id=store_id, status=PaymentStatus.CLEARED, reconciled_at=None, **period.filter("cleared_at")
    ).select_related("deal")
    items = _items(rows, "payment", lambda row: f"{row.deal} {row.get_purpose_display()} {row.amount:,.2f}")
    hint = "已到账但未对账，请财务与银行流水核对。"
    return make_check("unreconciled_receipts", "未对账收款", hint, items, level=CheckLevel.WARNING)


def _unconfirmed_days(store_id: int, period: Period) -> Check:
    """Days with money whose newest count (日结) is not confirmed, or that were never counted (R-PAY)."""
    money = Payment.objects.filter(store_id=store_id, **period.filter("cleared_at")).cleared()
    booked = set(money.order_by().annotate(day=day_bucket("cleared_at")).values_list("day", flat=True).distinct())
    counts = DayClose.objects.filter(store_id=store_id, **period.filter("day", is_date=True))
    newest = dict(counts.order_by("day", "revision").values_list("day", "state"))
    items = [
        {"label": f"{day:%m-%d} {DayCloseState(newest[day]).label if day in newest else '未日结'}",
         "kind": "day_close", "id": day.isoformat()}
        for day in sorted(booked | set(newest))
        if newest.get(day) != DayCloseState.CONFIRMED
    ]  # fmt: skip
    hint = "请出纳点款日结，由会计确认；已退回的请重新提交。"
    return make_check("unconfirmed_days", "日结未确认", hint, items, level=CheckLevel.WARNING)


def _delivered_without_invoice(store_id: int, period: Period) -> Check:
    rows = Deal.objects.filter(store_id=store_id, invoiced_on=None, **period.filter("delivered_at"))
    items = _items(rows, "deal", str)
    return make_check("delivered_without_invoice", "已交车未开票", "请补开机动车发票。", items)


def _invoice_without_delivery(store_id: int, period: Period) -> Check:
    rows = Invoice.objects.filter(store_id=store_id, is_red=False, **period.filter("issued_on", is_date=True))
    rows = rows.filter(Q(deal__delivered_at=None) | Q(deal__delivered_at__gte=period.end_at)).select_related("deal")
    rows = rows.filter(deal__cancelled_at=None)
    items = _items(rows, "deal", lambda row: f"{row.deal} 发票 {row.number}", "deal_id")
    hint = "发票开在本月、车未在本月交付，请核对。"
    return make_check("invoice_without_delivery", "已开票未交车", hint, items, level=CheckLevel.WARNING)


def _ready_undelivered(store_id: int, period: Period) -> Check:
    rows = Deal.objects.filter(store_id=store_id, status=DealStatus.READY, pdi_passed_at__lt=period.end_at)
    hint = "车辆已备好仍未交付，请与客户约定交车时间。"
    return make_check("ready_undelivered", "待交车未交付", hint, _items(rows, "deal", str), level=CheckLevel.WARNING)


def _pending_approvals(store_id: int, period: Period) -> Check:
    rows = Approval.objects.filter(store_id=store_id, state=ApprovalState.PENDING, requested_at__lt=period.end_at)
    items = _items(rows, "approval", lambda row: row.title)
    return make_check("pending_approvals", "未处理审批", "请审批人处理本月提出的申请。", items)


def _incomplete_visits(store_id: int, period: Period) -> Check:
    rows = Visit.objects.filter(
        store_id=store_id, visit_type=VisitType.INCOMPLETE, **period.filter("visited_at")
    ).order_by("visited_at")
    items = _items(rows, "incomplete_visit", lambda row: f"{row.visited_on:%m-%d} {row.get_channel_display()}")
    return make_check("incomplete_visits", "未完善客流", "请接待顾问补全登记。", items)


def _stock_difference(store_id: int, period: Period) -> Check:
    sold = Deal.objects.filter(store_id=store_id, **period.filter("delivered_at")).select_related("vehicle")
    rows = sold.filter(Q(vehicle=None) | ~Q(vehicle__status=VehicleStatus.DELIVERED) | Q(vehicle__stocked_out_on=None))
    items = _items(rows, "deal", lambda row: f"{row} {row.vehicle.vin if row.vehicle else '未绑定车架号'}")
    return make_check("stock_difference", "交车与出库不符", "车辆已交付但库存未出库，请更正库存状态。", items)


def _without_certificate(store_id: int, period: Period) -> Check:
    rows = Deal.objects.filter(store_id=store_id, vehicle__isnull=False, **period.filter("delivered_at")).exclude(
        vehicle__certificate_status__in=CERTIFICATE_HERE
    )
    items = _items(rows.select_related("vehicle"), "deal", lambda row: f"{row} {row.vehicle.vin}")
    return make_check("without_certificate", "已交车未到合格证", "请登记合格证到店，或说明何时交给客户。", items)


def _invoice_vin(store_id: int, period: Period) -> Check:
    rows = Invoice.objects.filter(store_id=store_id, is_red=False, **period.filter("issued_on", is_date=True))
    rows = rows.filter(deal__vehicle__isnull=False).exclude(vin=F("deal__vehicle__vin")).select_related("deal")
    items = _items(rows, "deal", lambda row: f"{row.deal} 发票 {row.number} {row.vin}", "deal_id")
    return make_check("invoice_vin", "发票车架号与订单不符", "请红冲后按订单车架号重开。", items)


def _missing_reports(store_id: int, period: Period) -> Check:
    rows = (
        Review.objects.owed()
        .filter(
            store_id=store_id, submitted_at=None, due_at__lt=period.end_at, **period.filter("starts_on", is_date=True)
        )
        .select_related("owner")
    )
    items = _items(rows, "review", lambda row: f"{row.owner} {row.starts_on:%m-%d} {row.get_kind_display()}")
    hint = "缺交的报告已标记，可补写；不影响关账。"
    return make_check("missing_reports", "缺交报告", hint, items, level=CheckLevel.WARNING)


def _unreviewed_reports(store_id: int, period: Period) -> Check:
    rows = Review.objects.filter(
        store_id=store_id, submitted_at__isnull=False, first_commented_at=None, kind=ReviewKind.DAY,
        **period.filter("starts_on", is_date=True),
    ).select_related("owner")  # fmt: skip
    items = _items(rows, "review", lambda row: f"{row.owner} {row.starts_on:%m-%d}")
    hint = "已提交的日报还没有点评，请经理补评。"
    return make_check("unreviewed_reports", "未点评日报", hint, items, level=CheckLevel.WARNING)


CHECKS: tuple[Callable[[int, Period], Check], ...] = (
    _uncleared_receipts,
    _unpaid_refunds,
    _unreconciled,
    _unconfirmed_days,
    _delivered_without_invoice,
    _invoice_without_delivery,
    _invoice_vin,
    _ready_undelivered,
    _pending_approvals,
    _incomplete_visits,
    _stock_difference,
    _without_certificate,
    _missing_reports,
    _unreviewed_reports,
)
