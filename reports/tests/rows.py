"""Rows with chosen instants for tests of figures: written directly, because services only know the present."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.reach import team_id_in
from dealership.tests.builders import make_person
from leads.choices import Grade, ProspectStatus, TaskKind, VisitChannel, VisitType
from leads.models import (
    Customer,
    CustomerPhone,
    FollowUp,
    FollowUpTask,
    GradeChange,
    OwnerChange,
    Prospect,
    StatusChange,
    Visit,
)
from leads.tests.loss_builders import agreed_on
from sales.choices import DealStatus, PaymentPurpose, PaymentStatus, TargetKind, VehicleStatus
from sales.models import Deal, Invoice, Payment, PriceEntry, Target, Vehicle
from sales.tests.builders import COST, MSRP, make_colour, make_configuration, new_vin

_numbers = itertools.count(1)


def moment(text: str) -> dt.datetime:
    """`2026-11-03 10:00` on the business clock; a bare day is noon."""
    day, _, clock = text.partition(" ")
    return periods.at(dt.date.fromisoformat(day), clock or "12:00")


def team_of(person: Any, store: Store) -> int | None:
    return team_id_in(person, store.pk) if person is not None else None


def customer(store: Store, owner: Any, *, invalid: bool = False) -> Customer:
    number = next(_numbers)
    row = Customer.objects.create(
        store=store, owner=owner, team_id=team_of(owner, store), name=f"客户{number}", name_pinyin=f"kehu{number}"
    )
    CustomerPhone.objects.create(
        store=store, customer=row, number=f"+86137{number:08d}", last4=f"{number:04d}"[-4:], is_invalid=invalid
    )
    return row


def visit(store: Store, owner: Any, at: str, kind: str = VisitType.FIRST_CAPTURED, **told: Any) -> Visit:
    when = moment(at)
    captured = kind not in (VisitType.FIRST_UNCAPTURED, VisitType.INCOMPLETE)
    invalid = told.pop("invalid", False)
    told.setdefault("channel", VisitChannel.WALK_IN)
    if captured:
        told.setdefault("customer", customer(store, owner, invalid=invalid))
    return Visit.objects.create(
        store=store, owner=owner, team_id=team_of(owner, store), visit_type=kind, captured=captured,
        visited_at=when, visited_on=periods.local_date(when), **told,
    )  # fmt: skip


def card(store: Store, owner: Any, at: str, grade: str = Grade.A, **told: Any) -> Prospect:
    """An open card with the histories of its making."""
    when = moment(at)
    row = Prospect.objects.create(
        store=store, owner=owner, team_id=team_of(owner, store), customer=told.pop("customer", None)
        or customer(store, owner), grade=grade, grade_since=when, card_created_at=when,
        next_follow_up_at=when + dt.timedelta(days=2), **told,
    )  # fmt: skip
    common = {"prospect": row, "store": store, "team_id": row.team_id, "owner": owner, "at": when}
    StatusChange.objects.create(from_status="", to_status=ProspectStatus.ACTIVE, **common)
    GradeChange.objects.create(from_grade="", to_grade=grade, **common)
    return row


def move(row: Prospect, to: str, at: str) -> None:
    """A status move with its history; what ends a card has been agreed by a second person."""
    if to in (ProspectStatus.LOST, ProspectStatus.DORMANT):
        other = User.objects.exclude(pk=row.owner_id).order_by("pk").first()
        agreed_on(row, to, moment(at), other or make_person(Role.SHOWROOM_MANAGER, row.store))
    elif row.status == ProspectStatus.DORMANT:
        row.loss_applications.filter(woken_at=None).update(woken_at=moment(at))
    StatusChange.objects.create(
        prospect=row, store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, at=moment(at),
        from_status=row.status, to_status=to,
    )  # fmt: skip
    row.status = to
    row.save()


def give(row: Prospect, to: Any, at: str) -> None:
    """A hand-over with its history."""
    store = row.store
    OwnerChange.objects.create(
        prospect=row, store=store, team_id=team_of(to, store), owner=to, at=moment(at), from_owner_id=row.owner_id,
        from_team_id=row.team_id,
    )  # fmt: skip
    row.owner, row.team_id = to, team_of(to, store)
    row.save()


def follow_up(
    row: Prospect, at: str, *, done_by: Any = None, outcome: str = "reached", minutes: int | None = None
) -> FollowUp:
    return FollowUp.objects.create(
        store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, done_by=done_by or row.owner, prospect=row,
        customer_id=row.customer_id, done_at=moment(at), channel="phone", outcome=outcome,
        grade_before=row.grade, grade_after=row.grade, minutes=minutes,
    )  # fmt: skip


def task(row: Prospect, due: str, *, done: str = "", cancelled: str = "") -> FollowUpTask:
    when = moment(due)
    return FollowUpTask.objects.create(
        store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, prospect=row, kind=TaskKind.REGULAR,
        due_at=when, original_due_at=when, created_at=when - dt.timedelta(days=3),
        done_at=moment(done) if done else None, cancelled_at=moment(cancelled) if cancelled else None,
    )  # fmt: skip


def vehicle(store: Store, arrived: str, **told: Any) -> Vehicle:
    told.setdefault("status", VehicleStatus.IN_STOCK)
    told.setdefault("dealer_cost", COST)
    return Vehicle.objects.create(
        store=store, vin=new_vin(), configuration=make_configuration(store), colour=make_colour(store),
        arrived_on=dt.date.fromisoformat(arrived), **told,
    )  # fmt: skip


def deal(store: Store, owner: Any, ordered: str, **told: Any) -> Deal:
    """An order; `delivered`, `cancelled` as texts move it on. Contract 180,000."""
    delivered, cancelled = told.pop("delivered", ""), told.pop("cancelled", "")
    status = DealStatus.CANCELLED if cancelled else DealStatus.DELIVERED if delivered else DealStatus.ORDERED
    configuration = make_configuration(store)
    parent = told.pop("prospect", None) or card(store, owner, ordered)
    told.setdefault("contract_amount", Decimal(180000))
    told.setdefault("deal_price", Decimal(180000))
    told.setdefault("handed_complete", True if delivered else None)
    return Deal.objects.create(
        store=store, team_id=team_of(owner, store), owner=owner, number=f"T-{next(_numbers):06d}", status=status,
        prospect=parent, customer_id=parent.customer_id, configuration=configuration, colour=make_colour(store),
        price_entry=PriceEntry.objects.filter(configuration=configuration).first(), msrp=MSRP,
        concession=Decimal(6000), deposit_kind="earnest", deposit_amount=Decimal(5000), buyer_name="张伟",
        created_by=owner, ordered_at=moment(ordered), delivered_at=moment(delivered) if delivered else None,
        cancelled_at=moment(cancelled) if cancelled else None, **told,
    )  # fmt: skip


def invoice(row: Deal, on: str, amount: Any = 180000, *, red: bool = False) -> Invoice:
    day = dt.date.fromisoformat(on)
    if not red:
        Deal.objects.filter(pk=row.pk).update(invoiced_on=day, invoice_price=amount)
    return Invoice.objects.create(
        store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, deal=row, number=f"{next(_numbers):08d}",
        issued_on=day, vin=row.vehicle.vin if row.vehicle else "X" * 17, buyer_name="张伟",
        amount=-Decimal(amount) if red else Decimal(amount), vat_rate=Decimal("0.13"), is_red=red,
        issued_by_id=row.owner_id,
    )  # fmt: skip


def payment(row: Deal, at: str, amount: Any, *, pass_through: bool = False, status: str = "cleared") -> Payment:
    cleared = status == PaymentStatus.CLEARED
    when = moment(at)
    negative = Decimal(amount) < 0
    purpose = PaymentPurpose.TAX if pass_through else PaymentPurpose.REFUND if negative else PaymentPurpose.BALANCE
    return Payment.objects.create(
        store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, deal=row, purpose=purpose,
        method="transfer", amount=Decimal(amount), is_pass_through=pass_through, payer_name="张伟", status=status,
        registered_by_id=row.owner_id, registered_at=when, cleared_by_id=row.owner_id if cleared else None,
        cleared_at=when if cleared else None,
    )  # fmt: skip


def target(store: Store, person: Any, month: str, value: Any, kind: str = TargetKind.DELIVERIES) -> Target:
    return Target.objects.create(
        store=store, team_id=team_of(person, store), person=person, month=dt.date.fromisoformat(f"{month}-01"),
        kind=kind, value=Decimal(value), set_by=person,
    )  # fmt: skip
