"""The month close: steps, roles, versions, and that a closed month stays closed (§4.8; R07, R08, R09)."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, connections, transaction

from dealership.accounts.models import User
from dealership.audit.models import AuditEntry
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.jobs.models import Job
from dealership.org.choices import Role
from dealership.org.closing import take_close_lock
from dealership.org.models import ClosedMonth, Store
from dealership.tests.builders import make_person, make_store
from leads.choices import VisitType
from leads.models import Visit
from leads.tests.builders import make_visit
from reports.choices import CloseState
from reports.models import Fact, MonthClose, MonthVersion, OpeningSnapshot
from reports.registry import BY_KEY
from reports.services import close as services
from reports.services.freeze import digest_of, month_figures
from reports.tests import rows
from sales.choices import DealStatus, VehicleStatus
from sales.models import Deal, Invoice, Vehicle

OCTOBER = dt.date(2026, 10, 1)


def opened(store: Store) -> MonthClose:
    return services.month_snapshot(store_id=store.pk, month=OCTOBER)


def confirmed(store: Store, manager: User) -> MonthClose:
    return services.month_confirm(by=manager, close_id=opened(store).pk)


def closed(store: Store, manager: User, finance: User) -> MonthClose:
    return services.month_close(by=finance, close_id=confirmed(store, manager).pk)


@pytest.mark.django_db
def test_the_way_from_snapshot_to_closed(store, li, manager, finance):
    rows.visit(store, li, "2026-10-20")
    close = opened(store)
    assert close.state == CloseState.CHECKING
    assert set(OpeningSnapshot.objects.values_list("month", flat=True)) == {OCTOBER, dt.date(2026, 11, 1)}
    assert opened(store).pk == close.pk
    close = services.month_confirm(by=manager, close_id=close.pk)
    assert (close.state, close.confirmed_by) == (CloseState.STORE_CONFIRMED, manager)
    close = services.month_close(by=finance, close_id=close.pk)
    assert (close.state, close.figures_version) == (CloseState.CLOSED, 1)
    version = MonthVersion.objects.get()
    assert version.figures["store"]["traffic_total"][2] == "1"
    assert version.figures["people"][str(li.pk)]["traffic_total"][2] == "1"
    assert version.digest == digest_of(version.figures)
    assert ClosedMonth.objects.filter(store=store, month=OCTOBER).exists()
    entries = AuditEntry.objects.filter(object_type="reports.monthclose").order_by("pk")
    assert list(entries.values_list("action", flat=True)) == ["month.snapshot", "month.confirm", "month.close"]


@pytest.mark.django_db
def test_a_rerun_of_a_closed_month_gives_equal_figures(store, li, manager, finance):
    rows.visit(store, li, "2026-10-20")
    rows.deal(store, li, "2026-10-21")
    close = closed(store, manager, finance)
    again = month_figures(store_id=store.pk, month=OCTOBER)
    assert digest_of(again) == close.versions.get().digest


@pytest.mark.django_db
def test_the_workbook_is_asked_for_once_per_version(store, manager, finance):
    closed(store, manager, finance)
    job = Job.objects.get(kind=services.WORKBOOK)
    assert (job.payload, job.requested_by) == ({"store": store.pk, "month": "2026-10"}, finance)


@pytest.mark.django_db
def test_a_running_month_is_not_closed(store, noon):
    with pytest.raises(DomainError, match="尚未结束"):
        services.month_snapshot(store_id=store.pk, month=dt.date(2026, 11, 1))


@pytest.mark.django_db
def test_blocking_checks_are_settled_or_explained(store, li, manager):
    left = rows.visit(store, None, "2026-10-20", VisitType.INCOMPLETE)
    close = opened(store)
    assert close.open_blocks == ["incomplete_visits"]
    with pytest.raises(DomainError, match="未完善客流") as refused:
        services.month_confirm(by=manager, close_id=close.pk)
    assert list(refused.value.fields) == ["incomplete_visits"]
    told = services.month_confirm(by=manager, close_id=close.pk, explanations={"incomplete_visits": "客户未留下信息"})
    assert told.explanations == {"incomplete_visits": "客户未留下信息"}
    Visit.objects.filter(pk=left.pk).update(visit_type=VisitType.FIRST_UNCAPTURED)
    assert services.month_recheck(by=manager, close_id=close.pk).explanations == {}


@pytest.mark.django_db
def test_the_check_list_finds_what_does_not_fit(store, li, manager):
    car = rows.vehicle(store, "2026-10-01", certificate_status="pledged")
    rows.deal(store, li, "2026-10-02", delivered="2026-10-20", vehicle=car)
    invoiced = rows.deal(store, li, "2026-10-03")
    rows.invoice(invoiced, "2026-10-25")
    rows.payment(invoiced, "2026-10-26", 5000, status="pending")
    rows.visit(store, None, "2026-10-31 23:59:59", VisitType.INCOMPLETE)
    rows.visit(store, None, "2026-11-01 00:00", VisitType.INCOMPLETE)
    found = {check["code"]: check["count"] for check in opened(store).checks if check["count"]}
    assert found == {
        "uncleared_receipts": 1,
        "delivered_without_invoice": 1,
        "invoice_without_delivery": 1,
        "incomplete_visits": 1,
        "stock_difference": 1,
        "without_certificate": 1,
    }


@pytest.mark.django_db
def test_each_step_has_its_role_and_its_reach(store, li, manager, finance, person):
    close = opened(store)
    with pytest.raises(NotAllowed):
        services.month_confirm(by=finance, close_id=close.pk)
    with pytest.raises(NotFound):
        services.month_confirm(by=li, close_id=close.pk)
    with pytest.raises(NotFound):
        services.month_recheck(by=person(Role.SHOWROOM_MANAGER, make_store("B")), close_id=close.pk)
    with pytest.raises(Conflict, match="还没有确认"):
        services.month_close(by=finance, close_id=close.pk)
    services.month_confirm(by=manager, close_id=close.pk)
    with pytest.raises(NotAllowed):
        services.month_close(by=manager, close_id=close.pk)
    with pytest.raises(Conflict, match="别人修改过"):
        services.month_close(by=finance, close_id=close.pk, version=1)
    services.month_close(by=finance, close_id=close.pk)
    with pytest.raises(NotAllowed):
        services.month_reopen_request(by=manager, close_id=close.pk, reason="补录收款")
    with pytest.raises(NotAllowed):
        services.month_reopen_confirm(by=finance, close_id=close.pk)


LEGAL = {
    CloseState.CHECKING: {"recheck", "confirm"},
    CloseState.STORE_CONFIRMED: {"recheck", "close"},
    CloseState.CLOSED: {"reopen_request"},
    CloseState.REOPENED: {"recheck", "confirm", "close"},
}


@pytest.mark.django_db
def test_every_step_in_every_state(store, manager, finance, gm):
    close = opened(store)
    for state, legal in LEGAL.items():
        for event in ("recheck", "confirm", "close", "reopen_request", "reopen_confirm"):
            actor = {"confirm": manager, "reopen_confirm": gm}.get(event, finance)
            MonthClose.objects.filter(pk=close.pk).update(state=state)
            sid = transaction.savepoint()
            assert _is_done(event, actor, close.pk) == (event in legal), (state, event)
            transaction.savepoint_rollback(sid)
            assert MonthClose.objects.get(pk=close.pk).state == state


def _is_done(event: str, actor: User, pk: int) -> bool:
    told: dict[str, Any] = {"reason": "补录一笔收款"} if event == "reopen_request" else {}
    try:
        getattr(services, f"month_{event}")(by=actor, close_id=pk, **told)
    except DomainError:
        return False
    return True


@pytest.mark.django_db
def test_reopening_takes_two_persons_and_makes_the_next_version(store, li, manager, finance, gm):
    close = closed(store, manager, finance)
    with pytest.raises(DomainError, match="重开原因"):
        services.month_reopen_request(by=finance, close_id=close.pk, reason=" ")
    services.month_reopen_request(by=finance, close_id=close.pk, reason="补录一组客流")
    both = finance.memberships.get()
    both.pk, both.role = None, Role.GENERAL_MANAGER
    both.save()
    with pytest.raises(NotAllowed, match="两人"):
        services.month_reopen_confirm(by=finance, close_id=close.pk)
    assert services.month_reopen_confirm(by=gm, close_id=close.pk).state == CloseState.REOPENED
    rows.visit(store, li, "2026-10-20")
    services.month_confirm(by=manager, close_id=close.pk)
    close = services.month_close(by=finance, close_id=close.pk)
    first, second = close.versions.order_by("number")
    assert (close.figures_version, first.figures["store"]["traffic_total"][2]) == (2, "0")
    changed = {(row["who"], row["kpi"]): (row["before"], row["after"]) for row in second.difference}
    assert changed[("", "traffic_total")] == ("0", "1")
    assert changed[(str(li.pk), "traffic_total")] == ("0", "1")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.visit(store, li, "2026-10-20")


@pytest.mark.django_db
def test_frozen_versions_and_facts_are_immutable(store, manager, finance):
    closed(store, manager, finance)
    for attempt in (
        lambda: MonthVersion.objects.update(digest="x"),
        lambda: MonthVersion.objects.all().delete(),
        lambda: Fact.objects.filter(month=OCTOBER).update(numerator=1),
    ):
        with pytest.raises(Exception, match=r"Cannot|closed_month"), transaction.atomic():
            attempt()


@pytest.mark.django_db
def test_r09_a_closed_month_refuses_service_orm_and_sql(store, li, manager, finance):
    kept = rows.visit(store, li, "2026-10-20")
    closed(store, manager, finance)
    with pytest.raises(Conflict, match="2026年10月已关账"):
        make_visit(li, store, visited_at=rows.moment("2026-10-31 20:00"))
    attempts: list[Callable[[], Any]] = [
        lambda: Visit.objects.filter(pk=kept.pk).update(party_size=3),
        lambda: Visit.objects.bulk_create([Visit(store=store, visit_type="repeat", visited_at=kept.visited_at,
                                                 visited_on=kept.visited_on)]),
        kept.delete,
        lambda: connection.cursor().execute("DELETE FROM leads_visit WHERE id = %s", [kept.pk]),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="closed_month:2026-10"), transaction.atomic():
            attempt()
    assert Visit.objects.get(pk=kept.pk).party_size == 1


@pytest.mark.django_db
def test_r09_the_api_says_it_in_chinese(store, li, closers, api_for):
    finance, manager = closers.finance, closers.manager
    car = rows.vehicle(store, "2026-10-01")
    row = rows.deal(store, li, "2026-10-05", vehicle=car)
    Deal.objects.filter(pk=row.pk).update(status=DealStatus.PAID, paid_at=rows.moment("2026-10-06"))
    Vehicle.objects.filter(pk=car.pk).update(status=VehicleStatus.ALLOCATED)
    closed(store, manager, finance)
    told = {"number": "12345678", "issued_on": "2026-10-30", "amount": "180000.00", "buyer_name": "张伟"}
    answer = api_for(finance).post(f"/api/v1/deals/{row.pk}/invoice/", told, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "month_closed"), answer.content
    assert "2026年10月已关账" in answer.json()["detail"]
    assert not Invoice.objects.exists()


# --- races: several connections at once ----------------------------------------------------------


@pytest.fixture
def two_stores(transactional_db: Any) -> Iterator[tuple[Store, User, User, User]]:
    with time_machine.travel("2026-11-22 12:00+08:00", tick=False):
        store = make_store("A")
        yield (
            store,
            make_person(Role.SALES_CONSULTANT, store),
            make_person(Role.SHOWROOM_MANAGER, store),
            make_person(Role.FINANCE, store),
        )


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment on their own connections; answers results or refusals."""
    gate = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=10)
            found[place] = act()
        except (DomainError, IntegrityError) as error:
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_r07_a_visit_saved_during_the_close_is_inside_the_totals_or_refused(two_stores):
    """The whole close a few times; the next test repeats its critical section two hundred times."""
    store, seller, manager, finance = two_stores
    for number in range(4):
        month = periods.add_months(OCTOBER, -number)
        when = periods.at(month, "10:00")
        close = services.month_snapshot(store_id=store.pk, month=month)
        services.month_confirm(by=manager, close_id=close.pk)
        saved, sealed = together(
            lambda when=when: save_visit(store, seller, when),
            lambda pk=close.pk: services.month_close(by=finance, close_id=pk),
        )
        counted = sealed.versions.get().figures["store"]["traffic_total"][2]
        there = Visit.objects.filter(store=store, visited_at=when).count()
        assert (counted, isinstance(saved, Visit)) == (str(there), bool(there)), (number, saved)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_r07_two_hundred_races_of_a_save_and_the_sealing_of_its_month(two_stores):
    store, seller, _manager, _finance = two_stores
    traffic, scope = BY_KEY["traffic_total"], Scope((store.pk,))

    def seal(month: dt.date) -> Any:
        with transaction.atomic():
            take_close_lock(store.pk, month)
            counted = traffic.figure(scope, Period.containing("month", month)).value
            ClosedMonth.objects.create(store=store, month=month)
        return counted

    outcomes = set()
    for number in range(REPEAT):
        month = periods.add_months(OCTOBER, -number)
        when = periods.at(month, "10:00")
        saved, counted = together(lambda when=when: save_visit(store, seller, when), lambda month=month: seal(month))
        there = Visit.objects.filter(store=store, visited_at=when).count()
        assert (counted, isinstance(saved, Visit)) == (there, bool(there)), (number, saved)
        outcomes.add(there)
    assert outcomes <= {0, 1}


