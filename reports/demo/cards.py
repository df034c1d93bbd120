"""One demo customer and the life of their card: the rows that visits and follow-ups leave."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dealership.core import periods
from dealership.org.policy import DEFAULTS
from leads.card_choices import PaymentWish
from leads.choices import (
    CardChannel,
    ContactChannel,
    FollowUpOutcome,
    Grade,
    ProspectStatus,
    PurchaseKind,
    QuotaStatus,
    TaskKind,
)
from leads.models import Customer, CustomerPhone, FollowUp, FollowUpTask, GradeChange, Prospect, StatusChange
from reports.demo import words
from reports.demo.bulk import Row
from reports.demo.identity import person_name, phone_number, pinyin
from reports.demo.people import Seller
from reports.demo.shape import money
from reports.demo.site import Site

INTERVAL = {grade: DEFAULTS[f"grade.{grade}"]["interval"] for grade in "NHABCO"}
FIRST = {grade: DEFAULTS[f"grade.{grade}"]["first"] for grade in "NHABCO"}
OUT_OF_CONTROL = {grade: DEFAULTS[f"grade.{grade}"]["out_of_control"] for grade in "NHABC"}
SECOND = DEFAULTS["follow_up.second_days"]
DUE_CLOCK = DEFAULTS["follow_up.default_time"]
NEW_GRADES = (("H", 13), ("A", 24), ("B", 33), ("C", 30))
# How a contact moves the grade: share of moves to (better, worse) in percent.
MOVES = {"H": (0, 16), "A": (13, 12), "B": (8, 12), "C": (6, 0), "N": (0, 0)}
FORGOTTEN = 24  # of 1000 planned contacts: nobody calls, the card gets out of control
# Minutes that contacts take, told by the clock so that the rest of the demo stays as it was drawn.
MINUTES: dict[str, tuple[int, ...]] = {
    ContactChannel.PHONE: (5, 5, 10, 5, 15, 10, 5, 30),
    ContactChannel.WECHAT: (5, 5, 10, 5, 15),
    ContactChannel.OUTSIDE: (60, 60, 30),
}
LADDER = ("H", "A", "B", "C")
# What a car of this budget (万) is mostly wanted for.
_USES = {8: "commute", 10: "commute", 12: "family", 15: "family", 18: "family", 20: "family", 25: "business"}


class PhoneBook:
    """Hands out the numbers of a store; a later store shares some customers with the first (domain.md §6.4)."""

    SHARED = 25

    def __init__(self, store: int) -> None:
        self._store = store
        self._given = 0

    def next_number(self) -> str:
        """A number that is new in this store."""
        self._given += 1
        shared = self._store > 1 and self._given % self.SHARED == 0
        return phone_number(1 if shared else self._store, self._given)


@dataclass(eq=False)
class Card:
    """A live card in memory; `turn` makes planned contacts of an older plan void."""

    prospect: Row
    customer: Row
    seller: Seller
    visited_on: dt.date | None = None
    task: Row | None = None
    turn: int = 0
    texts: int = 0
    refusing: bool = False
    buying: bool = False

    @property
    def grade(self) -> str:
        return str(self.prospect["grade"])

    @property
    def is_active(self) -> bool:
        return self.prospect["status"] == ProspectStatus.ACTIVE

    def named(self, text: str) -> str:
        """The customer by name, as people write it: hardly two texts of a month are the same."""
        name = self.customer["name"][0] + ("女士" if self.customer["gender"] == "female" else "先生")
        return text.replace("客户", name, 1) if "客户" in text else f"{name}：{text}"

    @property
    def is_free(self) -> bool:
        """Neither refusing nor at the signing table."""
        return self.is_active and not self.refusing and not self.buying


class CardBook:
    """Writes the rows of cards for one store. Time never passes `now`."""

    def __init__(self, site: Site, phones: PhoneBook) -> None:
        self.bulk = site.bulk
        self.agenda = site.agenda
        self.store_id = site.people.store_id
        self.catalogue = site.catalogue
        self.rng = site.rng
        self.phones = phones
        self.on_due: Callable[[Card, int], None] = _nothing
        self.on_forgotten: Callable[[Card, int], None] = _nothing

    def open_card(
        self, seller: Seller, at: dt.datetime, channel: CardChannel, source: str, *, grade: str | None = None
    ) -> Card:
        """Customer, phone, card, first grade and the first call that is due."""
        customer = self._customer(seller, at)
        grade = self._first_grade(seller, channel) if grade is None else grade
        prospect = self.bulk.add(
            Prospect,
            **self._scope(seller),
            customer_id=customer["id"],
            grade=grade,
            grade_since=at,
            card_created_at=at,
            card_channel=channel,
            created_at=at,
            source_id=self.catalogue.sources[source],
            series_id=self.catalogue.pick(self.rng).series_id,
            **self._wishes(),
        )
        card = Card(prospect, customer, seller)
        self._history(StatusChange, card, at, seller.user_id, to_status=ProspectStatus.ACTIVE)
        self._history(GradeChange, card, at, seller.user_id, to_grade=grade)
        self.plan(card, TaskKind.FIRST, at, FIRST[grade])
        return card

    def plan(self, card: Card, kind: TaskKind, at: dt.datetime, days: int) -> None:
        """Close the plan before and open the next task, due at the usual hour."""
        due = periods.at(periods.local_date(at) + dt.timedelta(days=days), DUE_CLOCK)
        card.turn += 1
        card.prospect["next_follow_up_at"] = due
        card.task = self.bulk.add(
            FollowUpTask,
            **self._scope(card.seller),
            prospect_id=card.prospect["id"],
            kind=kind,
            due_at=due,
            original_due_at=due,
            created_at=at,
        )
        self._will_act(card, at, due)

    def plan_regular(self, card: Card, at: dt.datetime, days: int) -> None:
        """The usual next contact."""
        self.plan(card, TaskKind.REGULAR, at, days)

    def _will_act(self, card: Card, at: dt.datetime, due: dt.datetime) -> None:
        """When the seller really makes the planned contact: mostly in time, sometimes late, now and then never."""
        rng = self.rng
        if card.is_active and rng.randrange(1000) < FORGOTTEN and not card.refusing:
            after = OUT_OF_CONTROL[card.grade] * 24 + rng.randrange(20)
            self.agenda.after(due + dt.timedelta(hours=after), self.on_forgotten, card, card.turn)
            return
        day = periods.local_date(due)
        if rng.randrange(100) >= card.seller.on_time:
            day += dt.timedelta(days=rng.choices((1, 2, 3, 5), weights=(55, 25, 12, 8))[0])
        elif (due - at).days > 3 and rng.random() < 0.2:
            day -= dt.timedelta(days=1)
        self.agenda.after(call_time(day, rng), self.on_due, card, card.turn)

    def contact(
        self,
        card: Card,
        at: dt.datetime,
        outcome: str,
        text: str,
        *,
        grade: str | None = None,
        days: int | None = None,
        channel: str | None = None,
    ) -> None:
        """A follow-up that ends the open task, may move the grade, and plans the next one."""
        before = card.grade
        after = grade or before
        if after != before:
            self.regrade(card, at, after, text[:40])
        ended = card.task
        refused = card.refusing and card.is_active
        kind = TaskKind.SECOND if refused else TaskKind.REGULAR
        self.plan(card, kind, at, SECOND.get(after, 7) if refused else days or self._interval(after))
        way = channel or self._channel(outcome)
        row = self.bulk.add(
            FollowUp,
            **self._scope(card.seller),
            done_by_id=card.seller.user_id,
            prospect_id=card.prospect["id"],
            customer_id=card.customer["id"],
            done_at=at,
            channel=way,
            outcome=outcome,
            content=text,
            minutes=_minutes(way, outcome, at),
            grade_before=before,
            grade_after=after,
            next_follow_up_at=card.prospect["next_follow_up_at"],
            created_at=at,
        )
        if ended is not None:
            ended.update(done_at=at, done_by_id=card.seller.user_id, follow_up_id=row["id"])
        if outcome != "no_answer":
            card.prospect["last_contact_at"] = at

    def regrade(self, card: Card, at: dt.datetime, grade: str, reason: str = "") -> None:
        """原有 → 现在."""
        self._history(GradeChange, card, at, card.seller.user_id, reason, from_grade=card.grade, to_grade=grade)
        card.prospect.update(grade=grade, grade_since=at)

    def move(self, card: Card, at: dt.datetime, status: ProspectStatus, by: int | None, reason: str = "") -> None:
        """One step of the state machine."""
        before = card.prospect["status"]
        self._history(StatusChange, card, at, by, reason, from_status=before, to_status=status)
        card.prospect["status"] = status

    def stop(self, card: Card, at: dt.datetime) -> None:
        """No contact is due any more."""
        card.turn += 1
        card.prospect["next_follow_up_at"] = None
        if card.task is not None and card.task["done_at"] is None:
            card.task["cancelled_at"] = at
        card.task = None

    def _scope(self, seller: Seller) -> dict[str, Any]:
        return {"store_id": self.store_id, "team_id": seller.team_id, "owner_id": seller.user_id}

    def _history(
        self, model: Any, card: Card, at: dt.datetime, by: int | None, reason: str = "", **values: Any
    ) -> None:
        scope = self._scope(card.seller)
        self.bulk.add(model, **scope, prospect_id=card.prospect["id"], at=at, by_id=by, reason=reason, **values)

    def _customer(self, seller: Seller, at: dt.datetime) -> Row:
        name, gender = person_name(self.rng)
        customer = self.bulk.add(
            Customer,
            **self._scope(seller),
            name=name,
            name_pinyin=pinyin(name),
            gender=gender,
            district=self.rng.choice(words.DISTRICTS),
            occupation=self.rng.choice(words.JOBS),
            created_by_id=seller.user_id,
            created_at=at,
        )
        number = self.phones.next_number()
        self.bulk.add(
            CustomerPhone,
            store_id=self.store_id,
            customer_id=customer["id"],
            number=number,
            last4=number[-4:],
            created_at=at,
        )
        return customer

    def _wishes(self) -> dict[str, Any]:
        rng = self.rng
        low = rng.choice((8, 10, 12, 15, 18, 20, 25)) * 10_000
        return {
            "budget_min": money(low),
            "budget_max": money(low + rng.choice((2, 3, 5)) * 10_000),
            "purchase_kind": rng.choices(list(PurchaseKind), weights=(52, 33, 15))[0],
            "car_use": _USES[low // 10_000],
            "payment_wish": PaymentWish.FULL if low % 30_000 == 0 else PaymentWish.LOAN,
            "licence_quota_status": QuotaStatus.NOT_NEEDED,
            "current_car": rng.choice(words.CURRENT_CARS),
            "competitor": rng.choice(("", *words.COMPETITORS)),
            "decision_maker": rng.choice(words.DECIDERS),
            "key_concern": rng.choice(words.CONCERNS),
        }

    def _first_grade(self, seller: Seller, channel: CardChannel) -> str:
        if channel == CardChannel.DCC and self.rng.random() < 0.3:
            return Grade.N
        if seller.all_c:
            return Grade.C
        return self.rng.choices([g for g, _ in NEW_GRADES], weights=[share for _, share in NEW_GRADES])[0]

    def _interval(self, grade: str) -> int:
        days = INTERVAL[grade]
        return max(1, days - self.rng.randrange(max(1, days // 4)))

    def _channel(self, outcome: str) -> str:
        if outcome == "no_answer":
            return ContactChannel.PHONE
        return self.rng.choices((ContactChannel.PHONE, ContactChannel.WECHAT, ContactChannel.SMS), weights=(70, 28, 2))[
            0
        ]


def _nothing(card: Card, turn: int) -> None:
    """Until the showroom says what a planned contact does."""


def _minutes(channel: str, outcome: str, at: dt.datetime) -> int | None:
    """用时 as most note it: one in five forgets; a talk in the store is timed by its visit, a missed call not."""
    lengths = MINUTES.get(channel, ())
    if outcome == FollowUpOutcome.NO_ANSWER or at.second % 5 == 0 or not lengths:
        return None
    return lengths[(at.minute + at.second) % len(lengths)]


def call_time(day: dt.date, rng: random.Random) -> dt.datetime:
    """A minute between 9:20 and 17:50."""
    return periods.at(day, dt.time(9, 20)) + dt.timedelta(seconds=rng.randrange(8 * 3600 + 1800))


def next_grade(grade: str, rng: random.Random) -> str:
    """Where a contact leaves the grade."""
    if grade == Grade.N:
        return rng.choices([g for g, _ in NEW_GRADES], weights=[share for _, share in NEW_GRADES])[0]
    better, worse = MOVES[grade]
    chance = rng.randrange(100)
    place = LADDER.index(grade)
    if chance < better:
        return LADDER[place - 1]
    if chance < better + worse:
        return LADDER[place + 1]
    return grade
