"""The rows around a demo deal: lines, receipts, refunds, invoice, papers, counters."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from typing import Any

from dealership.core import periods
from dealership.core.money import quantize
from dealership.org.choices import Role
from dealership.org.policy import DEFAULTS
from reports.demo import words
from reports.demo.bulk import Bulk, Row
from reports.demo.requests import Desk, Request
from reports.demo.shape import money
from reports.demo.site import Site
from sales.choices import (
    PASS_THROUGH_PURPOSES,
    DocumentKind,
    DocumentState,
    LineKind,
    PaymentMethod,
    PaymentMode,
    PaymentPurpose,
    PaymentStatus,
    RefundStatus,
)
from sales.models import DealLine, DeliveryDocument, Invoice, NumberSequence, Payment, Refund

VAT_RATE = Decimal(DEFAULTS["tax.vat_rate"])
METHODS = (PaymentMethod.POS, PaymentMethod.TRANSFER, PaymentMethod.WECHAT, PaymentMethod.ALIPAY, PaymentMethod.CASH)


def lines_of(bulk: Bulk, deal: Row, rng: random.Random) -> list[Row]:
    """Accessories 62 %, gifts 80 %, insurance 72 %, registration 74 %, finance with a loan, warranty 18 %, tax 14 %."""
    msrp = int(deal["msrp"])
    wanted: list[tuple[LineKind, str, int, int]] = []
    if rng.random() < 0.62:
        name, price, cost = rng.choices(words.ACCESSORIES, weights=(20, 45, 20, 15))[0]
        wanted.append((LineKind.ACCESSORY, name, price, cost))
    if rng.random() < 0.72:
        wanted.append((LineKind.INSURANCE, "交强险+商业险", 3200 + msrp // 100 * 100 // 70, 0))
    if rng.random() < 0.74:
        wanted.append((LineKind.REGISTRATION, "代办上牌", 500, 95))
    if deal["payment_mode"] == PaymentMode.LOAN:
        wanted.append((LineKind.FINANCE, rng.choice(words.BANKS) + "服务费", 3450, 0))
    if rng.random() < 0.18:
        wanted.append((LineKind.WARRANTY, "整车延保 2 年", 2980, 1590))
    if rng.random() < 0.14:
        wanted.append((LineKind.TAX, "代缴购置税", msrp * 88 // 1000 // 100 * 100, 0))
    if rng.random() < 0.8:
        name, cost = rng.choice(words.GIFTS)
        wanted.append((LineKind.GIFT, name, 0, cost))
    return [
        bulk.add(
            DealLine,
            deal_id=deal["id"],
            kind=kind,
            name=name,
            price=money(price),
            list_price=money(price or cost * 2),
            cost=money(cost),
            is_pass_through=kind in (LineKind.INSURANCE, LineKind.TAX),
        )
        for kind, name, price, cost in wanted
    ]


def documents_of(bulk: Bulk, deal: Row) -> list[Row]:
    """The checklist of a new order: nothing is there."""
    return [bulk.add(DeliveryDocument, deal_id=deal["id"], kind=kind) for kind in DocumentKind]


def arrive(documents: list[Row], at: dt.datetime, by: int, rng: random.Random) -> None:
    """What came with the car; other papers are still on their way."""
    early = (DocumentKind.CONSISTENCY, DocumentKind.MANUAL, DocumentKind.SERVICE_BOOK, DocumentKind.KEYS)
    here = [row for row in documents if row["kind"] in early or rng.random() < 0.3]
    complete([row for row in here if row["kind"] != DocumentKind.PDI], at, by)


def complete(documents: list[Row], at: dt.datetime, by: int, state: DocumentState = DocumentState.IN_STORE) -> None:
    """All papers are there (or handed over)."""
    for row in documents:
        row.update(state=state, changed_at=at, changed_by_id=by)


class Till:
    """Receipts, refunds and invoices of a store, with their numbers."""

    def __init__(self, site: Site) -> None:
        self.bulk = site.bulk
        self.shape = site.shape
        self.people = site.people
        self.rng = site.rng
        self.now = site.now
        self.desk = Desk(site)
        self.deposits: dict[int, Row] = {}
        self._receipts: Counter[str] = Counter()
        self._invoices = 0

    def register(
        self,
        deal: Row,
        purpose: PaymentPurpose,
        amount: Decimal,
        at: dt.datetime,
        method: PaymentMethod | None = None,
    ) -> Row:
        """Money announced by the consultant; the cashier clears it later."""
        row = self.bulk.add(
            Payment,
            **self._scope(deal),
            purpose=purpose,
            method=method or self.rng.choices(METHODS, weights=(40, 25, 18, 12, 5))[0],
            amount=amount,
            is_pass_through=purpose in PASS_THROUGH_PURPOSES,
            payer_name=deal["buyer_name"],
            slip_no=f"{self.rng.randrange(10**11, 10**12)}",
            registered_by_id=deal["owner_id"],
            registered_at=at,
        )
        if purpose == PaymentPurpose.DEPOSIT:
            self.deposits[deal["id"]] = row
        return row

    def clear(self, payment: Row, at: dt.datetime) -> None:
        """Money has arrived: a receipt number, and a second person's tick some days later."""
        day = f"{periods.local_date(at):%Y%m%d}"
        self._receipts[day] += 1
        payment.update(
            status=PaymentStatus.CLEARED,
            cleared_by_id=self.people.one(Role.CASHIER),
            cleared_at=at,
            receipt_no=f"{self.shape.code}-SJ{day}-{self._receipts[day]:04d}",
        )
        reconciled = at + dt.timedelta(days=2)
        if reconciled < self.now:
            payment.update(reconciled_by_id=self.people.one(Role.FINANCE), reconciled_at=reconciled)

    def refund(self, deal: Row, at: dt.datetime) -> None:
        """The deposit goes back to its payer: asked with the cancellation, paid by the cashier."""
        payment = self.deposits[deal["id"]]
        paid = at + dt.timedelta(hours=3)
        row = self.bulk.add(
            Refund,
            **self._scope(deal),
            payment_id=payment["id"],
            amount=payment["amount"],
            reason="退订退款",
            requested_by_id=deal["owner_id"],
            requested_at=at,
            created_at=at,
        )
        level = 2 if payment["amount"] <= Decimal(DEFAULTS["refund.sales_manager_limit"]) else 3
        detail = {
            "amount": str(payment["amount"]),
            "receipt_no": payment["receipt_no"],
            "deposit_kind": deal["deposit_kind"].value,
        }
        title = f"退款申请：{deal['number']} {deal['buyer_name']} {payment['amount']}元"
        asked = self.desk.ask(Request("refund", row["id"], title, level, row["reason"], detail), deal["owner_id"], at)
        if paid >= self.now:
            return
        self.desk.agree(asked, at + dt.timedelta(hours=1))
        out = self.register(deal, PaymentPurpose.REFUND, -payment["amount"], at, payment["method"])
        out["registered_by_id"] = self.people.one(Role.CASHIER)
        self.clear(out, paid)
        row.update(status=RefundStatus.PAID, paid_row_id=out["id"])

    def invoice(self, deal: Row, vehicle: Row, at: dt.datetime) -> None:
        """机动车销售统一发票."""
        self._invoices += 1
        deal.update(
            invoiced_on=periods.local_date(at),
            invoice_price=deal["deal_price"],
            invoiced_cost=vehicle["dealer_cost"],
            invoiced_rebate=vehicle["rebate"],
        )
        self.bulk.add(
            Invoice,
            **self._scope(deal),
            number=f"2636{self.people.store_id:03d}{self._invoices:08d}",
            issued_on=deal["invoiced_on"],
            vin=vehicle["vin"],
            buyer_name=deal["buyer_name"],
            amount=quantize(deal["deal_price"]),
            vat_rate=VAT_RATE,
            issued_by_id=self.people.one(Role.FINANCE),
            created_at=at,
        )

    def counters(self, orders: Counter[str]) -> None:
        """Numbers given by the application continue where the demo ends."""
        for kind, numbers in (("order", orders), ("receipt", self._receipts)):
            for span, last in numbers.items():
                self.bulk.add(NumberSequence, store_id=self.people.store_id, kind=kind, span=span, last=last)

    @staticmethod
    def _scope(deal: Row) -> dict[str, Any]:
        return {
            "store_id": deal["store_id"],
            "team_id": deal["team_id"],
            "owner_id": deal["owner_id"],
            "deal_id": deal["id"],
        }
