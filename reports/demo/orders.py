"""Orders of a demo store: price, lines, money, car, papers, hand-over and care, each at its own time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from dealership.core import periods
from dealership.core.money import show_money
from dealership.org.choices import Role
from leads.choices import ProspectStatus
from reports.demo import deal_rows
from reports.demo.bulk import Row
from reports.demo.cards import Card, CardBook
from reports.demo.catalogue import Car, authority_of
from reports.demo.defects import plant
from reports.demo.delivery import hand_over
from reports.demo.identity import id_number
from reports.demo.requests import Desk, Request
from reports.demo.shape import money
from reports.demo.site import Site
from reports.demo.stock import Garage
from sales.choices import (
    CancelReason,
    DealStatus,
    DepositKind,
    PaymentMethod,
    PaymentMode,
    PaymentPurpose,
    VehicleStatus,
)
from sales.models import Allocation, Deal, DealStateChange

BEYOND_AUTHORITY = 12  # percent of deals that ask for a special price
WAITING_TODAY = 45  # the same today, still to be answered
FACTORY_ORDER = 10  # percent that wait for the factory
LATE_LOANS = 9  # percent of loans that the bank pays after the hand-over
OVERDUE_DEPOSITS = 3  # planted: agreed days ago, no money yet
DISCOUNT_SHARE = 97  # per mille of the list price, on average


@dataclass(eq=False)
class Order:
    """A deal in memory with its card, car and plan."""

    row: Row
    card: Card
    car: Car
    level: int = 0  # of the price approval; 0 needs none
    vehicle: Row | None = None
    lines: list[Row] = field(default_factory=list)
    deliver_at: dt.datetime | None = None
    allocation: Row | None = None
    documents: list[Row] = field(default_factory=list)

    @property
    def taken(self) -> Row:
        """The allocated car."""
        if self.vehicle is None:
            raise LookupError("no car is allocated yet")
        return self.vehicle


class OrderBook:
    """Places orders and carries each through its states on the agenda."""

    def __init__(self, site: Site, book: CardBook) -> None:
        self.bulk = site.bulk
        self.book = book
        self.shape = site.shape
        self.people = site.people
        self.catalogue = site.catalogue
        self.now = site.now
        self.rng = site.rng
        self.agenda = site.agenda
        self.garage = Garage(site)
        self.money = deal_rows.Till(site)
        self.desk = Desk(site)
        self.orders: list[Order] = []
        self._numbers: Counter[str] = Counter()
        self._overdue_left = OVERDUE_DEPOSITS
        self.today = periods.at(periods.local_date(site.now))

    def place(self, card: Card, at: dt.datetime, *, not_before: dt.datetime | None = None) -> None:
        """Draft, price, deposit; what follows is put on the agenda. `not_before` is the earliest hand-over."""
        if at > self.now or not card.is_free:
            return
        order = self._draft(card, at)
        self.orders.append(order)
        agreed = at + dt.timedelta(minutes=8)
        card.buying = True
        card.turn += 1
        if not order.level:
            self.agenda.after(agreed, self._agreed, order, not_before, card.seller.user_id)
            return
        self.move(order, DealStatus.PRICE_APPROVAL, agreed, card.seller.user_id, "客户坚持此价成交，竞品报价更低")
        request = self.desk.ask(self._price_request(order), card.seller.user_id, agreed)
        answer = agreed + dt.timedelta(minutes=self.rng.randrange(20, 240), hours=9 if at >= self.today else 0)
        self.agenda.after(answer, self._price_agreed, order, not_before, request)

    def finish(self) -> None:
        """What is left at the end: free cars, planted faults, the counters of numbers."""
        self.garage.fill()
        plant(self.bulk, self.people, self.rng, self.now)
        self.money.counters(self._numbers)

    def move(self, order: Order, status: DealStatus, at: dt.datetime, by: int | None, reason: str = "") -> None:
        """One step of the state machine with its log row."""
        seller = order.card.seller
        self.bulk.add(
            DealStateChange,
            deal_id=order.row["id"],
            store_id=self.people.store_id,
            team_id=seller.team_id,
            owner_id=seller.user_id,
            from_status="" if status == DealStatus.DRAFT else order.row["status"],
            to_status=status,
            at=at,
            by_id=by,
            reason=reason,
        )
        order.row["status"] = status
        order.row["version"] += 1

    def _draft(self, card: Card, at: dt.datetime) -> Order:
        rng, seller = self.rng, card.seller
        car = self.catalogue.pick(rng, card.prospect["series_id"])
        entry, msrp = car.price_on(periods.local_date(at))
        row = self.bulk.add(
            Deal,
            store_id=self.people.store_id,
            team_id=seller.team_id,
            owner_id=seller.user_id,
            created_by_id=seller.user_id,
            created_at=at,
            prospect_id=card.prospect["id"],
            customer_id=card.customer["id"],
            configuration_id=car.configuration_id,
            colour_id=self.catalogue.pick_colour(rng),
            price_entry_id=entry,
            msrp=money(msrp),
            buyer_name=card.customer["name"],
            buyer_id_number=id_number(rng),
            deposit_kind=rng.choices(list(DepositKind), weights=(72, 28))[0],
            deposit_amount=money(rng.choices((2000, 5000, 10000), weights=(35, 45, 20))[0]),
            payment_mode=rng.choices((PaymentMode.LOAN, PaymentMode.FULL), weights=(55, 45))[0],
            grade_before=card.grade,
        )
        order = Order(row, card, car)
        self.move(order, DealStatus.DRAFT, at, seller.user_id)
        self._price(order, msrp)
        return order

    def _price(self, order: Order, msrp: int) -> None:
        rng, row = self.rng, order.row
        order.lines = deal_rows.lines_of(self.bulk, row, rng)
        gifts = sum(line["cost"] for line in order.lines if line["kind"] == "gift")
        authority = authority_of(msrp)
        wanted = msrp * rng.randrange(DISCOUNT_SHARE - 30, DISCOUNT_SHARE + 26) // 100_000 * 100
        room = authority - int(gifts)
        discount = min(wanted, room // 100 * 100)
        if rng.randrange(100) < (BEYOND_AUTHORITY if order.row["created_at"] < self.today else WAITING_TODAY):
            discount = room + rng.choices((1000, 1800, 4200), weights=(50, 30, 20))[0]
            order.level = 1 if discount <= room + 2000 else 2
        price = money(msrp - discount)
        own = sum((line["price"] for line in order.lines if not line["is_pass_through"]), money(0))
        passed = sum((line["price"] for line in order.lines if line["is_pass_through"]), money(0))
        row.update(
            deal_price=price,
            contract_amount=price + own,
            pass_through_amount=passed,
            concession=money(msrp) - price + gifts,
        )
        if row["payment_mode"] == PaymentMode.LOAN:
            row["loan_amount"] = money(int(price) * rng.randrange(50, 71) // 100 // 1000 * 1000)

    def _price_request(self, order: Order) -> Request:
        row = order.row
        car = f"{order.car.series} {order.car.name}"
        detail = {key: str(row[key]) for key in ("concession", "deal_price", "msrp")}
        detail["authority"] = str(money(authority_of(int(row["msrp"]))))
        title = f"特价审批：{row['buyer_name']} {car} 优惠 {show_money(row['concession'])} 元"
        return Request("deal_price", row["id"], title, order.level, "客户坚持此价成交，竞品报价更低", detail)

    # --- the way of an order ----------------------------------------------------------------------

    def _price_agreed(self, order: Order, not_before: dt.datetime | None, request: Row) -> None:
        at = self.agenda.moment
        by = self.desk.agree(request, at)
        order.row.update(
            approved_until=periods.local_date(at) + dt.timedelta(days=3),
            approved_concession=order.row["concession"],
            approved_level=order.level,
        )
        self._agreed(order, not_before, by)

    def _agreed(self, order: Order, not_before: dt.datetime | None, by: int) -> None:
        at = self.agenda.moment
        self.move(order, DealStatus.PENDING_DEPOSIT, at, by)
        deposit = self.money.register(
            order.row, PaymentPurpose.DEPOSIT, order.row["deposit_amount"], at + dt.timedelta(minutes=6)
        )
        if self._overdue_left and dt.timedelta(days=2) < self.now - at < dt.timedelta(days=12):
            self._overdue_left -= 1
            return
        self.agenda.after(self._office_hours(at + dt.timedelta(minutes=self.rng.randrange(9, 70))),
                          self._ordered, order, deposit, not_before)  # fmt: skip

    def _ordered(self, order: Order, deposit: Row, not_before: dt.datetime | None) -> None:
        at, card = self.agenda.moment, order.card
        self.money.clear(deposit, at)
        month = f"{periods.local_date(at):%Y%m}"
        self._numbers[month] += 1
        order.row.update(number=f"{self.shape.code}-{month}-{self._numbers[month]:04d}", ordered_at=at)
        order.row["grade_before"] = card.grade
        self.move(order, DealStatus.ORDERED, at, self.people.one(Role.CASHIER))
        by = self.people.one(Role.CASHIER)
        self.book.move(card, at, ProspectStatus.ORDERED, by, order.row["number"])
        order.documents = deal_rows.documents_of(self.bulk, order.row)
        self.book.stop(card, at)
        self.book.regrade(card, at, "O")
        self.book.plan_regular(card, at, 7)
        self._plan(order, at, not_before)

    def _plan(self, order: Order, at: dt.datetime, not_before: dt.datetime | None) -> None:
        rng = self.rng
        from_factory = rng.randrange(100) < FACTORY_ORDER
        day = periods.local_date(at) + dt.timedelta(
            days=rng.randrange(24, 40) if from_factory else rng.randrange(2, 12)
        )
        if not from_factory and 17 <= day.day <= 25 and rng.random() < 0.34:
            last = periods.Period.containing("month", day).last_day
            day = last - dt.timedelta(days=rng.randrange(5))
        deliver_at = periods.at(day, dt.time(10)) + dt.timedelta(minutes=rng.randrange(7 * 60))
        if not_before and deliver_at < not_before:
            deliver_at = not_before + dt.timedelta(days=rng.randrange(9), hours=rng.randrange(10, 17))
        order.deliver_at = deliver_at
        promised = periods.local_date(deliver_at) + dt.timedelta(
            days=rng.choices((0, 1, 3, -2), weights=(5, 3, 2, 1))[0]
        )
        order.row.update(promised_on=max(promised, periods.local_date(at)), first_promised_on=promised)
        share = self.shape.cancellations / self.shape.order_total
        if rng.random() < share:
            self.agenda.after(self._office_hours(at + dt.timedelta(days=1 + rng.randrange(2))), self._cancel, order)
            return
        gap = max(deliver_at - at, dt.timedelta(hours=12))
        self.garage.reserve(order, at, from_factory=from_factory)
        self.agenda.after(self._office_hours(at + gap * (0.7 if from_factory else 0.12)), self._allocate, order)

    def _allocate(self, order: Order) -> None:
        at = self.agenda.moment
        by = self.people.one(Role.SALES_ADMIN)
        vehicle = self.garage.take(order, at)
        order.row.update(vehicle_id=vehicle["id"], allocated_at=at)
        order.allocation = self.bulk.add(
            Allocation, vehicle_id=vehicle["id"], deal_id=order.row["id"], allocated_at=at, allocated_by_id=by
        )
        vehicle["status"] = VehicleStatus.ALLOCATED
        self.move(order, DealStatus.ALLOCATED, at, by)
        deal_rows.arrive(order.documents, at, by, self.rng)
        rest = (order.deliver_at or at) - at
        self.agenda.after(self._office_hours(at + rest * 0.5), self._pay, order)

    def _pay(self, order: Order) -> None:
        """The customer pays the rest; the bank's part follows after the hand-over."""
        at, row, rng = self.agenda.moment, order.row, self.rng
        rest = row["contract_amount"] - row["deposit_amount"] - row["loan_amount"]
        loan = row["payment_mode"] == PaymentMode.LOAN
        if loan:
            row["loan_approved_at"] = at - dt.timedelta(hours=rng.randrange(2, 20))
        due = [(PaymentPurpose.DOWN_PAYMENT if loan else PaymentPurpose.BALANCE, rest)]
        due += [
            (PaymentPurpose.INSURANCE if line["kind"] == "insurance" else PaymentPurpose.TAX, line["price"])
            for line in order.lines
            if line["is_pass_through"]
        ]
        cleared = self._office_hours(at + dt.timedelta(minutes=rng.randrange(15, 200)))
        rows = [self.money.register(row, purpose, amount, at) for purpose, amount in due]
        self.agenda.after(cleared, self._paid, order, rows)

    def _paid(self, order: Order, payments: list[Row]) -> None:
        at = self.agenda.moment
        for payment in payments:
            self.money.clear(payment, at)
        order.row["paid_at"] = at
        self.move(order, DealStatus.PAID, at, self.people.one(Role.CASHIER))
        self.agenda.after(self._office_hours(at + dt.timedelta(hours=self.rng.randrange(1, 5))), self._invoice, order)

    def _invoice(self, order: Order) -> None:
        at = self.agenda.moment
        self.money.invoice(order.row, order.taken, at)
        order.taken["status"] = VehicleStatus.INVOICED
        self.move(order, DealStatus.INVOICED, at, self.people.one(Role.FINANCE))
        deliver = self._office_hours(max(order.deliver_at or at, at + dt.timedelta(hours=4)))
        self.agenda.after(at + (deliver - at) * 0.6, self._ready, order)
        if order.row["payment_mode"] == PaymentMode.LOAN:
            self._await_loan(order, at, deliver)
        self.agenda.after(deliver, self._deliver, order)

    def _await_loan(self, order: Order, at: dt.datetime, deliver: dt.datetime) -> None:
        """The bank pays after the invoice; a few cars go before, with the general manager's signature."""
        row = order.row
        late = self.rng.randrange(100) < LATE_LOANS
        arrives = at + (deliver - at) * 0.5
        if late:
            days = self.rng.choices((2, 5, 24), weights=(50, 40, 10))[0]
            arrives = self._office_hours(deliver + dt.timedelta(days=days))
            row["delivery_exception_by_id"] = self.people.one(Role.GENERAL_MANAGER)
            row["delivery_exception"] = "贷款已批复，放款在途，同意先交车"
        amount = row["loan_amount"]
        loan = self.money.register(row, PaymentPurpose.LOAN, amount, at, PaymentMethod.BANK_LOAN)
        self.agenda.after(arrives, self._loan_arrives, loan)

    def _ready(self, order: Order) -> None:
        at, by = self.agenda.moment, self.people.one(Role.DELIVERY_SPECIALIST)
        order.row["pdi_passed_at"] = at
        deal_rows.complete(order.documents, at, by)
        self.move(order, DealStatus.READY, at, by)

    def _deliver(self, order: Order) -> None:
        hand_over(self, order, self.agenda.moment)

    def _loan_arrives(self, loan: Row) -> None:
        self.money.clear(loan, self.agenda.moment)

    def _cancel(self, order: Order) -> None:
        """退订: the answer comes the same day; some customers stay customers."""
        at, card, rng = self.agenda.moment, order.card, self.rng
        reason = rng.choice(list(CancelReason))
        order.row.update(cancel_requested_at=at, cancel_from_status=order.row["status"], cancel_reason=reason)
        order.row["is_seller_caused"] = reason == CancelReason.CAR_DELAYED
        self.move(order, DealStatus.CANCEL_PENDING, at, card.seller.user_id, reason.label)
        title = f"退订申请：{order.row['number']} {order.row['buyer_name']}"
        detail = {"reason": reason.value, "seller_caused": order.row["is_seller_caused"]}
        detail["deposit_kind"] = order.row["deposit_kind"].value
        request = Request("deal_cancel", order.row["id"], title, 2, reason.label, detail)
        asked = self.desk.ask(request, card.seller.user_id, at)
        self.agenda.after(at + dt.timedelta(hours=2), self._cancelled, order, asked)

    def _cancelled(self, order: Order, asked: Row) -> None:
        at, card, row = self.agenda.moment, order.card, order.row
        manager = self.desk.agree(asked, at)
        row["cancelled_at"] = at
        self.move(order, DealStatus.CANCELLED, at, manager)
        if row["deposit_kind"] == DepositKind.PREPAYMENT or row["is_seller_caused"]:
            self.money.refund(row, at)
        self.book.stop(card, at)
        self.book.move(card, at, ProspectStatus.ACTIVE, manager, row["cancel_reason"].label)
        self.book.regrade(card, at, "T", row["cancel_reason"].label)
        self.book.regrade(card, at, row["grade_before"] or "B", row["cancel_reason"].label)
        card.buying = False
        card.refusing = self.rng.random() < 0.55
        self.book.plan_regular(card, at, 2)

    @staticmethod
    def _office_hours(at: dt.datetime) -> dt.datetime:
        """Moved into 9:00–18:30 of the showroom's day."""
        local = periods.local_time(at)
        if local.hour < 9:
            return at + dt.timedelta(hours=9 - local.hour)
        if local.hour >= 18:
            return at + dt.timedelta(hours=33 - local.hour)
        return at
