"""Planted faults (domain.md §6.2), so that check lists and screens have something to show."""

from __future__ import annotations

import datetime as dt
import random

from dealership.org.choices import Role
from reports.demo.bulk import Bulk, Row
from reports.demo.identity import person_name
from reports.demo.people import StorePeople
from reports.demo.shape import money
from sales.choices import DealStatus, DocumentKind, DocumentState, PaymentMode, PaymentPurpose
from sales.models import Deal, DeliveryDocument, Invoice, Payment

SHORT_BALANCE = money(1200)


def plant(bulk: Bulk, people: StorePeople, rng: random.Random, now: dt.datetime) -> None:
    """A delivered car with money missing, invoices on another name, papers that did not come."""
    deals = bulk.rows(Deal)
    delivered = [row for row in deals if row["status"] == DealStatus.DELIVERED]
    _short_balance(bulk, people, [row for row in delivered if row["payment_mode"] == PaymentMode.FULL])
    _foreign_invoices(bulk, delivered, rng)
    _missing_certificates(bulk, deals)


def _short_balance(bulk: Bulk, people: StorePeople, deals: list[Row]) -> None:
    """One customer still owes 1 200."""
    deal = deals[len(deals) * 2 // 3]
    deal.update(
        delivery_exception_by_id=people.one(Role.GENERAL_MANAGER), delivery_exception="尾款一周内补齐，总经理特批"
    )
    for row in bulk.rows(Payment):
        if row["deal_id"] == deal["id"] and row["purpose"] == PaymentPurpose.BALANCE:
            row["amount"] -= SHORT_BALANCE


def _foreign_invoices(bulk: Bulk, deals: list[Row], rng: random.Random) -> None:
    """Two invoices in another name than the contract's."""
    wanted = {row["id"] for row in deals[-40:-2:19]}
    for row in bulk.rows(Invoice):
        if row["deal_id"] in wanted:
            row["buyer_name"] = person_name(rng)[0]


def _missing_certificates(bulk: Bulk, deals: list[Row]) -> None:
    """Four sold cars whose certificate (合格证) did not come."""
    wanted = [row["id"] for row in deals if row["status"] in (DealStatus.INVOICED, DealStatus.READY, DealStatus.PAID)][
        :4
    ]
    for row in bulk.rows(DeliveryDocument):
        if row["deal_id"] in wanted and row["kind"] == DocumentKind.CERTIFICATE:
            row["state"] = DocumentState.MISSING
