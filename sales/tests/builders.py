"""Builders of sales rows for tests here and in the apps above: they call the real services."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import decide
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Series, Store
from dealership.tests.builders import make_person, make_team
from leads.models import Prospect
from leads.tests.builders import make_prospect
from sales.choices import CertificateStatus, DealStatus, DepositKind, DocumentKind, DocumentState
from sales.models import Colour, Configuration, Deal, Payment, PriceEntry, Vehicle
from sales.services import deal as deals
from sales.services import payment as payments
from sales.services.vehicle import vehicle_receive
from sales.validators import vin_check_digit

_serials = itertools.count(1)
MSRP = Decimal("186000.00")
AUTHORITY = Decimal("5000.00")
COST = Decimal("160000.00")


@dataclass
class Staff:
    """One person per role that touches a deal."""

    consultant: User
    manager: User
    sales_manager: User
    gm: User
    admin: User
    delivery: User
    cashier: User
    finance: User
    group: User


def make_staff(store: Store) -> Staff:
    return Staff(
        consultant=make_person(Role.SALES_CONSULTANT, store, team=make_team(store), name="李明"),
        manager=make_person(Role.SHOWROOM_MANAGER, store, name="赵经理"),
        sales_manager=make_person(Role.SALES_MANAGER, store, name="钱经理"),
        gm=make_person(Role.GENERAL_MANAGER, store, name="孙总"),
        admin=make_person(Role.SALES_ADMIN, store, name="周内勤"),
        delivery=make_person(Role.DELIVERY_SPECIALIST, store, name="吴交付"),
        cashier=make_person(Role.CASHIER, store, name="郑出纳"),
        finance=make_person(Role.FINANCE, store, name="王会计"),
        group=make_person(Role.GROUP_OFFICE, None, group=store.group, name="集团"),
    )


def make_configuration(store: Store, name: str = "1.5T 豪华版", *, msrp: Decimal = MSRP) -> Configuration:
    """A trim with a price in force for a year."""
    series = Series.objects.filter(brand=store.brand).order_by("id").first()
    row, _ = Configuration.objects.get_or_create(series=series, name=name)
    PriceEntry.objects.get_or_create(
        configuration=row,
        effective_from=periods.today() - dt.timedelta(days=365),
        defaults={"msrp": msrp, "consultant_authority": AUTHORITY},
    )
    return row


def make_colour(store: Store, name: str = "珍珠白") -> Colour:
    return Colour.objects.get_or_create(brand=store.brand, name=name)[0]


def new_vin() -> str:
    """A VIN with a right check digit that no other call returned."""
    raw = f"LSVAA49J0N2{next(_serials):06d}"
    return raw[:8] + vin_check_digit(raw) + raw[9:]


def make_vehicle(by: User, store: Store, **facts: Any) -> Vehicle:
    """A car in stock since ten days, its certificate in the store."""
    facts.setdefault("configuration", make_configuration(store))
    facts.setdefault("colour", make_colour(store))
    facts.setdefault("vin", new_vin())
    facts.setdefault("dealer_cost", COST)
    facts.setdefault("arrived_on", periods.today() - dt.timedelta(days=10))
    facts.setdefault("certificate_status", CertificateStatus.IN_STORE)
    return vehicle_receive(by=by, store=store, **facts)


def make_deal(staff: Staff, store: Store, prospect: Prospect | None = None, **terms: Any) -> Deal:
    """A draft at a price within the consultant's authority."""
    terms.setdefault("configuration_id", make_configuration(store).pk)
    terms.setdefault("colour_id", make_colour(store).pk)
    terms.setdefault("deal_price", MSRP - Decimal(3000))
    terms.setdefault("deposit_kind", DepositKind.PREPAYMENT)
    terms.setdefault("deposit_amount", Decimal(5000))
    terms.setdefault("buyer_name", "张伟")
    card = prospect or make_prospect(staff.consultant, store)
    return deals.deal_create(by=staff.consultant, prospect_id=card.pk, **terms)


