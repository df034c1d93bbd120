"""domain.md §4.9 TestDrive: every event in every state and by every role; what a refusal leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.org.choices import Role
from dealership.tests.builders import make_team
from leads.choices import DRIVE_TRANSITIONS, DriveStatus
from leads.models import DemoCar, TestDrive, TestDriveChange
from leads.services import drive as booking
from leads.services import drive_run as running
from leads.tests.builders import SIGNATURE, make_demo_car, make_drive, make_prospect

S = DriveStatus
MORNING = "2026-11-18T10:05:00+08:00"
PAPER = {"paper_note": "前台试驾夹"}


def licence() -> dict[str, Any]:
    return {"licence_class": "C1", "valid_until": periods.today() + dt.timedelta(days=400)}


Event = Callable[[TestDrive, Any], Any]
EVENTS: dict[str, tuple[Event, set[str]]] = {
    "move": (
        lambda d, by: booking.drive_move(
            by=by, drive_id=d.pk, car_id=d.car_id, starts_at=periods.at(periods.today(), "15:00")),
        {S.BOOKED},
    ),
    "licence": (lambda d, by: running.drive_check_licence(by=by, drive_id=d.pk, **licence()), {S.BOOKED}),
    "sign": (lambda d, by: running.drive_sign(by=by, drive_id=d.pk, strokes=SIGNATURE), {S.BOOKED}),
    "ride": (lambda d, by: running.drive_ride_along(by=by, drive_id=d.pk), {S.BOOKED}),
    "start": (
        lambda d, by: running.drive_start(
            by=by, drive_id=d.pk, odometer_out=1000, licence=licence(), agreement=PAPER),
        {S.BOOKED},
    ),
    "finish": (
        lambda d, by: running.drive_finish(by=by, drive_id=d.pk, odometer_back=1012, stars={"power": 5}), {S.OUT}
    ),
    "cancel": (lambda d, by: booking.drive_cancel(by=by, drive_id=d.pk, reason="客户临时有事"), {S.BOOKED}),
    "no_show": (lambda d, by: booking.drive_no_show(by=by, drive_id=d.pk), {S.BOOKED}),
}  # fmt: skip
DESK_EVENTS = {"move", "cancel", "no_show"}
RUNNERS = {
    Role.SALES_CONSULTANT, Role.TEAM_LEADER, Role.SHOWROOM_MANAGER, Role.SALES_MANAGER, Role.GENERAL_MANAGER,
}  # fmt: skip
LOOKERS = {Role.SALES_ADMIN, Role.MARKETING, Role.FINANCE, Role.GROUP_OFFICE}


@pytest.fixture(autouse=True)
def _morning(freeze: Any) -> None:
    freeze(MORNING)


def drive_in(status: str, by: Any, store: Any) -> TestDrive:
    """A drive of ten o'clock today that got this far by its own services."""
    drive = make_drive(by, make_prospect(by, store), starts_at=periods.at(periods.today(), "10:00"))
    if status in (S.OUT, S.FINISHED):
        EVENTS["start"][0](drive, by)
    if status == S.FINISHED:
        EVENTS["finish"][0](drive, by)
    if status == S.CANCELLED:
        EVENTS["cancel"][0](drive, by)
    if status == S.NO_SHOW:
        EVENTS["no_show"][0](drive, by)
    return TestDrive.objects.get(pk=drive.pk)


def picture(drive: TestDrive) -> Any:
    """Everything a refused act must leave as it was."""
    return TestDrive.objects.filter(pk=drive.pk).values().get(), TestDriveChange.objects.filter(drive=drive).count()


