"""Simulating a hand-over: what somebody holds, and a fair split of it among colleagues."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dealership.accounts.models import User
from dealership.core.errors import NotFound
from dealership.org.models import Store
from leads.choices import HELD_STATUSES, LIVE_STATUSES, Grade
from leads.models import Customer, HandOver, Lead, Prospect
from leads.selectors.choices import sellers_in

# Ordered first, then the hottest: every taker gets of each.
ORDER = (Grade.O, Grade.H, Grade.A, Grade.B, Grade.C, Grade.N)
LEAD = "线索"
FILE = "档案"


@dataclass
class Taker:
    """A colleague of the split: what they hold already and what they would get, by grade."""

    person: Any
    load: int
    gets: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.gets.values())

    @property
    def after(self) -> int:
        return self.load + self.total


@dataclass(frozen=True)
class Split:
    """Who gets what: ids of cards, leads and customers without a card to the taker's id."""

    takers: list[Taker]
    cards: list[Prospect]
    leads: list[Lead]
    card_moves: dict[int, int]
    lead_moves: dict[int, int]
    file_moves: dict[int, int]
    files: int
    kinds: tuple[str, ...]


def cards_of(*, user: Any, store: Store, person: Any) -> list[Prospect]:
    """Live and resting cards a person holds in a store, hottest first, then by what is due."""
    rows = Prospect.objects.visible_to(user).filter(store=store, owner=person, status__in=HELD_STATUSES)
    found = list(rows.select_related("customer", "series").order_by("next_follow_up_at", "id"))
    return sorted(found, key=lambda card: ORDER.index(Grade(card.grade)) if card.grade in ORDER else len(ORDER))


def leads_of(*, user: Any, store: Store, person: Any) -> list[Lead]:
    """Unprocessed leads a person holds in a store."""
    return list(Lead.objects.visible_to(user).held().filter(store=store, owner=person).order_by("assigned_at", "id"))


def _files(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Customers no card goes with: owners of a delivered car, lost ones, mere contacts."""
    held = Prospect.objects.filter(customer=OuterRef("pk"), status__in=HELD_STATUSES)
    return rows.exclude(Exists(held))


def files_of(*, user: Any, store: Store, person: Any) -> list[int]:
    """Customers of a person in a store without a card to hand over, by id."""
    rows = Customer.objects.visible_to(user).filter(store=store, owner=person)
    return list(_files(rows).order_by("pk").values_list("pk", flat=True))


def held_files(person: Any) -> int:
    """How many customers without a card a person owns in all stores: nobody leaves them ownerless."""
    return _files(Customer.objects.filter(owner=person)).count()


def holders_in(store: Store) -> QuerySet[User]:
    """Who may have something to hand over: the sellers of the store, and whoever still owns customers there."""
    owned = Customer.objects.filter(store=store, owner=OuterRef("pk"))
    return User.objects.filter(Q(pk__in=sellers_in(store).values("pk")) | Exists(owned)).order_by("id")


def split(*, user: Any, store: Store, person: Any, takers: Iterable[Any]) -> Split:
    """A split by grade and load: of each grade everybody gets equally many, ties go to whoever holds least.

    Deterministic: the same store and choice give the same split, so what was simulated is what is done.
    """
    rows = [Taker(taker, 0) for taker in sorted(takers, key=lambda one: one.pk) if taker.pk != person.pk]
    held = Prospect.objects.filter(store=store, owner__in=[row.person for row in rows], status__in=LIVE_STATUSES)
    loads = dict(held.order_by().values_list("owner_id").annotate(Count("pk")))
    for row in rows:
        row.load = loads.get(row.person.pk, 0)
    cards, leads = cards_of(user=user, store=store, person=person), leads_of(user=user, store=store, person=person)
    card_moves = {card.pk: _next(rows, card.grade) for card in cards} if rows else {}
    lead_moves = {lead.pk: _next(rows, LEAD) for lead in leads} if rows else {}
    files = files_of(user=user, store=store, person=person)
    file_moves = {pk: _next(rows, FILE) for pk in files} if rows else {}
    found = {card.grade for card in cards} | ({LEAD} if leads else set()) | ({FILE} if files else set())
    kinds = tuple(kind for kind in (*(grade.value for grade in ORDER), LEAD, FILE) if kind in found)
    return Split(rows, cards, leads, card_moves, lead_moves, file_moves, len(files), kinds)


def _next(takers: list[Taker], kind: str) -> int:
    taker = min(takers, key=lambda row: (row.gets.get(kind, 0), row.after, row.person.pk))
    taker.gets[kind] = taker.gets.get(kind, 0) + 1
    return int(taker.person.pk)


def hand_over_list(*, user: Any) -> QuerySet[HandOver]:
    """Hand-overs within reach, newest first when paged by `-id`."""
    rows = HandOver.objects.visible_to(user).select_related("person", "made_by", "undone_by", "store")
    return rows.annotate(number=Count("items"))  # type: ignore[no-any-return]


def hand_over_get(*, user: Any, pk: int) -> HandOver:
    """One hand-over within reach with its items; 404 otherwise."""
    row: HandOver | None = hand_over_list(user=user).filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def items_by_taker(row: HandOver) -> list[tuple[Any, list[Any]]]:
    """What each colleague got, with the answers of an undo."""
    items = row.items.select_related("taker", "prospect__customer", "lead", "customer").order_by("id")
    grouped: dict[int, tuple[Any, list[Any]]] = {}
    for item in items:
        grouped.setdefault(item.taker_id, (item.taker, []))[1].append(item)
    return sorted(grouped.values(), key=lambda pair: pair[0].pk)
