"""Two desks and one car at once: the lock, the constraint behind it, and controls that fail without them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dealership.core import periods
from dealership.core.errors import Conflict
from dealership.core.services import service
from leads.models import DemoCar, Prospect, TestDrive
from leads.selectors.drive import clash_of
from leads.tests.builders import make_demo_car, make_drive, make_prospect, tomorrow_at
from leads.tests.services.test_race import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
NAME = "leads_testdrive_no_overlap"


def test_two_consultants_tap_one_slot_and_one_is_told_when_it_is_free(store, consultant, colleague):
    for hour in ("09:00", "11:00", "13:00"):
        car, starts_at = make_demo_car(store), tomorrow_at(hour)
        cards = [make_prospect(person, store) for person in (consultant, colleague)]
        answers = at_once(
            lambda c=car, s=starts_at, p=cards[0]: make_drive(consultant, p, c, starts_at=s),
            lambda c=car, s=starts_at, p=cards[1]: make_drive(colleague, p, c, starts_at=s),
        )
        refused = [answer for answer in answers if isinstance(answer, Conflict)]
        assert [error.code for error in refused] == ["drive_clash"]
        assert "最近的空闲时间" in refused[0].message
        assert TestDrive.objects.filter(car=car).count() == 1


def _unlocked(card: Prospect, car: DemoCar, barrier: threading.Barrier) -> Any:
    """Look, then write, as code without the lock would."""

    @service
    def book() -> TestDrive:
        start, end = tomorrow_at("10:00"), tomorrow_at("10:30")
        assert clash_of(car_id=car.pk, start=start, end=end) is None
        barrier.wait()
        return TestDrive.objects.create(
            store=card.store, owner=card.owner, prospect=card, customer=card.customer, car=car, series=car.series,
            planned=DateTimeTZRange(start, end), booked_by=card.owner,
        )  # fmt: skip

    return book()


def _race(store: Any, *people: Any) -> list[Any]:
    car, barrier = make_demo_car(store), threading.Barrier(2)
    cards = [make_prospect(person, store) for person in people]
    return at_once(*[lambda p=card: _unlocked(p, car, barrier) for card in cards])


def test_without_the_lock_the_exclusion_constraint_still_refuses_one(store, consultant, colleague):
    refused = [answer for answer in _race(store, consultant, colleague) if isinstance(answer, Conflict)]
    assert [error.message for error in refused] == ["该车这个时段刚刚被同事约走，请换个时段或换一台车。"]
    assert TestDrive.objects.count() == 1


@pytest.fixture
def _without_constraint(transactional_db: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [NAME])
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE leads_testdrive DROP CONSTRAINT {NAME}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_testdrive CASCADE")
        cursor.execute(f"ALTER TABLE leads_testdrive ADD CONSTRAINT {NAME} {definition}")


@pytest.mark.usefixtures("_without_constraint")
def test_control_without_lock_and_constraint_both_have_the_car(store, consultant, colleague):
    _race(store, consultant, colleague)
    assert TestDrive.objects.count() == 2


def test_the_database_refuses_an_overlap_and_an_unchecked_start(store, consultant):
    drive = make_drive(consultant, make_prospect(consultant, store))
    with pytest.raises(IntegrityError, match=NAME):
        TestDrive.objects.create(
            store=store, owner=consultant, prospect=drive.prospect, customer=drive.customer, car=drive.car,
            series=drive.series, planned=drive.planned, booked_by=consultant,
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="allowed_out"):
        TestDrive.objects.filter(pk=drive.pk).update(status="out", out_at=periods.now(), odometer_out=1)
    with pytest.raises(IntegrityError, match="signature_path"):
        TestDrive.objects.filter(pk=drive.pk).update(signature='M1 1"/><script>alert(1)</script>')
