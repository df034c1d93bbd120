"""The month identity per person and store (domain.md §5.2, product.md §5.6).

opening + new + reactivated + transferred in − transferred out − won − lost − dormant = closing, counted from the
append-only histories; `counted` is what stands on the cards (or in the next month's frozen opening) and must equal it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.prepared import rows_of
from leads.choices import OPEN_STATUSES, ProspectStatus
from leads.kpis import cards_open_at
from leads.models import OwnerChange, Prospect, StatusChange
from reports.models import OpeningProspect, OpeningSnapshot


@dataclass
class IdentityRow:
    """One person's month (`person_id` None is the store)."""

    person_id: int | None
    opening: int = 0
    new: int = 0
    reactivated: int = 0
    transferred_in: int = 0
    transferred_out: int = 0
    won: int = 0
    lost: int = 0
    dormant: int = 0
    counted: int = 0

    @property
    def closing(self) -> int:
        gained = self.opening + self.new + self.reactivated + self.transferred_in
        return gained - self.transferred_out - self.won - self.lost - self.dormant

    @property
    def difference(self) -> int:
        """Cards that stand without a history, or the other way round; always 0 in a sound store."""
        return self.counted - self.closing


# person → grade → open cards
Standing = dict[int, dict[str, int]]


@dataclass(frozen=True)
class Identity:
    """The people's rows and their sum, with the grades of what stood at the start and of what was counted."""

    people: list[IdentityRow]
    store: IdentityRow
    opening: Standing
    counted: Standing

    @property
    def holds(self) -> bool:
        return not self.store.difference and all(not row.difference for row in self.people)


def identity_of(*, store_id: int, month: dt.date) -> Identity:
    """The identity of a store's month, up to now while it runs. Callers check the reader's reach over the store."""
    period = Period.containing("month", month)
    rows: dict[int, IdentityRow] = defaultdict(lambda: IdentityRow(None))
    opening, counted = _standing(store_id, period.start), _counted(store_id, period)
    for person, cards in opening.items():
        rows[person].opening = sum(cards.values())
    _add_flows(rows, store_id, period)
    _add_transfers(rows, store_id, period)
    for person, cards in counted.items():
        rows[person].counted = sum(cards.values())
    for person, row in rows.items():
        row.person_id = person
    people = [rows[person] for person in sorted(rows)]
    total = IdentityRow(None)
    for field in fields(IdentityRow):
        if field.name != "person_id":
            setattr(total, field.name, sum(getattr(row, field.name) for row in people))
    return Identity(people, total, opening, counted)


def cards_at_start(*, store_id: int, person_id: int, month: dt.date) -> dict[int, str]:
    """Grade by card of those a person held open when a month began: the frozen rows, else the histories."""
    if _is_frozen(store_id, month):
        rows = OpeningProspect.objects.filter(store_id=store_id, month=month, owner_id=person_id)
        return dict(rows.values_list("prospect_id", "grade"))
    held = cards_open_at(periods.at(month), store_id).filter(owner_then=person_id)
    return dict(held.values_list("pk", "grade_then"))


def _is_frozen(store_id: int, month: dt.date) -> bool:
    return bool(rows_of((_snapshots, month), lambda ids: _snapshots(ids[0], month), [store_id]))


def _standing(store_id: int, month: dt.date) -> Standing:
    """Open cards per person and grade at the start of a month: the frozen rows, else the histories."""
    opened = _frozen if _is_frozen(store_id, month) else _replayed
    return _by_person(rows_of((opened, month), lambda ids: opened(ids[0], month), [store_id]))


def _snapshots(store_id: int, month: dt.date) -> QuerySet[Any, Any]:
    return OpeningSnapshot.objects.filter(store_id=store_id, month=month).values_list("pk")[:1]


def _frozen(store_id: int, month: dt.date) -> QuerySet[Any, Any]:
    rows = OpeningProspect.objects.filter(store_id=store_id, month=month).order_by()
    return rows.values_list("owner_id", "grade").annotate(Count("pk"))


def _replayed(store_id: int, month: dt.date) -> QuerySet[Any, Any]:
    rows = cards_open_at(periods.at(month), store_id).order_by()
    return rows.values_list("owner_then", "grade_then").annotate(Count("pk"))


def _counted(store_id: int, period: Period) -> Standing:
    """The open cards at the end: of a past month as its successor opened, of the running one as they stand."""
    if period.end_at <= periods.now():
        return _standing(store_id, period.end)
    return _by_person(rows_of(_open_now, lambda ids: _open_now(*ids), [store_id]))


def _open_now(store_id: int) -> QuerySet[Any, Any]:
    rows = Prospect.objects.open().filter(store_id=store_id).order_by()
    return rows.values_list("owner_id", "grade").annotate(Count("pk"))


def _by_person(rows: Iterable[tuple[int, str, int]]) -> Standing:
    found: Standing = defaultdict(dict)
    for person, grade, cards in rows:
        found[person][grade] = cards
    return found


def _add_flows(rows: dict[int, IdentityRow], store_id: int, period: Period) -> None:
    """Every move into or out of the open statuses is one flow of the person who held the card."""
    found = rows_of((_flows, period), lambda ids: _flows(ids[0], period), [store_id])
    for person, before, after, is_first, count in found:
        row = rows[person]
        if after in OPEN_STATUSES and before == "" and is_first:
            row.new += count
        elif after in OPEN_STATUSES:
            row.reactivated += count
        elif after == ProspectStatus.LOST:
            row.lost += count
        elif after == ProspectStatus.DORMANT:
            row.dormant += count
        else:
            row.won += count


def _flows(store_id: int, period: Period) -> QuerySet[Any, Any]:
    moves = StatusChange.objects.filter(store_id=store_id, **period.filter("at"))
    is_open = Q(to_status__in=OPEN_STATUSES)
    was_open = Q(from_status__in=OPEN_STATUSES)
    crossing = moves.filter((is_open & ~was_open) | (was_open & ~is_open)).order_by()
    crossing = crossing.annotate(is_first=ExpressionWrapper(Q(prospect__previous=None), BooleanField()))
    return crossing.values_list("owner_id", "from_status", "to_status", "is_first").annotate(Count("pk"))


def _add_transfers(rows: dict[int, IdentityRow], store_id: int, period: Period) -> None:
    """Hand-overs of cards that were open then. A move at the same instant came first if the giver still held it."""
    for giver, taker in rows_of((_moved, period), lambda ids: _moved(ids[0], period), [store_id]):
        rows[giver].transferred_out += 1
        rows[taker].transferred_in += 1


def _moved(store_id: int, period: Period) -> QuerySet[Any, Any]:
    before = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), owner_id=OuterRef("from_owner_id"))
    earlier = StatusChange.objects.filter(before, prospect=OuterRef("prospect")).order_by("-at", "-id")
    moved = OwnerChange.objects.filter(store_id=store_id, **period.filter("at")).exclude(owner_id=F("from_owner_id"))
    moved = moved.annotate(status_then=Subquery(earlier.values("to_status")[:1])).filter(status_then__in=OPEN_STATUSES)
    return moved.values_list("from_owner_id", "owner_id")
