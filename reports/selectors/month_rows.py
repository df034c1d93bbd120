"""Rows of a store's month for the workbook: cars, receipts, balances, refunds, stock; phones already masked.

Every row is dated inside the month or stands at its end, so asking later gives the same rows unless a row itself was
corrected; what a closed month showed is kept by `reports.services.workbook`.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum

from dealership.core import periods
from dealership.core.kpi import SYSTEM, Scope
from dealership.core.masking import mask_phone
from dealership.core.money import ZERO
from dealership.core.periods import Period
from dealership.org.policy import policy
from leads.models import CustomerPhone
from sales import kpis as sales_kpis
from sales.choices import DealStatus, LineKind, PaymentMode, RefundStatus
from sales.models import Deal, DealLine, Invoice, Payment, Refund

Row = dict[str, Any]
CHUNK = 500
_AMOUNT = DecimalField(max_digits=20, decimal_places=2)
LINES = {
    "accessories": LineKind.ACCESSORY,
    "insurance": LineKind.INSURANCE,
    "registration": LineKind.REGISTRATION,
    "finance": LineKind.FINANCE,
    "warranty": LineKind.WARRANTY,
}
DEAL_COLUMNS = {
    "number": "number",
    "series": "configuration__series__name",
    "configuration": "configuration__name",
    "colour": "vehicle__colour__name",
    "vin": "vehicle__vin",
    "arrived_on": "vehicle__arrived_on",
    "customer": "customer__name",
    "mode": "payment_mode",
    "delivered_at": "delivered_at",
    "msrp": "msrp",
    "deal_price": "deal_price",
    "loan": "loan_amount",
}


def _seen(rows: QuerySet[Any], reader: Any) -> QuerySet[Any]:
    return rows if reader is SYSTEM else rows.visible_to(reader)  # type: ignore[attr-defined]


def _phone(customer: str) -> Subquery:
    rows = CustomerPhone.objects.filter(customer=OuterRef(customer), is_primary=True)
    return Subquery(rows.values("number")[:1])


def _lines(deal: str) -> dict[str, Subquery]:
    """Charged extras by kind, and gifts at cost."""

    def total(column: str, kind: LineKind) -> Subquery:
        rows = DealLine.objects.filter(deal=OuterRef(deal), kind=kind).order_by().values("deal")
        return Subquery(rows.annotate(sum=Sum(column)).values("sum"), output_field=_AMOUNT)

    return {f"line_{key}": total("price", kind) for key, kind in LINES.items()} | {
        "line_gift": total("cost", LineKind.GIFT)
    }


# What a line reads; the rows are wide, and half of a workbook's time was filling columns nobody looks at.
RECEIPT_SHOWN = (
    *(
        "cleared_at",
        "receipt_no",
        "payer_name",
        "purpose",
        "method",
        "amount",
        "is_pass_through",
        "slip_no",
        "reverses",
        "reversal_reason",
    ),
    *("third_party_note", "deal__number", "deal__customer__name", "owner__name", "cleared_by__name"),
)
STOCK_SHOWN = (
    *("vin", "status", "usage", "arrived_on", "certificate_status", "location", "dealer_cost"),
    *("configuration__name", "configuration__series__name", "colour__name"),
)


def _masked(number: str | None) -> str:
    return mask_phone(number) if number else ""


def _numbered(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        yield {"no": number, **row}


def _local(moment: dt.datetime | None) -> dt.date | None:
    return periods.local_date(moment) if moment else None


def row_count(store_id: int, month: Period) -> int:
    """About how many detail rows the month has (progress bar)."""
    cars = Invoice.objects.filter(store_id=store_id, **month.filter("issued_on", is_date=True)).count()
    return cars + Payment.objects.filter(store_id=store_id, **month.filter("cleared_at")).count()


# --- cars -----------------------------------------------------------------------------------
def vehicle_rows(store_id: int, month: Period, reader: Any = SYSTEM) -> Iterator[Row]:
    """Cars invoiced in the month (red invoices with a minus), then cars handed over that were invoiced earlier."""
    return _numbered(_vehicles(store_id, month, reader))


def _vehicles(store_id: int, month: Period, reader: Any) -> Iterator[Row]:
    invoices = _seen(Invoice.objects.filter(store_id=store_id, **month.filter("issued_on", is_date=True)), reader)
    profits = _gross_profits(store_id, month)
    wanted = {f"d_{key}": F(f"deal__{path}") for key, path in DEAL_COLUMNS.items()}
    rows = invoices.order_by("issued_on", "id").annotate(
        phone=_phone("deal__customer"),
        d_consultant=F("owner__name"),
        d_cost=F("deal__invoiced_cost"),
        d_rebate=F("deal__invoiced_rebate"),
        d_car_cost=F("deal__vehicle__dealer_cost"),
        d_car_rebate=F("deal__vehicle__rebate"),
        **wanted,
        **_lines("deal"),
    )
    for row in rows.values().iterator(chunk_size=CHUNK):
        yield _invoiced(row, profits.get(row["id"]), month)
    earlier = _seen(Deal.objects.filter(store_id=store_id, **month.filter("delivered_at")), reader)
    billed = Invoice.objects.filter(deal=OuterRef("pk"), is_red=False, **month.filter("issued_on", is_date=True))
    rows = earlier.exclude(pk__in=Subquery(billed.values("deal"))).order_by("delivered_at", "id")
    rows = rows.annotate(
        phone=_phone("customer"),
        d_consultant=F("owner__name"),
        **{f"d_{key}": F(path) for key, path in DEAL_COLUMNS.items()},
    )
    for row in rows.values().iterator(chunk_size=CHUNK):
        yield _car(row, row["invoiced_on"]) | {"delivered": 1}


def _car(row: Row, invoiced_on: dt.date | None) -> Row:
    delivered_on = _local(row["d_delivered_at"])
    left, arrived = delivered_on or invoiced_on, row["d_arrived_on"]
    known = ("number", "series", "configuration", "colour", "vin", "customer", "consultant")
    return {key: row[f"d_{key}"] for key in known} | {
        "phone": _masked(row["phone"]),
        "mode": PaymentMode(row["d_mode"]).label,
        "arrived_on": arrived,
        "invoiced_on": invoiced_on,
        "delivered_on": delivered_on,
        "stock_days": max((left - arrived).days, 0) if left and arrived else None,
    }


def _invoiced(row: Row, profit: Decimal | None, month: Period) -> Row:
    red = row["is_red"]
    sign = -1 if red else 1
    cost = row["d_cost"] if row["d_cost"] is not None else row["d_car_cost"]
    rebate = row["d_rebate"] if row["d_rebate"] is not None else row["d_car_rebate"] or ZERO
    made = _car(row, row["issued_on"]) | {"invoiced": sign, "invoice_price": row["amount"]}
    made["delivered"] = 1 if not red and made["delivered_on"] and month.contains(made["delivered_on"]) else None
    if cost is not None and profit is not None:
        made |= {"cost": sign * cost, "rebate": sign * rebate, "gross_profit": profit}
        made["margin_tax"] = row["amount"] + sign * (rebate - cost) - profit
    if not red:
        made |= {key: row[f"line_{key}"] for key in LINES} | {"gift_cost": row["line_gift"]}
        made |= {"msrp": row["d_msrp"], "deal_price": row["d_deal_price"], "loan": row["d_loan"] or None}
    return made


def _gross_profits(store_id: int, month: Period) -> dict[int, Decimal]:
    """Vehicle gross profit by invoice, by the figure's own formula."""
    found: dict[int, Decimal] = {}
    for measure in sales_kpis.GP_PER_UNIT.numerator:
        value = measure.value(store_id, month.start)  # type: ignore[operator]
        rows = measure.rows_in(Scope((store_id,)), month).order_by().values("pk").annotate(gp=value)
        found |= {row["pk"]: row["gp"] for row in rows.iterator(chunk_size=CHUNK)}
    return found


