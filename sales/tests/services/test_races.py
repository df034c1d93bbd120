"""Several people at once: one car, one receipt, one number run (R01, R07). Each race has a control without the lock."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import service
from dealership.org.closing import take_close_lock
from dealership.org.models import ClosedMonth
from sales.choices import DealStatus, PaymentStatus, VehicleStatus
from sales.models import Allocation, Deal, DealStateChange, NumberSequence, Payment, Vehicle
from sales.selectors.deal import unpaid_allocations
from sales.services import deal as deals
from sales.services import payment as payments
from sales.services.deal import allocation
from sales.services.number import order_number
from sales.services.payment import receipts
from sales.services.vehicle import vehicle_lock
from sales.tests import builders as build
from sales.tests.builders import Staff

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads of their own that start together; answers or the refusals, in order."""
    gate = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            found[index] = act()
        except DomainError as error:
            found[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i, act)) for i, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def refusals(found: list[Any]) -> list[DomainError]:
    return [answer for answer in found if isinstance(answer, DomainError)]


def test_two_desks_allocate_one_car(store: Any, staff: Staff, person: Any) -> None:
    first, second = (build.deal_in(DealStatus.ORDERED, staff, store) for _ in "12")
    car = build.make_vehicle(staff.admin, store)
    desks = (staff.admin, person("sales_admin", store))
    found = at_once(
        lambda: deals.deal_allocate(by=desks[0], deal_id=first.pk, vehicle_id=car.pk),
        lambda: deals.deal_allocate(by=desks[1], deal_id=second.pk, vehicle_id=car.pk),
    )
    assert [type(error) for error in refusals(found)] == [Conflict]
    assert Allocation.objects.filter(vehicle=car, released_at=None).count() == 1
    assert sorted(Deal.objects.values_list("status", flat=True)) == [DealStatus.ALLOCATED, DealStatus.ORDERED]
    assert Vehicle.objects.get(pk=car.pk).status == VehicleStatus.ALLOCATED


def test_control_without_the_service_the_constraint_holds_the_car(store: Any, staff: Staff) -> None:
    """Both read the car as free; without lock and re-check only the database stops the second."""
    first, second = (build.deal_in(DealStatus.ORDERED, staff, store) for _ in "12")
    car = build.make_vehicle(staff.admin, store)
    both_read = threading.Barrier(2)

    def careless(deal: Deal) -> Any:
        free = Vehicle.objects.get(pk=car.pk).status == VehicleStatus.IN_STOCK
        both_read.wait(10)
        if free:
            return Deal.objects.filter(pk=deal.pk).update(vehicle=car)
        return 0

    def guarded(deal: Deal) -> Any:
        return service(lambda: careless(deal))()

    found = at_once(lambda: guarded(first), lambda: guarded(second))
    assert found.count(1) == 1
    assert [error.code for error in refusals(found)] == ["vehicle_taken"]


def test_two_people_lock_one_car(store: Any, staff: Staff, person: Any) -> None:
    car = build.make_vehicle(staff.admin, store)
    other = person("sales_consultant", store)
    found = at_once(
        lambda: vehicle_lock(by=staff.consultant, vehicle_id=car.pk), lambda: vehicle_lock(by=other, vehicle_id=car.pk)
    )
    assert len(refusals(found)) == 1
    assert refusals(found)[0].code == "vehicle_locked"


def test_two_cashiers_clear_one_receipt(store: Any, staff: Staff, person: Any) -> None:
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    row = build.pay(staff, deal, 5000, "deposit", clear=False)
    second = person("cashier", store)
    found = at_once(
        lambda: payments.payment_clear(by=staff.cashier, payment_id=row.pk),
        lambda: payments.payment_clear(by=second, payment_id=row.pk),
    )
    assert [error.code for error in refusals(found)] == ["already_answered"]
    assert Payment.objects.get().status == PaymentStatus.CLEARED
    assert Deal.objects.get().number == f"A-{periods.today():%Y%m}-0001"
    assert NumberSequence.objects.get(kind="receipt").last == 1


