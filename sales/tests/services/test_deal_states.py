"""domain.md §4.3: every event in every state, by every role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from leads.models import CareTask, OwnedVehicle
from sales.choices import DealStatus, VehicleStatus
from sales.models import Allocation, Deal, DealStateChange, Invoice, Payment, Vehicle
from sales.services import deal as deals
from sales.services.deal.promise import PROMISED_STATES
from sales.services.payment import payment_register
from sales.tests import builders as build
from sales.tests.builders import Staff

S = DealStatus
Event = Callable[[Staff, Any, Deal, Any], Any]


def _allocate(staff: Staff, store: Any, deal: Deal, by: Any) -> Any:
    car = build.make_vehicle(staff.admin, store, configuration=deal.configuration, colour=deal.colour)
    return deals.deal_allocate(by=by, deal_id=deal.pk, vehicle_id=car.pk)


EVENTS: dict[str, tuple[Event, str, set[str]]] = {
    # name: (call, who does it, the states in which it is allowed)
    "change": (
        lambda s, st, d, by: deals.deal_change(by=by, deal_id=d.pk, version=None, changes={"buyer_name": "张伟丽"}),
        "consultant", {S.DRAFT},
    ),
    "submit": (lambda s, st, d, by: deals.deal_submit(by=by, deal_id=d.pk), "consultant", {S.DRAFT}),
    "recall": (
        lambda s, st, d, by: deals.deal_recall(by=by, deal_id=d.pk), "consultant",
        {S.PRICE_APPROVAL, S.PENDING_DEPOSIT},
    ),
    "void": (
        lambda s, st, d, by: deals.deal_void(by=by, deal_id=d.pk, reason="客户改主意"), "consultant",
        {S.DRAFT, S.PRICE_APPROVAL, S.PENDING_DEPOSIT},
    ),
    "cancel": (
        lambda s, st, d, by: deals.deal_cancel_request(by=by, deal_id=d.pk, reason="family"), "consultant",
        {S.DRAFT, S.PRICE_APPROVAL, S.PENDING_DEPOSIT, S.ORDERED, S.ALLOCATED, S.PAID},
    ),
    "register": (
        lambda s, st, d, by: payment_register(
            by=by, deal_id=d.pk, purpose="deposit", method="cash", amount=Decimal(1), payer_name="张伟"),
        "consultant", {S.PENDING_DEPOSIT, S.ORDERED, S.ALLOCATED},
    ),
    "promise": (
        lambda s, st, d, by: deals.deal_promise(
            by=by, deal_id=d.pk, promised_on=periods.today() + dt.timedelta(days=9), reason="厂家延期"),
        "consultant", set(PROMISED_STATES),
    ),
    "allocate": (_allocate, "admin", {S.ORDERED}),
    "release": (
        lambda s, st, d, by: deals.deal_release_vehicle(by=by, deal_id=d.pk, reason="客户换车"), "admin",
        {S.ALLOCATED, S.PAID},
    ),
    "invoice": (
        lambda s, st, d, by: deals.deal_invoice(
            by=by, deal_id=d.pk, number="12345678", issued_on=periods.today(), amount=d.deal_price,
            buyer_name=d.buyer_name),
        "finance", {S.PAID},
    ),
    "pdi": (lambda s, st, d, by: deals.deal_pdi(by=by, deal_id=d.pk), "delivery", {S.ALLOCATED, S.PAID, S.INVOICED}),
    "document": (
        lambda s, st, d, by: deals.document_set(by=by, deal_id=d.pk, kind="keys", state="in_store"), "delivery",
        {S.ORDERED, S.ALLOCATED, S.PAID, S.INVOICED, S.READY, S.DELIVERED},
    ),
    "deliver": (lambda s, st, d, by: deals.deal_deliver(by=by, deal_id=d.pk), "delivery", {S.READY}),
    "close": (lambda s, st, d, by: deals.deal_close(by=by, deal_id=d.pk), "admin", {S.DELIVERED}),
}  # fmt: skip
ALLOWED_ROLES = {
    "change": {"consultant", "manager", "sales_manager", "gm"},
    "submit": {"consultant", "manager", "sales_manager", "gm"},
    "recall": {"consultant", "manager", "sales_manager", "gm"},
    "void": {"consultant", "manager", "sales_manager", "gm"},
    "cancel": {"consultant", "manager", "sales_manager", "gm"},
    "register": {"consultant", "manager", "sales_manager", "gm", "cashier"},
    "promise": {"consultant", "manager", "sales_manager", "gm"},
    "allocate": {"admin"},
    "release": {"admin"},
    "invoice": {"finance"},
    "pdi": {"delivery"},
    "document": {"delivery", "admin"},
    "deliver": {"delivery"},
    "close": {"delivery", "admin"},
}
FIRST_STATE = {
    "change": S.DRAFT, "submit": S.DRAFT, "recall": S.PENDING_DEPOSIT, "void": S.DRAFT, "cancel": S.ORDERED,
    "register": S.ORDERED, "promise": S.ORDERED, "allocate": S.ORDERED, "release": S.ALLOCATED, "invoice": S.PAID,
    "pdi": S.PAID, "document": S.ORDERED, "deliver": S.READY, "close": S.DELIVERED,
}  # fmt: skip


def _picture(deal: Deal) -> Any:
    """Everything a refused act must leave as it was."""
    return (
        Deal.objects.filter(pk=deal.pk).values().get(),
        list(Payment.objects.filter(deal=deal).order_by("id").values()),
        list(Allocation.objects.filter(deal=deal).order_by("id").values()),
        DealStateChange.objects.filter(deal=deal).count(),
        list(Vehicle.objects.filter(pk=deal.vehicle_id).values()),
    )


@pytest.mark.parametrize("state", S.values)
def test_every_event_in_every_state(state: str, store: Any, staff: Staff) -> None:
    deal = build.deal_in(state, staff, store)
    assert deal.status == state
    refused = {name for name, (_, _, states) in EVENTS.items() if state not in states}
    for name in sorted(refused):
        call, who, _ = EVENTS[name]
        before = _picture(deal)
        with pytest.raises(DomainError):
            call(staff, store, deal, getattr(staff, who))
        assert _picture(deal) == before, f"{name} in {state} changed something"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_by_every_role(name: str, store: Any, staff: Staff, stranger: Any) -> None:
    call, who, states = EVENTS[name]
    deal = build.deal_in(FIRST_STATE[name], staff, store)
    before = _picture(deal)
    for role in sorted(set(vars(staff)) - ALLOWED_ROLES[name]):
        with pytest.raises((NotAllowed, NotFound)):
            call(staff, store, deal, getattr(staff, role))
    with pytest.raises(NotFound):
        call(staff, store, deal, stranger)
    assert _picture(deal) == before
    call(staff, store, deal, getattr(staff, who))
    assert Deal.objects.get(pk=deal.pk).status in S.values
    assert deal.status in states


def test_a_deal_lives_through_all_states(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.CLOSED, staff, store)
    steps = list(DealStateChange.objects.filter(deal=deal).order_by("id").values_list("to_status", flat=True))
    assert steps == [
        S.DRAFT, S.PENDING_DEPOSIT, S.ORDERED, S.ALLOCATED, S.PAID, S.INVOICED, S.READY, S.DELIVERED, S.CLOSED
    ]  # fmt: skip
    month = f"{periods.today():%Y%m}"
    assert deal.number == f"A-{month}-0001"
    car = deal.vehicle
    assert car is not None
    assert (car.status, car.stocked_out_on) == (VehicleStatus.DELIVERED, periods.today())
    assert (deal.invoice_price, deal.invoiced_cost) == (deal.deal_price, build.COST)
    deal.prospect.refresh_from_db()
    assert (deal.prospect.status, deal.prospect.grade) == ("delivered", "D")
    owned = OwnedVehicle.objects.get(deal_id=deal.pk)
    today = periods.today()
    due = list(CareTask.objects.filter(vehicle=owned).order_by("due_on").values_list("due_on", flat=True))
    assert due == [today + dt.timedelta(days=days) for days in (7, 30, 90)]


def test_cancelling_frees_the_car_at_once_and_reopens_the_card(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.CANCEL_PENDING, staff, store)
    car = deal.vehicle
    assert car is not None
    assert car.status == VehicleStatus.ALLOCATED
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    deal.refresh_from_db()
    car.refresh_from_db()
    deal.prospect.refresh_from_db()
    assert (deal.status, deal.vehicle_id, car.status) == (S.CANCELLED, None, VehicleStatus.IN_STOCK)
    assert (deal.prospect.status, deal.prospect.grade) == ("active", "A")
    second = build.make_deal(staff, store, prospect=deal.prospect)
    assert second.pk != deal.pk


def test_a_refused_cancellation_goes_on_where_it_was(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.CANCEL_PENDING, staff, store)
    build.approve(staff.sales_manager, "deal_cancel", deal.pk, yes=False)
    deal.refresh_from_db()
    assert (deal.status, deal.cancel_reason, deal.cancel_requested_at) == (S.ALLOCATED, "", None)


def test_own_cancellation_is_decided_by_somebody_else(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.ORDERED, staff, store)
    deals.deal_cancel_request(by=staff.sales_manager, deal_id=deal.pk, reason="family")
    with pytest.raises(NotAllowed):
        build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    build.approve(staff.gm, "deal_cancel", deal.pk)


def test_an_invoiced_deal_is_not_cancelled_directly(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.INVOICED, staff, store)
    with pytest.raises(Conflict, match="红字发票"):
        deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="family")


def test_a_red_invoice_opens_the_way_to_cancel(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.READY, staff, store)
    told = {"deal_id": deal.pk, "number": "87654321", "issued_on": periods.today()}
    with pytest.raises(DomainError, match="总经理"):
        deals.deal_invoice_red(by=staff.finance, **told)
    with pytest.raises(NotAllowed):
        deals.deal_ask_red(by=staff.finance, deal_id=deal.pk, reason="客户退车")
    deals.deal_ask_red(by=staff.consultant, deal_id=deal.pk, reason="客户退车")
    with pytest.raises(NotAllowed):
        build.approve(staff.sales_manager, "deal_red", deal.pk)
    build.approve(staff.gm, "deal_red", deal.pk)
    with pytest.raises(NotAllowed):
        deals.deal_invoice_red(by=staff.gm, **told)
    deals.deal_invoice_red(by=staff.finance, **told)
    deal.refresh_from_db()
    amounts = sorted(Invoice.objects.filter(deal=deal).values_list("amount", flat=True))
    assert (deal.status, amounts) == (S.PAID, [-deal.deal_price, deal.deal_price])
    with pytest.raises(Conflict, match="已红冲"):
        build.invoice(staff, deal)
    deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="family")
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    assert Vehicle.objects.get(pk=deal.vehicle_id).status == VehicleStatus.IN_STOCK


def test_cancelling_waits_for_the_cashier(store: Any, staff: Staff) -> None:
    deal = build.deal_in(S.ORDERED, staff, store)
    build.pay(staff, deal, 1000, "down_payment", clear=False)
    with pytest.raises(Conflict, match="待到账"):
        deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="family")