def pay(staff: Staff, deal: Deal, amount: Any, purpose: str = "balance", *, clear: bool = True) -> Payment:
    """A receipt registered by the consultant and cleared by the cashier."""
    row = payments.payment_register(
        by=staff.consultant, deal_id=deal.pk, purpose=purpose, method="transfer", amount=Decimal(amount),
        payer_name=deal.buyer_name,
    )  # fmt: skip
    return payments.payment_clear(by=staff.cashier, payment_id=row.pk) if clear else row


def approve(by: User, kind: str, subject_id: int, *, yes: bool = True) -> Approval:
    """Decide the open request on a subject."""
    row = Approval.objects.get(kind=kind, subject_id=subject_id, state="pending")
    return decide(by=by, approval_id=row.pk, approve=yes, comment="请重新核价")


_STEPS = (
    DealStatus.DRAFT, DealStatus.PENDING_DEPOSIT, DealStatus.ORDERED, DealStatus.ALLOCATED, DealStatus.PAID,
    DealStatus.INVOICED, DealStatus.READY, DealStatus.DELIVERED, DealStatus.CLOSED,
)  # fmt: skip


def deal_in(status: str, staff: Staff, store: Store, **terms: Any) -> Deal:
    """A deal brought to a state through every service before it."""
    if status == DealStatus.PRICE_APPROVAL:
        deal = make_deal(staff, store, deal_price=MSRP - AUTHORITY - Decimal(1), **terms)
        return deals.deal_submit(by=staff.consultant, deal_id=deal.pk)
    if status == DealStatus.VOID:
        deal = make_deal(staff, store, **terms)
        return deals.deal_void(by=staff.consultant, deal_id=deal.pk, reason="客户改主意")
    if status in (DealStatus.CANCEL_PENDING, DealStatus.CANCELLED):
        deal = deal_in(DealStatus.ALLOCATED, staff, store, **terms)
        deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="family")
        if status == DealStatus.CANCELLED:
            approve(staff.sales_manager, "deal_cancel", deal.pk)
        return Deal.objects.get(pk=deal.pk)
    deal = make_deal(staff, store, **terms)
    for step in _STEPS[1 : _STEPS.index(DealStatus(status)) + 1]:
        _advance(step, staff, store, deal)
    return Deal.objects.get(pk=deal.pk)


def _advance(step: str, staff: Staff, store: Store, deal: Deal) -> None:
    if step == DealStatus.PENDING_DEPOSIT:
        deals.deal_submit(by=staff.consultant, deal_id=deal.pk)
    elif step == DealStatus.ORDERED:
        pay(staff, deal, deal.deposit_amount, "deposit")
    elif step == DealStatus.ALLOCATED:
        car = make_vehicle(staff.admin, store, configuration=deal.configuration, colour=deal.colour)
        deals.deal_allocate(by=staff.admin, deal_id=deal.pk, vehicle_id=car.pk)
    elif step == DealStatus.PAID:
        pay(staff, deal, deal.contract_amount + deal.pass_through_amount - deal.deposit_amount)
    elif step == DealStatus.INVOICED:
        invoice(staff, deal)
    elif step == DealStatus.READY:
        complete_papers(staff, deal)
    elif step == DealStatus.DELIVERED:
        deals.deal_deliver(by=staff.delivery, deal_id=deal.pk)
    else:
        deals.deal_close(by=staff.admin, deal_id=deal.pk)


def invoice(staff: Staff, deal: Deal, **told: Any) -> Deal:
    told.setdefault("number", f"{next(_serials):08d}")
    told.setdefault("issued_on", periods.today())
    told.setdefault("amount", deal.deal_price)
    told.setdefault("buyer_name", deal.buyer_name)
    return deals.deal_invoice(by=staff.finance, deal_id=deal.pk, **told)


def complete_papers(staff: Staff, deal: Deal, *, leave_out: tuple[str, ...] = ()) -> None:
    """Inspection passed, every paper there except those left out."""
    deals.deal_pdi(by=staff.delivery, deal_id=deal.pk)
    for kind in DocumentKind.values:
        if kind not in (*leave_out, DocumentKind.PDI, DocumentKind.INVOICE):
            deals.document_set(by=staff.delivery, deal_id=deal.pk, kind=kind, state=DocumentState.IN_STORE)