def test_clear_and_reject_at_once(store: Any, staff: Staff, person: Any) -> None:
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    row = build.pay(staff, deal, 5000, "deposit", clear=False)
    second = person("cashier", store)
    found = at_once(
        lambda: payments.payment_clear(by=staff.cashier, payment_id=row.pk),
        lambda: payments.payment_reject(by=second, payment_id=row.pk, reason="未见到账"),
    )
    assert len(refusals(found)) == 1
    cleared = Payment.objects.get().status == PaymentStatus.CLEARED
    assert (Deal.objects.get().status == DealStatus.ORDERED) == cleared


def _withdraw_against_clear(staff: Staff, store: Any) -> list[Any]:
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    row = build.pay(staff, deal, 5000, "deposit", clear=False)
    return at_once(
        lambda: payments.payment_withdraw(by=staff.consultant, payment_id=row.pk),
        lambda: payments.payment_clear(by=staff.cashier, payment_id=row.pk),
    )


def test_withdraw_and_clear_at_once(store: Any, staff: Staff) -> None:
    """Either the entry is taken back and nothing was received, or it is money and stays."""
    found = _withdraw_against_clear(staff, store)
    (told,) = refusals(found)
    row = Payment.objects.get()
    if row.status == PaymentStatus.CLEARED:
        assert (told.code, Deal.objects.get().status) == ("already_cleared", DealStatus.ORDERED)
        assert row.receipt_no in told.message
    else:
        assert (told.code, row.status) == ("already_answered", PaymentStatus.WITHDRAWN)
        assert (Deal.objects.get().status, row.receipt_no) == (DealStatus.PENDING_DEPOSIT, None)


def test_control_without_the_lock_a_withdrawn_entry_becomes_money(
    store: Any, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read the entry as waiting; the cashier's answer then lands on what the seller has taken back."""
    both_read, withdrawn = threading.Barrier(2, timeout=30), threading.Event()

    def careless(by: Any, payment_id: int, *, prospect: bool = False) -> tuple[Deal, Payment]:
        row = Payment.objects.select_related("deal").get(pk=payment_id)
        both_read.wait()
        if by == staff.cashier:
            assert withdrawn.wait(30)
        return row.deal, row

    monkeypatch.setattr(receipts, "_locked", careless)
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    row = build.pay(staff, deal, 5000, "deposit", clear=False)

    def take_back() -> Payment:
        taken = payments.payment_withdraw(by=staff.consultant, payment_id=row.pk)
        withdrawn.set()
        return taken

    found = at_once(take_back, lambda: payments.payment_clear(by=staff.cashier, payment_id=row.pk))
    assert refusals(found) == []
    assert Payment.objects.get().status == PaymentStatus.CLEARED


def test_order_numbers_have_no_gaps_under_load(store: Any, staff: Staff) -> None:
    rows = [
        build.pay(staff, build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store), 5000, "deposit", clear=False)
        for _ in range(6)
    ]
    found = at_once(*(lambda pk=row.pk: payments.payment_clear(by=staff.cashier, payment_id=pk) for row in rows))
    assert refusals(found) == []
    month = f"A-{periods.today():%Y%m}"
    numbers = sorted(number or "" for number in Deal.objects.values_list("number", flat=True))
    assert numbers == [f"{month}-{index:04d}" for index in range(1, 7)]
    assert len(set(Payment.objects.values_list("receipt_no", flat=True))) == 6


def test_a_rolled_back_event_gives_its_number_back(store: Any) -> None:
    day = periods.today()

    def failing_event() -> None:
        with transaction.atomic():
            assert order_number(store, day).endswith("-0001")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing_event()
    with transaction.atomic():
        assert order_number(store, day).endswith("-0001")


