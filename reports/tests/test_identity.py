"""opening + new + reactivated + in − out − won − lost − dormant = closing, for any sequence of acts (T08)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealership.core import periods
from dealership.org.choices import Role
from dealership.tests.builders import make_person, make_store, make_team
from leads.choices import ProspectStatus
from leads.models import Prospect
from leads.services.prospect import (
    prospect_order_cancelled,
    prospect_ordered,
    prospect_reassign,
)
from leads.tests.builders import make_prospect
from reports.selectors.identity import identity_of
from reports.services.rollup import rollup_month
from reports.services.snapshot import opening_snapshot_take
from reports.services.verify import facts_differences
from reports.tests import rows

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(("card", "card", "order", "cancel", "give", "lose", "sleep", "wake")),
        st.integers(0, 7),
        st.booleans(),
    ),
    min_size=4,
    max_size=14,
)


def test_each_flow_has_its_column(store, li, wang, noon):
    kept = rows.card(store, li, "2026-10-03")
    rows.move(rows.card(store, li, "2026-10-04"), ProspectStatus.LOST, "2026-11-02")
    rows.move(rows.card(store, li, "2026-10-04"), ProspectStatus.ORDERED, "2026-11-03")
    asleep = rows.card(store, li, "2026-10-05")
    rows.move(asleep, ProspectStatus.DORMANT, "2026-11-04")
    rows.move(asleep, ProspectStatus.ACTIVE, "2026-11-05")
    rows.card(store, wang, "2026-11-06", previous=kept)
    rows.card(store, wang, "2026-11-06")
    rows.give(kept, wang, "2026-11-07")
    first, second = sorted(identity_of(store_id=store.pk, month=NOVEMBER).people, key=lambda row: row.person_id)
    if first.person_id != li.pk:
        first, second = second, first
    assert (first.opening, first.won, first.lost, first.dormant, first.reactivated) == (4, 1, 1, 1, 1)
    assert (first.transferred_out, first.closing, first.counted) == (1, 1, 1)
    assert (second.new, second.reactivated, second.transferred_in, second.closing, second.counted) == (1, 1, 1, 3, 3)


def test_a_card_moved_without_history_is_found(store, li, wang, noon):
    row = rows.card(store, li, "2026-11-03")
    assert identity_of(store_id=store.pk, month=NOVEMBER).holds
    Prospect.objects.filter(pk=row.pk).update(owner=wang)
    identity = identity_of(store_id=store.pk, month=NOVEMBER)
    assert not identity.holds
    assert sorted(one.difference for one in identity.people) == [-1, 1]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(acts=ACTS)
def test_t08_the_identity_holds_after_any_sequence_of_services(db: Any, acts: list[tuple[str, int, bool]]):
    with time_machine.travel("2026-10-20 10:00+08:00", tick=False) as clock:
        play = _Play()
        for number, (act, pick, other) in enumerate(acts):
            clock.shift(dt.timedelta(days=2, minutes=7 * number))
            play.act(act, pick, other)
        last = periods.today().replace(day=1)
        for month in {OCTOBER, NOVEMBER, last}:
            if month <= last:
                opening_snapshot_take(store_id=play.store.pk, month=month)
                identity = identity_of(store_id=play.store.pk, month=month)
                assert identity.holds, (identity.people, play.log)
        rollup_month(store_id=play.store.pk, month=last)
        assert facts_differences(store_id=play.store.pk, month=last, include_today=True) == []


class _Play:
    """A store in which two consultants and a manager act through the real services."""

    numbers = iter(range(1, 10_000))

    def __init__(self) -> None:
        self.store = make_store(f"P{next(self.numbers)}")
        self.people = [make_person(Role.SALES_CONSULTANT, self.store, team=make_team(self.store)) for _ in range(2)]
        self.manager = make_person(Role.SHOWROOM_MANAGER, self.store)
        self.log: list[str] = []

    def act(self, name: str, pick: int, other: bool) -> None:
        self.log.append(name)
        if name == "card":
            make_prospect(self.people[other], self.store)
            return
        status = {"cancel": ProspectStatus.ORDERED, "wake": ProspectStatus.DORMANT}.get(name, ProspectStatus.ACTIVE)
        cards = list(Prospect.objects.filter(store=self.store, status=status).order_by("pk"))
        if cards:
            getattr(self, f"_{name}")(cards[pick % len(cards)], other)

    def _order(self, card: Prospect, other: bool) -> None:
        prospect_ordered(by=card.owner, prospect_id=card.pk, at=periods.now())

    def _cancel(self, card: Prospect, other: bool) -> None:
        prospect_order_cancelled(by=card.owner, prospect_id=card.pk, at=periods.now(), reason="家庭变故")

    def _give(self, card: Prospect, other: bool) -> None:
        taker = self.people[other]
        if card.owner_id != taker.pk:
            prospect_reassign(by=self.manager, prospect_id=card.pk, new_owner=taker, reason="调整分工")

    def _lose(self, card: Prospect, other: bool) -> None:
        self._move(card, ProspectStatus.LOSS_PENDING, ProspectStatus.LOST)

    def _sleep(self, card: Prospect, other: bool) -> None:
        self._move(card, ProspectStatus.DORMANT_PENDING, ProspectStatus.DORMANT)

    def _wake(self, card: Prospect, other: bool) -> None:
        self._move(card, ProspectStatus.ACTIVE)

    def _move(self, card: Prospect, *steps: str) -> None:
        for step in steps:
            rows.move(card, step, f"{periods.local_time(periods.now()):%Y-%m-%d %H:%M:%S}")