@pytest.mark.parametrize("status", S.values)
def test_every_event_in_every_state(status, store, consultant):
    """Refused events leave everything as it was; each allowed one is done once in the test of the roles."""
    drive = drive_in(status, consultant, store)
    assert drive.status == status
    before = picture(drive)
    for name, (call, allowed) in EVENTS.items():
        if status not in allowed:
            with pytest.raises(DomainError) as refusal:
                call(drive, consultant)
            assert drive.get_status_display() in refusal.value.message, name
            assert picture(drive) == before, f"{name} in {status} changed something"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_by_every_role(name, store, consultant, person, stranger):
    drive = drive_in(S.OUT if name == "finish" else S.BOOKED, consultant, store)
    call, before = EVENTS[name][0], picture(drive)
    for role in Role:
        team = consultant.memberships.get().team if role == Role.TEAM_LEADER else None
        at_group = role in (Role.GROUP_OFFICE, Role.SYS_ADMIN)
        other = person(role, None if at_group else store, team=team, group=store.group)
        if role in RUNNERS - {Role.SALES_CONSULTANT}:
            continue
        with pytest.raises(NotAllowed if role in LOOKERS else NotFound):
            call(drive, other)
    for outsider in (stranger, person(Role.SALES_CONSULTANT, store, team=make_team(store, "三组"))):
        with pytest.raises(NotFound):
            call(drive, outsider)
    assert picture(drive) == before
    assert drive.status in EVENTS[name][1]
    assert call(drive, person(Role.SHOWROOM_MANAGER, store)).pk == drive.pk
    assert picture(drive) != before


def test_a_dcc_agent_books_for_own_cards_and_does_not_drive(store, person):
    agent = person(Role.DCC_AGENT, store, team=make_team(store, "网销"))
    drive = make_drive(agent, make_prospect(agent, store), starts_at=periods.at(periods.today(), "10:00"))
    for name in sorted(set(EVENTS) - DESK_EVENTS - {"finish"}):
        with pytest.raises(NotAllowed):
            EVENTS[name][0](drive, agent)
    assert EVENTS["cancel"][0](drive, agent).status == S.CANCELLED


def test_the_transition_table_is_what_the_services_do(store, consultant):
    moves = {"start": S.OUT, "finish": S.FINISHED, "cancel": S.CANCELLED, "no_show": S.NO_SHOW}
    told = {(before, moves[name]) for name, (_, states) in EVENTS.items() if name in moves for before in states}
    assert told == {(before, after) for before, afters in DRIVE_TRANSITIONS.items() if before for after in afters}


def test_a_drive_from_booking_to_valid_leaves_a_history(store, consultant):
    drive = drive_in(S.FINISHED, consultant, store)
    steps = list(TestDriveChange.objects.filter(drive=drive).order_by("id").values_list("from_status", "to_status"))
    assert steps == [("", "booked"), ("booked", "out"), ("out", "finished")]
    assert (drive.is_valid, drive.distance, drive.finished_at) == (True, 12, periods.now())
    assert list(TestDrive.objects.valid()) == [drive]
    with pytest.raises(Exception, match="append_only"):
        TestDriveChange.objects.filter(drive=drive).update(reason="改写")


def test_a_ride_needs_no_licence_and_is_not_valid(store, consultant):
    drive = drive_in(S.BOOKED, consultant, store)
    running.drive_ride_along(by=consultant, drive_id=drive.pk)
    running.drive_start(by=consultant, drive_id=drive.pk, odometer_out=10, agreement=PAPER)
    running.drive_finish(by=consultant, drive_id=drive.pk, odometer_back=20, feedback="后排很舒服")
    drive.refresh_from_db()
    assert (drive.status, drive.is_valid) == (S.FINISHED, False)
    assert not TestDrive.objects.valid().exists()


def test_a_booking_follows_its_card_to_the_new_owner(store, consultant, colleague, manager):
    from leads.services.prospect import prospect_reassign

    drive, past = drive_in(S.BOOKED, consultant, store), drive_in(S.CANCELLED, consultant, store)
    for row in (drive, past):
        prospect_reassign(by=manager, prospect_id=row.prospect_id, new_owner=colleague, reason="调组")
    drive.refresh_from_db(), past.refresh_from_db()
    assert (drive.owner, past.owner) == (colleague, consultant)


def test_a_car_in_use_is_not_retired(store, consultant, manager):
    from leads.services.demo_car import demo_car_change

    drive = drive_in(S.BOOKED, consultant, store)
    with pytest.raises(DomainError, match="还有 1 个预约"):
        demo_car_change(by=manager, car_id=drive.car_id, version=1, details={"is_active": False})
    EVENTS["cancel"][0](drive, consultant)
    demo_car_change(by=manager, car_id=drive.car_id, version=1, details={"is_active": False})
    assert not DemoCar.objects.get(pk=drive.car_id).is_active
    with pytest.raises(DomainError, match="可预约的车辆"):
        make_drive(consultant, drive.prospect, drive.car)
    assert make_drive(consultant, drive.prospect, make_demo_car(store)).pk
