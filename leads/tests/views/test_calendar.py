"""跟进日历: counts per day, appointments that still stand, reach, statements."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count, client_for
from leads.selectors.calendar import day_agenda, month_grid
from leads.services.drive import drive_cancel
from leads.tests.builders import make_drive, make_follow_up, make_prospect

pytestmark = pytest.mark.django_db
NOON = "2026-11-10 12:00+08:00"


def cells(user: Any, **told: Any) -> dict[dt.date, tuple[int, int, int]]:
    grid = month_grid(user=user, month=Period.month(2026, 11), **told)
    assert [len(week) for week in grid] == [7] * len(grid)
    return {day.on: (day.total, day.urgent, day.appointments) for week in grid for day in week if day.total}


def test_due_contacts_and_appointments_stand_on_their_days(store: Any, freeze: Any) -> None:
    freeze(NOON)
    seller = make_person(Role.SALES_CONSULTANT, store)
    hot = make_prospect(seller, store, grade="H")
    make_prospect(seller, store, grade="C")
    coming = periods.at(dt.date(2026, 11, 11), "15:30")
    make_follow_up(seller, hot, outcome="appointment", next_follow_up_at=coming)
    assert cells(seller) == {dt.date(2026, 11, 11): (1, 1, 1), dt.date(2026, 11, 13): (1, 0, 0)}
    agenda = day_agenda(user=seller, day=dt.date(2026, 11, 11))
    assert [(due.task.prospect_id, due.is_appointment) for due in agenda] == [(hot.pk, True)]
    freeze("2026-11-10 13:00+08:00")
    make_follow_up(seller, hot, next_follow_up_at=periods.at(dt.date(2026, 11, 12), "10:00"))
    assert cells(seller)[dt.date(2026, 11, 12)] == (1, 1, 0)
    assert dt.date(2026, 11, 11) not in cells(seller)


def test_only_what_is_within_reach(store: Any, other_store: Any, freeze: Any) -> None:
    freeze(NOON)
    mine, colleague = make_person(Role.SALES_CONSULTANT, store), make_person(Role.SALES_CONSULTANT, store)
    manager, stranger = make_person(Role.SHOWROOM_MANAGER, store), make_person(Role.SALES_CONSULTANT, other_store)
    make_prospect(colleague, store, grade="C", name="金丝雀")
    make_prospect(stranger, other_store, grade="C")
    day = dt.date(2026, 11, 13)
    assert cells(mine) == {}
    assert cells(manager) == {day: (1, 0, 0)}
    assert cells(manager, owner_id=mine.pk) == cells(manager, owner_id=stranger.pk) == {}
    assert "金丝雀" not in client_for(mine).get(f"/customers/calendar/?day={day}").content.decode()
    assert "金丝雀" in client_for(manager).get(f"/customers/calendar/?day={day}").content.decode()


def test_booked_test_drives_stand_on_the_day_they_begin(store: Any, other_store: Any, freeze: Any) -> None:
    freeze(NOON)
    seller, colleague = make_person(Role.SALES_CONSULTANT, store), make_person(Role.SALES_CONSULTANT, store)
    manager, stranger = make_person(Role.SHOWROOM_MANAGER, store), make_person(Role.SALES_CONSULTANT, other_store)
    day = dt.date(2026, 11, 12)
    mine = make_drive(seller, make_prospect(seller, store), starts_at=periods.at(day, "10:00"))
    make_drive(colleague, make_prospect(colleague, store, name="金丝雀"), starts_at=periods.at(day, "15:00"))
    make_drive(stranger, make_prospect(stranger, other_store), starts_at=periods.at(day, "10:00"))
    gone = make_drive(seller, make_prospect(seller, store), starts_at=periods.at(day, "17:00"))
    drive_cancel(by=seller, drive_id=gone.pk, reason="客户改期")

    def drives(user: Any, **told: Any) -> dict[dt.date, int]:
        grid = month_grid(user=user, month=Period.month(2026, 11), **told)
        return {cell.on: cell.drives for week in grid for cell in week if cell.drives}

    assert (drives(seller), drives(manager), drives(manager, owner_id=seller.pk)) == ({day: 1}, {day: 2}, {day: 1})
    page = client_for(seller).get(f"/customers/calendar/?day={day}").content.decode()
    assert f"/customers/test-drives/{mine.pk}/" in page
    assert ("10:00" in page, "金丝雀" in page, "这一天没有" in page) == (True, False, False)


@pytest.mark.parametrize(
    "query", ["month=x", "month=2026", "month=9999-12", "day=2026-02-30", "owner=1;drop", "owner=²"]
)
def test_odd_addresses_show_the_present_month(store: Any, freeze: Any, query: str) -> None:
    freeze(NOON)
    client = client_for(make_person(Role.SHOWROOM_MANAGER, store))
    page = client.get(f"/customers/calendar/?{query}")
    assert page.status_code == 200
    assert "2026年11月" in page.content.decode()


def test_statements_do_not_grow_with_rows(store: Any, freeze: Any) -> None:
    freeze(NOON)
    seller = make_person(Role.SALES_CONSULTANT, store)
    make_prospect(seller, store, grade="C")
    client = client_for(seller)
    assert_same_query_count(
        lambda: client.get("/customers/calendar/?day=2026-11-13"),
        lambda: [make_prospect(seller, store, grade="C") for _ in range(2)],
        limit=12,
    )