# --- money ----------------------------------------------------------------------------------
def receipt_rows(store_id: int, month: Period, reader: Any = SYSTEM) -> Iterator[Row]:
    """Cleared money of the month in order of clearing."""
    cleared = _seen(Payment.objects.cleared().filter(store_id=store_id, **month.filter("cleared_at")), reader)
    rows = (
        cleared.order_by("cleared_at", "id")
        .select_related("deal__customer", "owner", "cleared_by")
        .only(*RECEIPT_SHOWN)
    )
    return _numbered(_receipt(row) for row in rows.iterator(chunk_size=CHUNK))


def _receipt(row: Payment) -> Row:
    return {
        "cleared_on": _local(row.cleared_at),
        "receipt_no": row.receipt_no,
        "number": str(row.deal),
        "customer": row.deal.customer.name,
        "payer": row.payer_name,
        "consultant": row.owner.name,
        "purpose": row.get_purpose_display(),
        "method": row.get_method_display(),
        "own": None if row.is_pass_through else row.amount,
        "pass_through": row.amount if row.is_pass_through else None,
        "amount": row.amount,
        "slip_no": row.slip_no,
        "cashier": row.cleared_by.name if row.cleared_by else "",
        "remark": f"冲销：{row.reversal_reason}" if row.reverses_id else row.third_party_note,
    }


def receivable_rows(store_id: int, month: Period, reader: Any = SYSTEM) -> Iterator[Row]:
    """Orders with a balance at the month's end, as the receivable figure counts them (pass-through apart)."""
    (measure,) = sales_kpis.RECEIVABLE_BALANCE.numerator
    rows = measure.rows_in(Scope((store_id,)), month, reader).annotate(phone=_phone("customer"))
    rows = rows.select_related("customer", "owner").order_by("ordered_at", "id")
    end = min(month.end_at, periods.now())
    last_day = periods.local_date(end - dt.timedelta(microseconds=1))
    grace = policy("receivable.overdue_days", store_id, last_day)
    return _numbered(_receivable(row, end, last_day, grace) for row in rows.iterator(chunk_size=CHUNK))