def test_control_a_counter_without_its_lock_gives_doubles(store: Any) -> None:
    NumberSequence.objects.create(store=store, kind="order", span="000000")
    both_read = threading.Barrier(2)

    def careless() -> int:
        row = NumberSequence.objects.get(kind="order", span="000000")
        both_read.wait(10)
        row.last += 1
        row.save()
        return row.last

    assert at_once(careless, careless) == [1, 1]


def test_two_refund_requests_share_one_balance(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="family")
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    receipt = Payment.objects.get()

    def ask() -> Any:
        return payments.refund_request(
            by=staff.consultant, payment_id=receipt.pk, amount=Decimal(3000), reason="退订退款"
        )

    assert [error.code for error in refusals(at_once(ask, ask))] == ["over_refundable"]


def test_r07_a_receipt_is_inside_the_close_or_refused(store: Any, staff: Staff) -> None:
    """Closing and clearing race for the month: never a receipt after the close that the close did not see."""
    month = periods.today().replace(day=1)
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    seen: list[int] = []

    def close() -> None:
        with transaction.atomic():
            take_close_lock(store.pk, month)
            seen.append(Payment.objects.filter(store=store).cleared().count())
            ClosedMonth.objects.create(store=store, month=month)

    for _ in range(5):
        row = build.pay(staff, deal, 10, clear=False)
        found = at_once(close, lambda pk=row.pk: payments.payment_clear(by=staff.cashier, payment_id=pk))
        after = Payment.objects.filter(store=store).cleared().count()
        assert after == seen[-1], "a receipt slipped behind the close"
        assert bool(refusals(found)) == (Payment.objects.get(pk=row.pk).status == PaymentStatus.PENDING)
        ClosedMonth.objects.all().delete()


def _overdue(store: Any, staff: Staff) -> tuple[Deal, Any]:
    """An order whose car has waited too long for its money, and the moment at which the clock looks."""
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    return deal, periods.now() + dt.timedelta(days=5)


def _pay(staff: Staff, deal: Deal) -> Payment:
    return payments.payment_register(
        by=staff.cashier, deal_id=deal.pk, purpose="balance", method="transfer", amount=Decimal(1000)
    )


def test_a_forced_release_and_a_payment_at_once(store: Any, staff: Staff) -> None:
    """Either the money was first and the car stays, or the car is free and the order waits; two clocks free it once."""
    deal, moment = _overdue(store, staff)
    car = deal.vehicle_id
    freed, again, _paid = at_once(
        lambda: deals.deal_release_unpaid(deal_id=deal.pk, moment=moment),
        lambda: deals.deal_release_unpaid(deal_id=deal.pk, moment=moment),
        lambda: _pay(staff, deal),
    )
    assert Payment.objects.filter(deal=deal, purpose="balance").count() == 1
    deal.refresh_from_db()
    assert {freed, again} in ({True, False}, {False})
    is_free = True in (freed, again)
    assert (deal.status, deal.vehicle_id) == ((DealStatus.ORDERED, None) if is_free else (DealStatus.ALLOCATED, car))
    assert Vehicle.objects.get(pk=car).status == (VehicleStatus.IN_STOCK if is_free else VehicleStatus.ALLOCATED)
    assert Allocation.objects.filter(deal=deal, released_at=None).exists() is not is_free
    if is_free:
        assert DealStateChange.objects.filter(deal=deal, to_status=DealStatus.ORDERED).count() == 2


def test_control_a_release_that_looked_before_the_lock_takes_a_paid_car(
    store: Any, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking again under the lock is what keeps the car of who has just paid."""
    deal, moment = _overdue(store, staff)
    assert unpaid_allocations(moment=moment) == [deal.pk]
    _pay(staff, deal)
    monkeypatch.setattr(allocation, "is_unpaid_since", lambda deal, moment: True)
    assert deals.deal_release_unpaid(deal_id=deal.pk, moment=moment)
    assert Deal.objects.get(pk=deal.pk).vehicle is None
