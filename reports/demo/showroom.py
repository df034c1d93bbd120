"""Months of a demo showroom: visitors, cards, calls, refusals, cards that end."""

from __future__ import annotations

import datetime as dt

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from leads.choices import CardChannel, ContactChannel, ProspectStatus, TaskKind, VisitChannel, VisitPurpose, VisitType
from leads.models import Visit
from reports.demo import words
from reports.demo.bulk import Row
from reports.demo.cards import Card, CardBook, PhoneBook, call_time, next_grade
from reports.demo.orders import OrderBook
from reports.demo.people import Seller
from reports.demo.shape import index_of, some_time, spread_over
from reports.demo.site import Site

NON_INTENT = (VisitPurpose.PAPERWORK, VisitPurpose.DELIVERY, VisitPurpose.SERVICE, VisitPurpose.OTHER)
ORDER_MARK = "+order"
# Arrivals nobody completed stay on the list about so long; earlier ones have been settled.
LEFT_OPEN = dt.timedelta(days=24)


class Showroom:
    """One store from the first month to now."""

    def __init__(self, site: Site, phones: PhoneBook) -> None:
        self.bulk = site.bulk
        self.shape = site.shape
        self.people = site.people
        self.rng = site.rng
        self.months = site.span
        self.now = site.now
        self.agenda = site.agenda
        self.book = CardBook(site, phones)
        self.book.on_due = self._call
        self.book.on_forgotten = self._out_of_control
        self.orders = OrderBook(site, self.book)
        sellers = (*self.people.sellers, *self.people.agents)
        self.live: dict[int, list[Card]] = {seller.user_id: [] for seller in sellers}
        self._refusals_left = 0
        self._calls_left = 1

    def run(self) -> None:
        """The opening stock of cards and orders, then every day up to now."""
        self._opening()
        for month in self.months:
            self._plan_month(month)
        self.agenda.run(self.now)
        self.orders.finish()

    # --- what is planned ------------------------------------------------------------------------

    def _opening(self) -> None:
        """Cards and orders that were open when the first month began."""
        start = self.agenda.moment
        for grade, count in self.shape.opening.items():
            for _ in range(count):
                days = self.rng.randrange(1, {"H": 9, "A": 25, "B": 60, "C": 80}[grade])
                at = some_time(periods.local_date(start) - dt.timedelta(days=days), self.rng)
                card = self._new_card(self._seller(), at, grade=grade)
                last = start - dt.timedelta(hours=self.rng.randrange(3, 24 * min(days, 9) + 3))
                if last > at:
                    self._known_since(card, last)
        for _ in range(self.shape.open_orders):
            at = some_time(periods.local_date(start) - dt.timedelta(days=self.rng.randrange(1, 9)), self.rng)
            card = self._new_card(self._seller(by_result=True), at - dt.timedelta(days=self.rng.randrange(4, 30)))
            self.orders.place(card, at, not_before=start)

    def _known_since(self, card: Card, last: dt.datetime) -> None:
        """A card of the time before has had a contact; some have refused already and wait for the second one."""
        due = periods.at(periods.local_date(last), "20:00")
        if card.task is not None:
            card.task.update(due_at=due, original_due_at=due)
        card.refusing = self.rng.random() < 0.07
        text = self._text(card, words.REFUSALS if card.refusing else words.REACHED)
        self.book.contact(card, last, "refused" if card.refusing else "reached", text)

    def _plan_month(self, month: dt.date) -> None:
        period = Period.containing("month", month)
        index = index_of(month, self.months)
        kinds = dict(self.shape.visits)
        for kind, ordered in self.shape.orders.items():
            kinds[kind] = kinds.get(kind, 0) - (ordered if kind in kinds else 0)
            kinds[kind + ORDER_MARK] = ordered
        kinds.pop("direct", None)
        kinds |= {"phone_in": self.shape.phone_ins, "dcc": self.shape.dcc_cards, "other": self.shape.other_cards}
        kinds["dormant"] = self.shape.dormant
        for day, tokens in spread_over(period, kinds, index, self.rng).items():
            for token in tokens:
                self.agenda.after(some_time(day, self.rng), self._happen, token)
        share = round(self.shape.refusals * index / 100 / len(list(period.days())))
        for day in period.days():
            self.agenda.after(periods.at(day), self._morning, share + self.rng.randrange(-3, 4))

    def _morning(self, refusals: int) -> None:
        """How many customers will refuse today, and about how many calls are due."""
        self._refusals_left = max(0, refusals)
        self._calls_left = max(1, self.shape.refusals // 7)

    def _happen(self, token: str) -> None:
        kind, ordered = token.removesuffix(ORDER_MARK), token.endswith(ORDER_MARK)
        act = {
            "first_captured": self._first_captured,
            "first_carded": self._first_carded,
            "repeat": self._repeat,
            "direct": self._direct,
        }.get(kind)
        if act:
            act(ordered)
        elif kind in ("dcc", "other"):
            self._card_without_visit(kind)
        elif kind == "dormant":
            self._dormant()
        elif kind == "phone_in":
            self._phone_in()
        else:
            self._anonymous(VisitType(kind))

    # --- visitors -------------------------------------------------------------------------------

    def _first_captured(self, ordered: bool) -> None:
        seller = self._seller(by_result=ordered)
        at = self.agenda.moment
        card = self._new_card(seller, at, channel=CardChannel.SHOWROOM, source=self._source(online=False))
        card.visited_on = periods.local_date(at)
        self._visit(VisitType.FIRST_CAPTURED, card=card)
        if ordered:
            self.orders.place(card, at + dt.timedelta(minutes=self.rng.randrange(30, 90)))

    def _first_carded(self, ordered: bool) -> None:
        card = self._known(ordered, visited=False)
        if card is not None:
            self._come(card, VisitType.FIRST_CARDED, ordered)

    def _repeat(self, ordered: bool) -> None:
        card = self._known(ordered, visited=True)
        if card is not None:
            self._come(card, VisitType.REPEAT, ordered)

    def _direct(self, ordered: bool) -> None:
        card = self._known(True, visited=None)
        if card is not None:
            self.orders.place(card, self.agenda.moment)

    def _come(self, card: Card, kind: VisitType, ordered: bool) -> None:
        at = self.agenda.moment
        card.visited_on = periods.local_date(at)
        visit = self._visit(kind, card=card)
        if ordered:
            self.orders.place(card, at + dt.timedelta(minutes=self.rng.randrange(30, 90)))
            return
        if visit["left_at"]:
            self.agenda.after(visit["left_at"], self._after_visit, card, card.turn)

    def _after_visit(self, card: Card, turn: int) -> None:
        if card.turn != turn or not card.is_active:
            return
        grade = "C" if card.seller.all_c else self.rng.choices("HAB", weights=(35, 45, 20))[0]
        text = self._text(card, words.REACHED)
        self.book.contact(card, self.agenda.moment, "reached", text, grade=grade, channel=ContactChannel.IN_STORE)

    def _phone_in(self) -> None:
        """People who ring: most leave a number and become cards, some only ask."""
        if self.rng.random() < 0.35:
            self._visit(VisitType.FIRST_UNCAPTURED, channel=VisitChannel.PHONE_IN)
            return
        card = self._new_card(self._seller(), self.agenda.moment, channel=CardChannel.OTHER, source="autohome")
        self._visit(VisitType.FIRST_CAPTURED, card=card, channel=VisitChannel.PHONE_IN)

    def _anonymous(self, kind: VisitType) -> None:
        purpose = self.rng.choice(NON_INTENT) if kind == VisitType.NON_INTENT else VisitPurpose.PURCHASE
        if kind == VisitType.INCOMPLETE and self.agenda.moment < self.now - LEFT_OPEN:
            kind = VisitType.FIRST_UNCAPTURED
        self._visit(kind, purpose=purpose)

    def _visit(
        self,
        kind: VisitType,
        *,
        card: Card | None = None,
        purpose: VisitPurpose = VisitPurpose.PURCHASE,
        channel: VisitChannel = VisitChannel.WALK_IN,
    ) -> Row:
        at, rng = self.agenda.moment, self.rng
        seller = card.seller if card else self._seller()
        by = seller.user_id if rng.random() < 0.6 else self.people.one(Role.RECEPTIONIST)
        stayed = rng.randrange(20, 130) if card else rng.randrange(5, 40)
        row = self.bulk.add(
            Visit,
            store_id=self.people.store_id,
            team_id=seller.team_id,
            owner_id=seller.user_id,
            received_by_id=seller.user_id,
            registered_by_id=by,
            customer_id=card.customer["id"] if card else None,
            prospect_id=card.prospect["id"] if card else None,
            channel=channel,
            purpose=purpose,
            visit_type=kind,
            captured=card is not None,
            party_size=rng.choices((1, 2, 3, 4, 5), weights=(30, 40, 18, 9, 3))[0],
            source_id=card.prospect["source_id"] if card else None,
            visited_at=at,
            visited_on=periods.local_date(at),
            left_at=None if channel == VisitChannel.PHONE_IN else at + dt.timedelta(minutes=stayed),
            completed_at=None if kind == VisitType.INCOMPLETE else at + dt.timedelta(minutes=rng.randrange(1, 30)),
            created_at=at,
        )
        if row["left_at"] and row["left_at"] > self.now:
            row["left_at"] = None
        if card:
            self.bulk.link(Visit.series.through, visit_id=row["id"], series_id=card.prospect["series_id"])
        return row

    # --- cards ----------------------------------------------------------------------------------

    def _card_without_visit(self, kind: str) -> None:
        online = kind == "dcc"
        seller = self._seller()
        if online and self.people.agents and self.rng.random() < 0.08:
            seller = self.rng.choice(self.people.agents)
        channel = CardChannel.DCC if online else CardChannel.OTHER
        self._new_card(seller, self.agenda.moment, channel=channel, source=self._source(online=online))

    def _new_card(
        self,
        seller: Seller,
        at: dt.datetime,
        *,
        channel: CardChannel | None = None,
        source: str | None = None,
        grade: str | None = None,
    ) -> Card:
        channel = channel or self.rng.choices((CardChannel.DCC, CardChannel.SHOWROOM), weights=(7, 3))[0]
        source = source or self._source(online=channel == CardChannel.DCC)
        card = self.book.open_card(seller, at, channel, source, grade=grade)
        self.live[seller.user_id].append(card)
        return card

    def _known(self, ordered: bool, *, visited: bool | None) -> Card | None:
        """An active card for a visit; buyers are the warm ones of the strong sellers."""
        today = periods.local_date(self.agenda.moment)
        for attempt in range(24):
            seller = self._seller(by_result=ordered)
            cards = self.live[seller.user_id] = [c for c in self.live[seller.user_id] if c.is_active]
            for card in self.rng.sample(cards, min(len(cards), 8)):
                fits = visited is None or (card.visited_on is not None) == visited
                warm = not ordered or card.grade in "HA" or seller.all_c or attempt > 12
                if fits and warm and card.is_free and card.visited_on != today:
                    return card
        return None

    def _dormant(self) -> None:
        cards = self.live[self._seller().user_id]
        cold = [card for card in cards if card.is_free and card.grade == "C"]
        if cold:
            card = self.rng.choice(cold)
            self.book.move(
                card, self.agenda.moment, ProspectStatus.DORMANT_PENDING, card.seller.user_id, "半年后再联系"
            )
            self.book.stop(card, self.agenda.moment)
            self.agenda.after(self._next_morning(), self._decide, card, ProspectStatus.DORMANT, "")

    def _call(self, card: Card, turn: int) -> None:
        """The planned contact."""
        if card.turn != turn:
            return
        at = self.agenda.moment
        if card.prospect["status"] == ProspectStatus.ORDERED:
            text = card.named(self.rng.choice(words.ORDERED_CALLS))
            self.book.contact(card, at, "reached", text, grade="O")
        elif not card.is_active:
            return
        elif card.refusing:
            self._second(card, at)
        elif self.rng.random() < self._refusals_left / self._calls_left:
            self._refuse(card, at)
        else:
            self._talk(card, at)
        self._calls_left = max(1, self._calls_left - 1)

    def _talk(self, card: Card, at: dt.datetime) -> None:
        chance = self.rng.randrange(100)
        if chance < 14:
            days: int | None = 1 + self.rng.randrange(2) + (3 if card.grade in "BC" else 0)
            self.book.contact(card, at, "no_answer", self.rng.choice(words.NO_ANSWERS), days=days)
            return
        outcome, texts = ("appointment", words.APPOINTED) if chance < 26 else ("reached", words.REACHED)
        if chance > 82:
            outcome, texts = "thinking", words.THINKING
        grade = "C" if card.seller.all_c else next_grade(card.grade, self.rng)
        days = 2 + self.rng.randrange(2) if outcome == "appointment" else None
        self.book.contact(card, at, outcome, self._text(card, texts), grade=grade, days=days)

    def _refuse(self, card: Card, at: dt.datetime) -> None:
        """R-REJ: a refusal asks for a second contact before the card may be given up."""
        self._refusals_left -= 1
        card.refusing = True
        outcome = self.rng.choices(("refused", "bought_elsewhere", "not_now"), weights=(45, 35, 20))[0]
        self.book.contact(card, at, outcome, self._text(card, words.REFUSALS))

    def _second(self, card: Card, at: dt.datetime) -> None:
        card.refusing = False
        if self.rng.random() < 0.08:
            self._talk(card, at)
            return
        self.book.contact(card, at, "not_now", self._text(card, words.SECONDS))
        reason = self.rng.choices([r for r, _ in words.LOSS_REASONS], weights=[s for _, s in words.LOSS_REASONS])[0]
        self.book.move(card, at, ProspectStatus.LOSS_PENDING, card.seller.user_id, reason)
        self.book.stop(card, at)
        rejected = self.rng.random() < 0.11
        status = ProspectStatus.ACTIVE if rejected else ProspectStatus.LOST
        self.agenda.after(self._next_morning(), self._decide, card, status, "不同意，请再跟进" if rejected else reason)

    def _decide(self, card: Card, status: ProspectStatus, reason: str) -> None:
        """The manager's answer."""
        at = self.agenda.moment
        self.book.move(card, at, status, self.people.one(Role.SHOWROOM_MANAGER), reason)
        if status == ProspectStatus.ACTIVE:
            self.book.plan(card, TaskKind.REGULAR, at, 1)

    def _out_of_control(self, card: Card, turn: int) -> None:
        if card.turn != turn or not card.is_active:
            return
        at = self.agenda.moment
        self.book.move(card, at, ProspectStatus.OUT_OF_CONTROL, None, "超期未跟进")
        card.turn += 1
        self.agenda.after(call_time(periods.local_date(at) + dt.timedelta(days=self.rng.randrange(2, 12)), self.rng),
                          self._write_off, card)  # fmt: skip

    def _write_off(self, card: Card) -> None:
        """The manager asks, the sales manager answers the same day."""
        if card.prospect["status"] == ProspectStatus.OUT_OF_CONTROL:
            at, manager = self.agenda.moment, self.people.one(Role.SHOWROOM_MANAGER)
            self.book.move(card, at, ProspectStatus.LOSS_PENDING, manager, "联系不上")
            self.book.stop(card, at)
            self.agenda.after(at + dt.timedelta(hours=2), self._decide, card, ProspectStatus.LOST, "联系不上")

    # --- small choices --------------------------------------------------------------------------

    def _seller(self, *, by_result: bool = False) -> Seller:
        """Strong sellers win more; cards are spread more evenly."""
        sellers = self.people.sellers
        weights = [s.weight if by_result else s.weight + 14 for s in sellers]
        return self.rng.choices(sellers, weights=weights)[0]

    def _source(self, *, online: bool) -> str:
        if not online:
            return self.rng.choices(("walk_in", "referral", "show", "outside"), weights=(72, 16, 7, 5))[0]
        shares = [(code, share) for code, _, share in words.SOURCES if code in words.ONLINE_SOURCES]
        return self.rng.choices([code for code, _ in shares], weights=[share for _, share in shares])[0]

    def _next_morning(self) -> dt.datetime:
        day = periods.local_date(self.agenda.moment) + dt.timedelta(days=1)
        return periods.at(day, dt.time(9, 30)) + dt.timedelta(minutes=self.rng.randrange(150))

    def _text(self, card: Card, texts: tuple[str, ...]) -> str:
        if card.seller.pastes:
            return words.COPY_PASTE
        card.texts += 1 + self.rng.randrange(2)
        series = self.book.catalogue.series_names[card.prospect["series_id"]]
        text = texts[card.texts % len(texts)].format(
            c=card.prospect["competitor"] or "同级车",
            k=card.prospect["key_concern"],
            s=series,
            d=card.prospect["decision_maker"],
        )
        return card.named(text)
