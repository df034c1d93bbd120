"""Imports within reach, and what the store knows already about the numbers of a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core.errors import NotFound
from dealership.core.text import fold
from dealership.org.models import ClosedMonth, Store
from leads.choices import OPEN_LEAD_STATES, ImportKind, RowVerdict
from leads.models import CustomerPhone, ImportBatch, ImportRow, Lead
from leads.selectors.choices import sellers_in, series_of, sources_of

LIST_ORDER = ("-id",)
ROW_ORDER = ("number", "id")
ACTS = {ImportKind.LEADS: "lead.import", ImportKind.CUSTOMERS: "customer.import"}
CHUNK = 2_000


def act_of(kind: str) -> str:
    """The act of the role table an import of this kind needs."""
    return ACTS[ImportKind(kind)]


def import_list(*, user: Any) -> QuerySet[ImportBatch]:
    """Imports within reach, newest first."""
    rows = ImportBatch.objects.visible_to(user).select_related("store", "made_by")
    return rows.order_by(*LIST_ORDER)  # type: ignore[no-any-return]


def import_get(*, user: Any, pk: int) -> ImportBatch:
    """One import within reach, else 404."""
    people = ("store", "made_by", "confirmed_by", "undone_by")
    rows = ImportBatch.objects.visible_to(user).select_related(*people, "check_job", "confirm_job", "undo_job")
    batch: ImportBatch | None = rows.filter(pk=pk).first()
    if batch is None:
        raise NotFound
    return batch


def import_found(pk: int) -> ImportBatch:
    """By id, for the service's own answer (idempotency)."""
    return ImportBatch.objects.get(pk=pk)  # type: ignore[no-any-return]


def rows_shown(batch: ImportBatch, verdict: str = "") -> QuerySet[ImportRow]:
    """The rows of one import; `verdict` narrows them."""
    rows: QuerySet[ImportRow] = ImportRow.objects.filter(batch=batch)
    if verdict in RowVerdict.values:
        rows = rows.filter(verdict=verdict)
    return rows.order_by(*ROW_ORDER)


def rows_kept(batch: ImportBatch, most: int = 50) -> list[ImportRow]:
    """Rows of an undone import that stayed, with the reason."""
    rows = ImportRow.objects.filter(batch=batch, outcome__startswith="保留")
    return list(rows.order_by(*ROW_ORDER)[:most])


def due_for_purge(before: dt.datetime) -> Iterator[ImportBatch]:
    """Imports whose plain rows may be due for removal."""
    yield from ImportBatch.objects.filter(purged_at=None, created_at__lt=before).select_related("check_job")


@dataclass
class Known:
    """What a file is checked against; each table is read once."""

    store: Store
    sources: dict[str, Any] = field(default_factory=dict)
    series: dict[str, Any] = field(default_factory=dict)
    sellers: dict[str, User | None] = field(default_factory=dict)
    authors: dict[str, User | None] = field(default_factory=dict)
    closed: set[dt.date] = field(default_factory=set)


def known_in(store: Store) -> Known:
    """Sources, models, people and closed months of the store."""
    known = Known(store)
    for source in sources_of(store):
        known.sources |= {fold(source.code): source, fold(source.name): source}
    known.series = {fold(row.name): row for row in series_of(store)}
    known.sellers = _by_name(sellers_in(store))
    # Who made a card may have left since.
    known.authors = _by_name(User.objects.filter(memberships__store=store).distinct())
    known.closed = set(ClosedMonth.objects.filter(store=store).values_list("month", flat=True))
    return known


def _by_name(people: Iterable[User]) -> dict[str, User | None]:
    """By number, sign-in name and name; None where two people share one."""
    found: dict[str, User | None] = {}
    for person in people:
        for name in {fold(person.username), fold(person.employee_no), fold(person.name)} - {""}:
            found[name] = None if name in found and found[name] != person else person
    return found


def in_parts(values: Iterable[str]) -> Iterator[list[str]]:
    """At most CHUNK at a time, so that no statement grows with the file."""
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


def files_of(store: Store, numbers: Iterable[str]) -> dict[str, CustomerPhone]:
    """Number → the phone of the customer who has it, with the owner."""
    found: dict[str, CustomerPhone] = {}
    for some in in_parts(numbers):
        rows = CustomerPhone.objects.filter(store=store, number__in=some).select_related("customer__owner")
        found |= {row.number: row for row in rows}
    return found


def open_leads_of(store: Store, numbers: Iterable[str]) -> set[str]:
    """Numbers that are an open lead."""
    found: set[str] = set()
    for some in in_parts(numbers):
        rows = Lead.objects.filter(store=store, phone__in=some, state__in=OPEN_LEAD_STATES)
        found |= set(rows.values_list("phone", flat=True))
    return found


def external_ids_of(store: Store, ids: Iterable[str]) -> set[tuple[int | None, str]]:
    """(source, number at the source) that were taken before."""
    found: set[tuple[int | None, str]] = set()
    for some in in_parts(ids):
        rows = Lead.objects.filter(external_id__in=some, source__group_id=store.group_id)
        found |= set(rows.values_list("source_id", "external_id"))
    return found
