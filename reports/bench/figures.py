"""The figures of `./dev bench` and the hand-written statements they stand beside."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import statistics
import time
from collections.abc import Iterator
from copy import copy
from typing import Any
from urllib.parse import quote

import openpyxl
from django.core.files.storage import default_storage
from django.db import connection, transaction
from openpyxl.cell import WriteOnlyCell

from dealership.accounts.models import User
from dealership.core import periods
from dealership.jobs.models import Job
from dealership.jobs.runner import run
from dealership.org.choices import Role
from dealership.org.models import Store
from leads.models import Prospect
from reports.bench.driver import Client, Figure, measure, timed
from reports.bench.imports import import_figures
from reports.bench.month_sql import EMPTY_TABLE_SQL, INTO_TABLE_SQL, MONTH_SQL, month_values
from reports.models import Fact, FillState
from reports.services.rollup import rollup_month
from reports.services.workbook import workbook_request

TIMES = 40
LIST_SQL = """SELECT p.id, p.grade, p.status, p.next_follow_up_at, c.name, s.name, u.name, l.name, ph.number
    FROM leads_prospect p JOIN leads_customer c ON c.id = p.customer_id JOIN accounts_user u ON u.id = p.owner_id
    LEFT JOIN org_series s ON s.id = p.series_id LEFT JOIN org_leadsource l ON l.id = p.source_id
    LEFT JOIN leads_customerphone ph ON ph.customer_id = c.id AND ph.is_primary
    WHERE p.owner_id = %s AND p.status IN ('active','loss_pending','dormant_pending','out_of_control','ordered')
    ORDER BY p.next_follow_up_at, p.id LIMIT 31"""
SEARCH_SQL = """SELECT p.id, c.name FROM leads_prospect p JOIN leads_customer c ON c.id = p.customer_id
    WHERE p.owner_id = %s AND c.name LIKE %s ORDER BY p.next_follow_up_at, p.id LIMIT 31"""
CARD_SQL = """SELECT done_at AS at, content FROM leads_followup WHERE prospect_id = %(card)s
    UNION ALL SELECT at, to_grade FROM leads_gradechange WHERE prospect_id = %(card)s
    UNION ALL SELECT at, to_status FROM leads_statuschange WHERE prospect_id = %(card)s
    UNION ALL SELECT visited_at, note FROM leads_visit WHERE prospect_id = %(card)s ORDER BY at DESC LIMIT 50"""
TODAY_SQL = """SELECT t.id, t.due_at, p.grade, c.name, ph.number FROM leads_followuptask t
    JOIN leads_prospect p ON p.id = t.prospect_id JOIN leads_customer c ON c.id = p.customer_id
    LEFT JOIN leads_customerphone ph ON ph.customer_id = c.id AND ph.is_primary
    WHERE t.owner_id = %s AND t.done_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < %s ORDER BY t.due_at"""


def sql(statement: str, values: Any, times: int = 20) -> float:
    """Median time of a hand-written statement with its rows read."""

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.fetchall()

    return timed(ask, times)


def all_figures(client: Client, user: User) -> Iterator[Figure]:
    """Every figure of quality.md §1 that this release has, with its references."""
    bare = measure("bare signed-in view", lambda: client.get("/bench/bare/"), expected=200, times=TIMES)
    yield bare
    yield from _pages(client, user)
    for figure in _writes(client, user):
        figure.references["bare_view"] = bare.p50
        yield figure
    yield from _month()
    store = Store.objects.order_by("pk")[0]
    people = User.objects.filter(memberships__store=store, is_active=True)
    yield from import_figures(store, people.filter(memberships__role=Role.SHOWROOM_MANAGER)[0], user)


def _pages(client: Client, user: User) -> Iterator[Figure]:
    card = (
        Prospect.objects.filter(owner=user, status="active").order_by("card_created_at").values_list("pk", flat=True)[0]
    )
    tonight = periods.end_of_day(periods.today())
    pages = (
        ("prospect list", "/customers/prospects/", LIST_SQL, [user.pk]),
        ("prospect card", f"/customers/prospects/{card}/", CARD_SQL, {"card": card}),
        ("search by name", f"/customers/prospects/?q={quote('王')}", SEARCH_SQL, [user.pk, "%王%"]),
        ("Today", "/today/", TODAY_SQL, [user.pk, tonight]),
    )
    for name, address, statement, values in pages:
        figure = measure(name, lambda address=address: client.get(address), expected=200, times=TIMES)  # type: ignore[misc]
        floor = f"/bench/floor/?of={quote(address, safe='')}"
        under = measure(f"{name}: floor", lambda floor=floor: client.get(floor), expected=200, times=TIMES)  # type: ignore[misc]
        figure.references = {"template_floor": under.p50, "sql_floor": sql(statement, values)}
        yield figure


def _writes(client: Client, user: User) -> Iterator[Figure]:
    numbers = itertools.count(int(time.time()) % 10_000_000 * 10)
    client.get("/customers/visits/new/")

    def visit() -> Any:
        told = {"phone": f"154{next(numbers):08d}", "name": "陈明", "captured": "yes", "grade": "B", "party_size": "2"}
        return client.post("/customers/visits/new/", {**told, "channel": "walk_in", "purpose": "purchase"})

    yield measure("register a visit", visit, expected=302, times=TIMES)
    rows = Prospect.objects.filter(owner=user, status="active", grade__in="ABC").order_by("pk")
    cards = itertools.cycle(rows.values_list("pk", "grade"))

    def follow_up() -> Any:
        card, grade = next(cards)
        text = f"第{next(numbers)}次沟通，客户周末带家人来看车"
        told = {"outcome": "reached", "channel": "phone", "content": text, "grade": grade}
        return client.post(f"/customers/prospects/{card}/follow-up/", told)

    yield measure("log a follow-up", follow_up, expected=302, times=TIMES)


def _month() -> Iterator[Figure]:
    """The last month of the first store: roll-up as every ten minutes and from nothing, and its workbook."""
    store = Store.objects.order_by("pk")[0]
    month = periods.Period.containing("month", periods.today()).previous()
    values = month_values(store.pk, month, periods.now())

    def roll_up() -> None:
        rollup_month(store_id=store.pk, month=month.start)

    took: list[float] = []

    def fill() -> None:
        Fact.objects.filter(store=store, month=month.start).delete()
        FillState.objects.filter(store=store, month=month.start).delete()
        begun = time.perf_counter()
        roll_up()
        took.append((time.perf_counter() - begun) * 1000)

    for _ in range(5):
        fill()
    yield _alone("month roll-up, first", statistics.median(took), {"sql_same_stored": _stored_by_hand(values)})
    yield _alone("month roll-up", timed(roll_up, 20), {"sql_same_figures": sql(MONTH_SQL, values, 20)})
    finance = User.objects.get(username="finance")
    path = ""

    def build() -> None:
        nonlocal path
        job = workbook_request(by=finance, store_id=store.pk, month=month)
        Job.objects.filter(pk=job.pk).update(due_at=periods.now() - dt.timedelta(seconds=1))
        run(job.pk)
        path = Job.objects.values_list("result_file", flat=True).get(pk=job.pk)

    built = timed(build, 2)
    yield _alone("month workbook", built, _plain_books(path))


def _stored_by_hand(values: dict[str, Any]) -> float:
    """The hand-written statement with its answer stored in an empty table that has the constraints of the facts."""
    took = []
    for _ in range(5):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(EMPTY_TABLE_SQL, values)
            begun = time.perf_counter()
            cursor.execute(INTO_TABLE_SQL + MONTH_SQL, values)
            took.append((time.perf_counter() - begun) * 1000)
            transaction.set_rollback(True)
    return statistics.median(took)


def _alone(name: str, ms: float, references: dict[str, float]) -> Figure:
    return Figure(name, ms, ms, 1000 / ms, 0, ms, references)


def _plain_books(path: str) -> dict[str, float]:
    """Openpyxl alone, streaming the same values: with the same styles (each made once), and without any."""
    with default_storage.open(path) as stored:
        source = openpyxl.load_workbook(stored)
    rows = {sheet.title: [[(cell.value, cell) for cell in row] for row in sheet.iter_rows()] for sheet in source}

    def write(*, styled: bool) -> None:
        book = openpyxl.Workbook(write_only=True)
        styles: dict[int, Any] = {}
        for title, lines in rows.items():
            sheet = book.create_sheet(title)
            for line in lines:
                sheet.append([_styled(sheet, *facts, styles) if styled else facts[0] for facts in line])
        book.save(io.BytesIO())

    return {
        "openpyxl_same_cells": timed(lambda: write(styled=True), 3),
        "openpyxl_without_styles": timed(lambda: write(styled=False), 3),
    }


def _styled(sheet: Any, value: Any, like: Any, styles: dict[int, Any]) -> Any:
    """A cell with the style of another workbook's cell; the style itself is copied the first time only."""
    cell: Any = WriteOnlyCell(sheet, value)
    if like.style_id not in styles:
        for name in ("font", "fill", "border", "alignment", "number_format", "protection"):
            setattr(cell, name, copy(getattr(like, name)))
        styles[like.style_id] = cell._style  # noqa: SLF001  openpyxl has no other way to share a style
    cell._style = styles[like.style_id]  # noqa: SLF001
    return cell
