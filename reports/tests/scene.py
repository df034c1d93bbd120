"""A random month of a store, from a seed: the ground for properties that must hold on any data."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from dealership.org.models import Store
from leads.choices import OPEN_GRADES, ProspectStatus, VisitType
from reports.tests import rows

KINDS = tuple(VisitType)


def _when(rng: random.Random, first: int = 1, last: int = 22) -> str:
    month = rng.choice(("2026-10", "2026-11"))
    return f"{month}-{rng.randint(first, last):02d} {rng.randint(0, 11):02d}:{rng.randint(0, 59):02d}"


def play(store: Store, people: list[Any], *, seed: int, size: int = 8) -> None:
    """Visits, cards with moves, follow-ups, tasks, orders, money, cars and targets of October and November 2026."""
    rng = random.Random(seed)
    for _ in range(size):
        rows.visit(store, rng.choice([*people, None]), _when(rng), rng.choice(KINDS))
        card = rows.card(store, rng.choice(people), _when(rng, last=10), rng.choice(OPEN_GRADES))
        outcome = rng.choice(("reached", "no_answer"))
        minutes = rng.choice((None, 5, 30)) if outcome == "reached" else None
        rows.follow_up(card, _when(rng), done_by=rng.choice(people), outcome=outcome, minutes=minutes)
        due = _when(rng)
        rows.task(card, due, done=rng.choice(("", due)))
        _fate(rng, store, people, card)
        rows.vehicle(store, _when(rng)[:10])
        _sale(rng, store, people)
    for person in people:
        rows.target(store, person, "2026-11", rng.randint(0, 9))


def _fate(rng: random.Random, store: Store, people: list[Any], card: Any) -> None:
    steps = rng.choice(
        ((), (ProspectStatus.LOSS_PENDING, ProspectStatus.LOST), (ProspectStatus.DORMANT_PENDING,
         ProspectStatus.DORMANT, ProspectStatus.ACTIVE), (ProspectStatus.ORDERED, ProspectStatus.ACTIVE))
    )  # fmt: skip
    if rng.random() < 0.4:
        rows.give(card, rng.choice(people), "2026-11-11 09:00")
    for minute, step in enumerate(steps):
        rows.move(card, step, f"2026-11-12 10:{minute:02d}")


def _sale(rng: random.Random, store: Store, people: list[Any]) -> None:
    ordered = f"2026-10-{rng.randint(1, 31):02d} 10:00"
    fate = rng.choice(("open", "delivered", "cancelled"))
    later = f"2026-11-{rng.randint(1, 22):02d} 10:00"
    moved = {} if fate == "open" else {fate: later}
    row = rows.deal(store, rng.choice(people), ordered, **moved)
    rows.payment(row, later, Decimal(rng.randint(1, 18_000_000)) / 100, pass_through=rng.random() < 0.2)
    if fate == "delivered":
        rows.invoice(row, later[:10], rng.randint(100_000, 200_000))
