"""Planted faults (domain.md §6.2), so that check lists and screens have something to show."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

from dealership.core import periods
from dealership.org.choices import Role
from leads.choices import FollowUpOutcome
from leads.models import FollowUp, FollowUpTask, GradeChange, StatusChange
from reports.demo.bulk import Bulk, Row
from reports.demo.identity import person_name
from reports.demo.people import StorePeople
from reports.demo.shape import money
from sales.choices import DealStatus, DocumentKind, DocumentState, PaymentMode, PaymentPurpose
from sales.models import Deal, DeliveryDocument, Invoice, Payment

SHORT_BALANCE = money(1200)
BURST_DAYS = 20


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


def write_at_day_end(bulk: Bulk, people: StorePeople, now: dt.datetime) -> None:
    """The last but one seller writes the day's calls in one go before the report (bursts of the quality signs)."""
    seller = people.sellers[-2].user_id
    today = periods.local_date(now)
    since = periods.at(today - dt.timedelta(days=BURST_DAYS))
    moved = {(row["prospect_id"], row["at"]) for model in (StatusChange, GradeChange) for row in bulk.rows(model)}
    tasks = {row["follow_up_id"]: row for row in bulk.rows(FollowUpTask) if row["follow_up_id"]}
    days: dict[dt.date, list[Row]] = defaultdict(list)
    for row in bulk.rows(FollowUp):
        mine = row["done_by_id"] == seller and since <= row["done_at"] < periods.at(today)
        if mine and (row["prospect_id"], row["done_at"]) not in moved and row["outcome"] != FollowUpOutcome.NO_ANSWER:
            days[periods.local_date(row["done_at"])].append(row)
    for day, rows in days.items():
        for place, row in enumerate(rows):
            row["done_at"] = row["created_at"] = periods.at(day, dt.time(18, 20)) + dt.timedelta(seconds=70 * place)
            if row["id"] in tasks:
                tasks[row["id"]]["done_at"] = row["done_at"]
