"""§4.4 and R-STK: VIN, states, locks, stock age."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.jobs.models import Job
from dealership.jobs.runner import run
from dealership.jobs.services import plan_due
from sales.choices import VEHICLE_TRANSITIONS, VehicleStatus
from sales.models import Vehicle
from sales.policies import age_band
from sales.selectors.vehicle import with_age
from sales.services import vehicle as cars
from sales.services.state import move_vehicle
from sales.tests import builders as build
from sales.tests.builders import Staff
from sales.validators import clean_vin


@pytest.mark.parametrize("vin", ["1M8GDM9AXKP042788", "11111111111111111", "1m8gdm9axkp042788"])
def test_vin_with_a_right_check_digit_is_taken(vin: str) -> None:
    assert clean_vin(vin) == vin.upper()


@pytest.mark.parametrize(
    ("vin", "told"),
    [
        ("1M8GDM9AXKP04278", "17位"), ("1M8GDM9AXKP0427889", "17位"), ("", "17位"), ("1M8GDM9AXKP04278O", "I、O、Q"),
        ("1M8GDM9AXKP04278!", "I、O、Q"), ("1M8GDM9A1KP042788", "校验码"), ("1M8GDM9AXKP042789", "校验码"),
    ],
)  # fmt: skip
def test_wrong_vin_is_refused_in_chinese(vin: str, told: str) -> None:
    with pytest.raises(DomainError, match=told) as refusal:
        clean_vin(vin)
    assert refusal.value.fields["vin"]


def test_a_vin_exists_once(store: Any, other_store: Any, staff: Staff) -> None:
    car = build.make_vehicle(staff.admin, store)
    with pytest.raises(Conflict, match="车架号已在系统中"):
        build.make_vehicle(staff.admin, store, vin=car.vin)
    assert Vehicle.objects.count() == 1


def test_stock_is_written_by_stock_roles_of_the_store(store: Any, other_store: Any, staff: Staff) -> None:
    for role in ("consultant", "manager", "delivery", "cashier", "finance"):
        with pytest.raises(NotAllowed):
            build.make_vehicle(getattr(staff, role), store)
    with pytest.raises(NotAllowed):
        build.make_vehicle(staff.admin, other_store)
    car = build.make_vehicle(staff.admin, store)
    with pytest.raises(DomainError):
        cars.vehicle_change(by=staff.admin, vehicle_id=car.pk, version=car.version, changes={"status": "delivered"})
    with pytest.raises(NotAllowed):
        cars.vehicle_change(by=staff.consultant, vehicle_id=car.pk, version=car.version, changes={"location": "A1"})


def test_a_stale_change_is_refused_with_the_present_values(store: Any, staff: Staff) -> None:
    car = build.make_vehicle(staff.admin, store)
    cars.vehicle_change(by=staff.admin, vehicle_id=car.pk, version=1, changes={"location": "A1"})
    with pytest.raises(Conflict) as refusal:
        cars.vehicle_change(by=staff.sales_manager, vehicle_id=car.pk, version=1, changes={"location": "B2"})
    assert refusal.value.current == {"version": 2, "location": "A1"}
    assert Vehicle.objects.get().location == "A1"


@pytest.mark.parametrize("before", VehicleStatus.values)
def test_every_step_outside_the_table_is_refused(store: Any, staff: Staff, before: str) -> None:
    car = build.make_vehicle(staff.admin, store)
    held = {"locked_by": staff.consultant, "locked_until": periods.now()} if before == "locked" else {}
    Vehicle.objects.filter(pk=car.pk).update(status=before, **held)
    for after in VehicleStatus.values:
        car = Vehicle.objects.get(pk=car.pk)
        if after in VEHICLE_TRANSITIONS[before]:
            continue
        with pytest.raises(Conflict):
            move_vehicle(car, VehicleStatus(after))
        assert Vehicle.objects.get(pk=car.pk).status == before


def test_arrival_starts_the_age(store: Any, staff: Staff, freeze: Any) -> None:
    freeze("2026-11-22 10:00+08:00")
    car = cars.vehicle_create(
        by=staff.admin, store=store, vin=build.new_vin(), configuration=build.make_configuration(store),
        colour=build.make_colour(store), dealer_cost=Decimal(100000),
    )  # fmt: skip
    assert with_age([car])[0].age_days is None
    with pytest.raises(DomainError, match="不能晚于今天"):
        cars.vehicle_arrive(by=staff.admin, vehicle_id=car.pk, arrived_on=dt.date(2026, 11, 23))
    car = cars.vehicle_arrive(by=staff.admin, vehicle_id=car.pk, arrived_on=dt.date(2026, 9, 22))
    shown = with_age([car])[0]
    assert (shown.age_days, shown.age_tone) == (61, "orange")


@pytest.mark.parametrize(
    ("days", "band"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (180, 3), (181, 4)]
)
def test_r_stk_bands(days: int, band: int) -> None:
    assert age_band(days, [30, 60, 90, 180]) == band


def test_a_lock_holds_48_hours_and_frees_itself(store: Any, staff: Staff, person: Any, freeze: Any) -> None:
    freeze("2026-11-20 10:00+08:00")
    car = build.make_vehicle(staff.admin, store)
    cars.vehicle_lock(by=staff.consultant, vehicle_id=car.pk)
    other = person("sales_consultant", store, name="王芳")
    with pytest.raises(Conflict, match="李明锁定"):
        cars.vehicle_lock(by=other, vehicle_id=car.pk)
    with pytest.raises(NotAllowed):
        cars.vehicle_release(by=other, vehicle_id=car.pk)
    freeze("2026-11-22 09:59+08:00")
    assert cars.vehicle_release_expired(moment=periods.now()) == 0
    freeze("2026-11-22 10:00+08:00")
    plan_due(periods.now())
    run(Job.objects.get(kind="sales.release_locks").pk)
    car.refresh_from_db()
    assert (car.status, car.locked_by_id, car.locked_until) == (VehicleStatus.IN_STOCK, None, None)
    cars.vehicle_lock(by=other, vehicle_id=car.pk)


def test_an_expired_lock_gives_way_before_the_job_ran(store: Any, staff: Staff, person: Any, freeze: Any) -> None:
    freeze("2026-11-20 10:00+08:00")
    car = build.make_vehicle(staff.admin, store)
    cars.vehicle_lock(by=staff.consultant, vehicle_id=car.pk)
    freeze("2026-11-22 10:00+08:00")
    other = person("sales_consultant", store)
    assert cars.vehicle_lock(by=other, vehicle_id=car.pk).locked_by_id == other.pk


def test_another_store_does_not_know_the_car(store: Any, staff: Staff, stranger: Any) -> None:
    car = build.make_vehicle(staff.admin, store)
    with pytest.raises(NotFound):
        cars.vehicle_lock(by=stranger, vehicle_id=car.pk)


def test_damage_and_repair(store: Any, staff: Staff) -> None:
    car = build.make_vehicle(staff.admin, store)
    cars.vehicle_damage(by=staff.admin, vehicle_id=car.pk, note="左前门划痕")
    with pytest.raises(Conflict):
        cars.vehicle_lock(by=staff.consultant, vehicle_id=car.pk)
    assert cars.vehicle_repair(by=staff.admin, vehicle_id=car.pk).status == VehicleStatus.IN_STOCK