REPEAT = 200


def save_visit(store: Store, seller: User, when: dt.datetime) -> Visit:
    with transaction.atomic():
        return Visit.objects.create(
            store=store, owner=seller, visit_type=VisitType.FIRST_UNCAPTURED, visited_at=when,
            visited_on=periods.local_date(when),
        )  # fmt: skip


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_r07_control_without_the_close_lock_a_visit_slips_in_after_the_snapshot(two_stores, monkeypatch):
    """The same race with the write held open across the close: without the lock it is saved but not counted."""
    store, seller, manager, finance = two_stores
    outcomes = {}
    for name in ("locked", "unlocked"):
        month = OCTOBER if name == "locked" else periods.add_months(OCTOBER, -1)
        close = services.month_snapshot(store_id=store.pk, month=month)
        services.month_confirm(by=manager, close_id=close.pk)
        if name == "unlocked":
            monkeypatch.setattr(services, "take_close_lock", lambda store_id, month: None)
        # with the lock the close waits for the writer; without it the writer waits for the close to be over
        wait = 0.3 if name == "locked" else 60
        outcomes[name] = _write_held_open(seller, finance, close, periods.at(month, "10:00"), wait)
    assert outcomes == {"locked": ("1", 1), "unlocked": ("0", 1)}


def _write_held_open(seller: User, finance: User, close: MonthClose, when: dt.datetime, wait: float) -> Any:
    written, is_sealed = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            save_visit(close.store, seller, when)
            written.set()
            is_sealed.wait(timeout=wait)

    def seal() -> MonthClose:
        written.wait(timeout=30)
        done = services.month_close(by=finance, close_id=close.pk)
        is_sealed.set()
        return done

    _, sealed = together(write, seal)
    counted = sealed.versions.get().figures["store"]["traffic_total"][2]
    return counted, Visit.objects.filter(visited_at=when).count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_r08_two_finance_users_close_once(two_stores):
    store, _seller, manager, finance = two_stores
    second = make_person(Role.FINANCE, store)
    close = confirmed(store, manager)
    results = together(
        lambda: services.month_close(by=finance, close_id=close.pk),
        lambda: services.month_close(by=second, close_id=close.pk),
    )
    refusals = [found for found in results if isinstance(found, Conflict)]
    assert len(refusals) == 1
    assert "已由" in refusals[0].message
    assert MonthVersion.objects.count() == 1
    assert ClosedMonth.objects.count() == 1
