"""The raw leads behind a demo store's online cards, those that were none, and what lies in the pool today."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

from dealership.core import periods
from dealership.org.policy import DEFAULTS
from leads.choices import (
    AssignedHow,
    AttemptOutcome,
    CardChannel,
    ContactChannel,
    LeadEvent,
    LeadInvalidReason,
    LeadState,
)
from leads.models import Customer, CustomerPhone, Lead, LeadAssignment, LeadAttempt, LeadChange, Prospect
from reports.demo import words
from reports.demo.bulk import Row
from reports.demo.identity import person_name
from reports.demo.people import Seller
from reports.demo.site import Site

RESPONSE = dt.timedelta(minutes=DEFAULTS["lead.first_response_minutes"])
ON_TIME = 83  # percent of turns called within the clock
INVALID = 1.1  # 非意向 for every card made of a lead (domain.md §6.2)
POOL = 14
REASONS = (
    (LeadInvalidReason.NO_INTENT, 34),
    (LeadInvalidReason.NO_ANSWER, 27),
    (LeadInvalidReason.WRONG_NUMBER, 14),
    (LeadInvalidReason.BOUGHT_OTHER, 11),
    (LeadInvalidReason.OTHER_CITY, 7),
    (LeadInvalidReason.BOUGHT_OURS, 4),
    (LeadInvalidReason.OTHER_PROVINCE, 3),
)


class RawLeads:
    """Writes leads for the months of the demo; the cards themselves are there already."""

    def __init__(self, site: Site, rng: random.Random, next_number: Callable[[], str]) -> None:
        self.site, self.bulk, self.rng, self.next_number = site, site.bulk, rng, next_number
        self.people = site.people
        self.names = {row["id"]: row["name"] for row in self.bulk.rows(Customer)}
        self.numbers = {row["customer_id"]: row["number"] for row in self.bulk.rows(CustomerPhone)}
        self.taken: set[str] = set()

    def run(self) -> None:
        """A lead for each online card of these months, the useless ones between them, and the pool of today."""
        since = periods.at(self.site.span[0])
        cards = [row for row in self.bulk.rows(Prospect) if row["card_channel"] == CardChannel.DCC]
        for card in sorted(cards, key=lambda row: (row["card_created_at"], row["id"])):
            if card["card_created_at"] > since:
                self._carded(card)
                if self.rng.random() < INVALID - 0.1:
                    self._invalid(card["card_created_at"], card)
        for at, card in zip(self._business_hours(), reversed(cards), strict=False):
            self._pooled(at, card)

    def _worker(self, owner_id: int) -> Seller:
        """Mostly the online desk, else the one who holds the card."""
        sellers = [seller for seller in self.people.sellers if seller.user_id == owner_id]
        if sellers and (self.rng.random() < 0.3 or not self.people.agents):
            return sellers[0]
        return self.rng.choice(self.people.agents or self.people.sellers)

    def _carded(self, card: Row) -> None:
        person, made = self._worker(card["owner_id"]), card["card_created_at"]
        number = self.numbers[card["customer_id"]]
        if number in self.taken:
            return
        self.taken.add(number)
        lead = self._taken_in(made - dt.timedelta(minutes=self.rng.randrange(6, 40)), card, number)
        lead["name"] = self.names[card["customer_id"]]
        turn = self._given(lead, person, lead["received_at"])
        self._tried(lead, person, self._call_time(lead["received_at"], made), AttemptOutcome.REACHED, "愿意到店看车")
        lead.update(state=LeadState.CARDED, processed_at=made, customer_id=card["customer_id"], prospect_id=card["id"])
        self._moved(lead, LeadEvent.CARD, LeadState.ASSIGNED, made, person.user_id)
        turn.update(ended_at=made, ended_by_event=LeadEvent.CARD)

    def _invalid(self, near: dt.datetime, like: Row) -> None:
        """Somebody who was no customer; who never answers is tried three times on two days."""
        at = near + dt.timedelta(minutes=self.rng.randrange(5, 40))
        person = self._worker(0)
        reason = self.rng.choices([code for code, _ in REASONS], weights=[share for _, share in REASONS])[0]
        calls = 3 if reason == LeadInvalidReason.NO_ANSWER else 1
        outcome = {
            LeadInvalidReason.NO_ANSWER: AttemptOutcome.NO_ANSWER, LeadInvalidReason.WRONG_NUMBER:
            AttemptOutcome.WRONG_NUMBER,
        }.get(reason, AttemptOutcome.REFUSED)  # fmt: skip
        ended = at + dt.timedelta(hours=26) if calls > 1 else at + dt.timedelta(minutes=self.rng.randrange(12, 90))
        if ended > self.site.now:
            return
        lead = self._taken_in(at, like, self.next_number())
        turn = self._given(lead, person, at)
        first = self._call_time(at, ended)
        for call in range(calls):
            self._tried(lead, person, first + (ended - first) * call / calls, outcome, "")
        lead.update(state=LeadState.INVALID, processed_at=ended, invalid_reason=reason)
        self._moved(lead, LeadEvent.INVALIDATE, LeadState.ASSIGNED, ended, person.user_id)
        turn.update(ended_at=ended, ended_by_event=LeadEvent.INVALIDATE)

    def _business_hours(self) -> Iterator[dt.datetime]:
        """Moments of the last days when the showroom was open, so long ago that the clock has run out twice."""
        at, found = self.site.now - dt.timedelta(minutes=80), 0
        while found < POOL:
            if 9 <= periods.local_time(at).hour < 17:
                found += 1
                yield at - dt.timedelta(minutes=self.rng.randrange(10))
            at -= dt.timedelta(hours=2)

    def _pooled(self, at: dt.datetime, like: Row) -> None:
        """Given out, never called, taken back by the clock: anybody may pick it now."""
        person = self.rng.choice(self.people.sellers)
        lead = self._taken_in(at, like, self.next_number())
        turn = self._given(lead, person, at)
        back = at + RESPONSE * DEFAULTS["lead.recycle_factor"]
        turn.update(ended_at=back, ended_by_event=LeadEvent.RECYCLE, first_contact_at=None)
        lead.update(
            state=LeadState.RECYCLED, previous_owner_id=person.user_id, owner_id=None, team_id=None, assigned_at=None,
            sla_due_at=None, first_contact_at=None, recycled_count=1,
        )  # fmt: skip
        row = self._moved(lead, LeadEvent.RECYCLE, LeadState.ASSIGNED, back, None)
        row.update(from_owner_id=person.user_id, reason="超过首次响应时限未联系")

    def _call_time(self, at: dt.datetime, latest: dt.datetime) -> dt.datetime:
        minutes = self.rng.randrange(2, 29) if self.rng.randrange(100) < ON_TIME else self.rng.randrange(32, 90)
        return min(at + dt.timedelta(minutes=minutes), latest)

    def _taken_in(self, at: dt.datetime, like: Row, number: str) -> Row:
        name, gender = person_name(self.rng)
        lead = self.bulk.add(
            Lead, store_id=self.people.store_id, source_id=like["source_id"], series_id=like["series_id"],
            name=name[0] + ("女士" if gender == "female" else "先生"), phone=number, received_at=at, created_at=at,
            note=self.rng.choice(words.LEAD_NOTES),
        )  # fmt: skip
        self._moved(lead, LeadEvent.TAKE_IN, "", at, None)
        return lead

    def _given(self, lead: Row, person: Seller, at: dt.datetime) -> Row:
        lead.update(
            state=LeadState.ASSIGNED, owner_id=person.user_id, team_id=person.team_id, assigned_at=at,
            first_assigned_at=at, sla_due_at=at + RESPONSE,
        )  # fmt: skip
        self._moved(lead, LeadEvent.ASSIGN, LeadState.NEW, at, None)
        return self.bulk.add(
            LeadAssignment, **_scope(lead), how=AssignedHow.AUTO, assigned_at=at, sla_due_at=at + RESPONSE
        )  # fmt: skip

    def _tried(self, lead: Row, person: Seller, at: dt.datetime, outcome: AttemptOutcome, note: str) -> None:
        self.bulk.add(
            LeadAttempt, **_scope(lead), at=at, by_id=person.user_id, channel=ContactChannel.PHONE, outcome=outcome,
            note=note,
        )  # fmt: skip
        if lead["first_contact_at"] is None:
            lead["first_contact_at"] = at
            self.bulk.rows(LeadAssignment)[-1]["first_contact_at"] = at

    def _moved(self, lead: Row, event: LeadEvent, before: str, at: dt.datetime, by: int | None) -> Row:
        return self.bulk.add(
            LeadChange, **_scope(lead), event=event, from_state=before, to_state=lead["state"], at=at, by_id=by
        )  # fmt: skip


def _scope(lead: Row) -> dict[str, Any]:
    return {"lead_id": lead["id"], **{name: lead[name] for name in ("store_id", "team_id", "owner_id")}}