def _receivable(row: Any, end: dt.datetime, last_day: dt.date, grace: dict[str, int]) -> Row:
    delivered = row.delivered_at if row.delivered_at and row.delivered_at < end else None
    late = (last_day - periods.local_date(delivered)).days - grace[row.payment_mode] if delivered else 0
    overdue = late > 0 and row.balance > 0
    return {
        "number": str(row),
        "customer": row.customer.name,
        "phone": _masked(row.phone),
        "consultant": row.owner.name,
        "state": _state_then(row, end),
        "ordered_on": _local(row.ordered_at),
        "delivered_on": _local(delivered),
        "contract": row.contract_amount,
        "received": row.received,
        "balance": row.balance,
        "overdue_days": late if overdue else None,
        "overdue": row.balance if overdue else None,
    }


def _state_then(row: Deal, end: dt.datetime) -> str:
    """The state at the end of the month, from the stamps (the status column is the present one)."""
    if row.delivered_at and row.delivered_at < end:
        return str(DealStatus.DELIVERED.label)
    if row.invoiced_on and row.invoiced_on < periods.local_date(end):
        return str(DealStatus.INVOICED.label)
    if row.allocated_at and row.allocated_at < end:
        return str(DealStatus.ALLOCATED.label)
    return str(DealStatus.ORDERED.label)


def refund_rows(store_id: int, month: Period, reader: Any = SYSTEM) -> Iterator[Row]:
    """Refunds asked for or paid in the month."""
    asked = Q(**month.filter("requested_at")) | Q(**month.filter("paid_row__cleared_at"))
    rows = _seen(Refund.objects.filter(asked, store_id=store_id), reader).annotate(phone=_phone("deal__customer"))
    rows = rows.select_related("deal__customer", "owner", "payment", "paid_row").order_by("requested_at", "id")
    return _numbered(_refund(row, month) for row in rows.iterator(chunk_size=CHUNK))


def _refund(row: Any, month: Period) -> Row:
    paid_at = row.paid_row.cleared_at if row.paid_row else None
    paid = paid_at is not None and month.contains(paid_at)
    asked = month.contains(row.requested_at)
    open_then = row.status == RefundStatus.PAID and not paid
    return {
        "number": str(row.deal),
        "customer": row.deal.customer.name,
        "phone": _masked(row.phone),
        "consultant": row.owner.name,
        "state": RefundStatus.APPROVED.label if open_then else row.get_status_display(),
        "requested_on": _local(row.requested_at),
        "paid_on": _local(paid_at) if paid else None,
        "requested": row.amount if asked else None,
        "paid": row.amount if paid else None,
        "receipt_no": row.payment.receipt_no,
        "reason": row.reason,
    }


# --- stock ----------------------------------------------------------------------------------
def stock_rows(store_id: int, month: Period, reader: Any = SYSTEM) -> Iterator[Row]:
    """Cars standing in the store at the month's end (today in a running month), oldest first."""
    measure = sales_kpis.STOCK_UNITS.numerator[0]
    rows = measure.rows_in(Scope((store_id,)), month, reader)
    rows = rows.select_related("configuration__series", "colour").only(*STOCK_SHOWN).order_by("-age_days", "id")
    bands = policy("stock.age_bands", store_id, month.last_day)
    return _numbered(_stock(row, bands) for row in rows.iterator(chunk_size=CHUNK))


def _stock(row: Any, bands: list[int]) -> Row:
    return {
        "vin": row.vin,
        "series": row.configuration.series.name,
        "configuration": row.configuration.name,
        "colour": row.colour.name,
        "state": row.get_status_display(),
        "usage": row.get_usage_display(),
        "arrived_on": row.arrived_on,
        "days": row.age_days,
        "band": age_band(row.age_days, bands),
        "certificate": row.get_certificate_status_display(),
        "location": row.location,
        "units": 1,
        "cost": row.dealer_cost,
    }


class AgeBand(NamedTuple):
    """Cars from `low` to `high` days old; the last band has no end."""

    name: str
    low: int
    high: int | None


def age_bands(limits: Iterable[int]) -> tuple[AgeBand, ...]:
    """`0–30天`, `31–60天` … `180天以上`, from the policy's limits (§3.6)."""
    return _age_bands(tuple(limits))


@functools.cache
def _age_bands(limits: tuple[int, ...]) -> tuple[AgeBand, ...]:
    lows = [0, *(limit + 1 for limit in limits)]
    bands = [AgeBand(f"{low}–{limit}天", low, limit) for low, limit in zip(lows, limits, strict=False)]
    return (*bands, AgeBand(f"{limits[-1]}天以上", lows[-1], None))


def age_band(days: int, limits: Iterable[int]) -> str:
    """The name of the band in which a car of this age stands."""
    return next(band.name for band in age_bands(limits) if band.high is None or days <= band.high)
