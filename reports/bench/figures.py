"""The figures of `./dev bench`: pages, writes, the month of a store, imports."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

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
from reports.bench.driver import Client, Figure, is_wanted, measure, timed
from reports.bench.imports import import_figures
from reports.bench.month_sql import EMPTY_TABLE_SQL, INTO_TABLE_SQL, MONTH_SQL, month_values
from reports.bench.pages import page_figures, search_figures, sql
from reports.models import Fact, FillState
from reports.services.rollup import rollup_month
from reports.services.workbook import workbook_request

TIMES = {"S": 40, "M": 20, "L": 20}


def all_figures(clients: Mapping[str, Client], size: str, only: Sequence[str] = ()) -> Iterator[Figure]:
    """Every figure of quality.md §1 that this release has, with its references.

    `only` names some: a page by a part of its name, the others as `search`, `writes`, `roll-up`, `workbook`, `import`.
    """
    user = User.objects.get(username="consultant1")
    times = TIMES[size]
    yield from page_figures(clients, times=times, only=only)
    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "search": lambda: search_figures(clients, times=times),
        "writes": lambda: _writes(clients[user.username], user, times),
        "roll-up": _roll_up,
        "workbook": _workbook,
        "import": lambda: _imports(user),
    }
    for name, figures in parts.items():
        if is_wanted(name, only):
            yield from figures()


def _imports(user: User) -> Iterator[Figure]:
    store = Store.objects.order_by("pk")[0]
    people = User.objects.filter(memberships__store=store, is_active=True)
    return import_figures(store, people.filter(memberships__role=Role.SHOWROOM_MANAGER)[0], user)


def _writes(client: Client, user: User, times: int) -> Iterator[Figure]:
    """A visit and a follow-up, in turn with a bare signed-in view."""
    numbers = itertools.count(int(time.time()) % 10_000_000 * 10)
    client.get("/customers/visits/new/")

    def visit() -> Any:
        told = {"phone": f"154{next(numbers):08d}", "name": "陈明", "captured": "yes", "grade": "B", "party_size": "2"}
        return client.post("/customers/visits/new/", {**told, "channel": "walk_in", "purpose": "purchase"})

    rows = Prospect.objects.filter(owner=user, status="active", grade__in="ABC").order_by("pk")
    cards = itertools.cycle(rows.values_list("pk", "grade"))

    def follow_up() -> Any:
        card, grade = next(cards)
        text = f"第{next(numbers)}次沟通，客户周末带家人来看车"
        told = {"outcome": "reached", "channel": "phone", "content": text, "grade": grade}
        return client.post(f"/customers/prospects/{card}/follow-up/", told)

    for name, act in (("register a visit", visit), ("log a follow-up", follow_up)):
        bare = measure("bare signed-in view", lambda: client.get("/bench/bare/"), expected=200, times=times)
        figure = measure(name, act, expected=302, times=times)
        figure.references = {"bare_view": bare.p50, "bare_view_cpu": bare.cpu_ms}
        yield from (bare, figure)


def _first_store() -> tuple[Store, periods.Period]:
    """The first store and its last month."""
    return Store.objects.order_by("pk")[0], periods.Period.containing("month", periods.today()).previous()


def _roll_up() -> Iterator[Figure]:
    """As every ten minutes, and from nothing."""
    store, month = _first_store()
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


def _workbook() -> Iterator[Figure]:
    """The whole job beside openpyxl writing the same cells; the processor's time is that of this process alone."""
    store, month = _first_store()
    finance = User.objects.get(username="finance")
    path = ""

    def build() -> None:
        nonlocal path
        job = workbook_request(by=finance, store_id=store.pk, month=month)
        Job.objects.filter(pk=job.pk).update(due_at=periods.now() - dt.timedelta(seconds=1))
        run(job.pk)
        path = Job.objects.values_list("result_file", flat=True).get(pk=job.pk)

    built, cpu = timed(build, 3), timed(build, 3, clock=time.process_time)
    figure = _alone("month workbook", built, _plain_books(path))
    figure.cpu_ms = cpu
    yield figure


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
    return Figure(name, ms, ms, 1000 / ms, 0, ms, references=references)


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
        "openpyxl_same_cells_cpu": timed(lambda: write(styled=True), 3, clock=time.process_time),
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
