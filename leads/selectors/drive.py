"""Reads of demo cars and test drives: the day's calendar, one drive, the next free time, the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.prepared import Question
from dealership.org.calendar import is_open
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.prepared import question_for
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import HOLDING_DRIVES, LIVE_STATUSES, DriveStatus
from leads.models import DemoCar, Prospect, TestDrive, TestDriveChange
from leads.policies import drive_slot, drive_slots
from leads.selectors.customer import primary_phones, search_condition
from leads.selectors.timeline import Entry

ORDERING = ("-created_at", "-id")
CAR_ORDERING = ("-is_active", "id")
SEARCH_DAYS = 8
COMPANIONS = (*SELLING_ROLES, Role.SHOWROOM_MANAGER, Role.SALES_MANAGER)
# What a line of a day's drives reads.
DAY_SHOWN = (
    *("status", "planned", "customer__name", "customer__gender", "customer__kind"),
    *("car__plate", "car__description"),
)


@dataclass
class Cell:
    """A stretch of one car's day: a free slot, or the slots one drive takes."""

    start: dt.datetime
    end: dt.datetime
    span: int = 1
    drive: TestDrive | None = None
    is_mine: bool = False
    is_past: bool = False

    @property
    def is_free(self) -> bool:
        return self.drive is None and not self.is_past


@dataclass
class CarDay:
    """One row of the calendar."""

    car: DemoCar
    cells: list[Cell] = field(default_factory=list)
    is_insured: bool = True
    starts: list[dt.datetime] = field(default_factory=list)

    @property
    def free(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_free and self.is_insured]

    @property
    def taken(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.drive is not None]


def demo_car_list(*, user: Any) -> QuerySet[DemoCar]:
    """Demo cars within reach, those in use first when paged by `CAR_ORDERING`."""
    return DemoCar.objects.visible_to(user).select_related("series", "store")


def demo_car_get(*, user: Any, car_id: int) -> DemoCar:
    """One demo car within reach; 404 otherwise."""
    car = demo_car_list(user=user).filter(pk=car_id).first()
    if car is None:
        raise NotFound
    return car


def cars_of(store_id: int) -> QuerySet[DemoCar]:
    """Cars of a store that can be booked, for form choices of people who book there."""
    return DemoCar.objects.filter(store_id=store_id, is_active=True).select_related("series").order_by("id")


def bookable_cards(*, user: Any, store_id: int, text: str = "", limit: int = 8) -> list[Prospect]:
    """Live cards a drive can be booked for: those that match, else those contacted last."""
    rows = Prospect.objects.visible_to(user).filter(store_id=store_id, status__in=LIVE_STATUSES)
    rows = rows.select_related("customer", "owner", "series").prefetch_related(primary_phones())
    if text.strip():
        rows = rows.filter(search_condition(text, "customer__"))
    return list(rows.order_by(F("last_contact_at").desc(nulls_last=True), "-id")[:limit])


def companions_in(store_id: int) -> QuerySet[Any]:
    """Who may go along: sellers and their managers."""
    return people_in([store_id], COMPANIONS)


def drive_list(*, user: Any) -> QuerySet[TestDrive]:
    """Test drives within reach with what a row shows."""
    rows = TestDrive.objects.visible_to(user).select_related("customer", "owner", "car", "series", "store")
    return rows.prefetch_related(primary_phones())


def drive_get(*, user: Any, drive_id: int) -> TestDrive:
    """One test drive within reach; 404 otherwise."""
    rows = drive_list(user=user).select_related(
        "prospect", "booked_by", "licence_checked_by", "agreement_taken_by", "accompanied_by"
    )
    drive = rows.filter(pk=drive_id).first()
    if drive is None:
        raise NotFound
    return drive


def drive_changes(*, user: Any, drive: TestDrive) -> list[TestDriveChange]:
    """What happened to a drive, oldest first."""
    rows = TestDriveChange.objects.visible_to(user).filter(drive=drive).select_related("by")
    return list(rows.order_by("at", "id"))


def drives_of_day(*, user: Any, day: dt.date, owner: Any = None) -> list[TestDrive]:
    """Booked and running drives of a day, and those still out from before; earliest first, in one statement."""
    found = drives_of_day_asked(user=user, day=day, owner=owner).rows()
    return sorted(found, key=lambda drive: (drive.starts_at, drive.pk))


def drives_of_day_asked(*, user: Any, day: dt.date, owner: Any = None) -> Question:
    """What `drives_of_day` asks, for a page that asks it with others."""
    return question_for(user, _drives_of_day, day, ids=() if owner is None else (owner.pk,))


def _drives_of_day(user: Any, owner: Sequence[int], day: dt.date) -> QuerySet[TestDrive]:
    rows = TestDrive.objects.visible_to(user).holding().select_related("customer", "car").only(*DAY_SHOWN)
    today = rows.filter(planned__overlap=(periods.at(day), periods.end_of_day(day)))
    found = today | rows.filter(status=DriveStatus.OUT, planned__endswith__lte=periods.at(day))
    return (found.filter(owner_id__in=owner) if owner else found)[:200]


def calendar_of(*, user: Any, store: Store, day: dt.date) -> list[CarDay]:
    """Cars × slots of a day. Everybody in the store sees what is taken and by which consultant; whose customer it is
    only the person who reaches the drive. Three statements whatever the number of cars.
    """
    cars = demo_car_list(user=user).filter(store=store, is_active=True).order_by("id")
    today = Q(planned__overlap=(periods.at(day), periods.end_of_day(day)))
    rows = TestDrive.objects.holding().filter(today | Q(status=DriveStatus.OUT), car__store=store)
    drives = list(rows.select_related("owner", "customer"))
    mine = set(
        TestDrive.objects.visible_to(user).filter(pk__in=[row.pk for row in drives]).values_list("pk", flat=True)
    )
    slots, length = drive_slots(store.pk, day), drive_slot(store.pk, day)
    found = []
    for car in cars:
        taken = sorted((row for row in drives if row.car_id == car.pk), key=lambda row: row.starts_at)
        cells = _cells(slots, length, taken, mine)
        found.append(CarDay(car, cells, car.insured_until >= day, slots))
    return found


def _cells(slots: list[dt.datetime], length: dt.timedelta, taken: list[TestDrive], mine: set[int]) -> list[Cell]:
    """Slots in order; neighbouring slots of one drive are one cell."""
    moment, cells = periods.now(), list[Cell]()
    for start in slots:
        end = start + length
        drive = next((row for row in taken if row.starts_at < end and _held_until(row, moment) > start), None)
        if drive is not None and cells and cells[-1].drive is not None and cells[-1].drive.pk == drive.pk:
            cells[-1].span += 1
            cells[-1].end = end
            continue
        is_mine = drive is not None and drive.pk in mine
        cells.append(Cell(start, end, drive=drive, is_mine=is_mine, is_past=end <= moment))
    return cells


def _held_until(drive: TestDrive, moment: dt.datetime) -> dt.datetime:
    """A car that is still out is taken until now, whatever was planned."""
    return max(drive.ends_at, moment) if drive.status == DriveStatus.OUT else drive.ends_at


def clash_of(*, car_id: int, start: dt.datetime, end: dt.datetime, excluding: int | None = None) -> TestDrive | None:
    """The drive that holds the car within this time."""
    rows = TestDrive.objects.holding().filter(car_id=car_id, planned__overlap=(start, end)).exclude(pk=excluding)
    return rows.select_related("owner").order_by("id").first()


def next_free(
    *, car: DemoCar, after: dt.datetime, length: dt.timedelta, excluding: int | None = None
) -> dt.datetime | None:
    """The first slot from `after` on in which the car is free this long, within eight days; None when there is none."""
    until = after + dt.timedelta(days=SEARCH_DAYS)
    rows = TestDrive.objects.holding().filter(car=car, planned__overlap=(after, until)).exclude(pk=excluding)
    busy = [(row.starts_at, row.ends_at) for row in rows]
    first = max(after, periods.now())
    for offset in range(SEARCH_DAYS):
        day = periods.local_date(after) + dt.timedelta(days=offset)
        if day > car.insured_until:
            return None
        slots = drive_slots(car.store_id, day) if is_open(day, car.store_id) else []
        closes = slots[-1] + drive_slot(car.store_id, day) if slots else first
        for start in slots:
            end = start + length
            if start >= first and end <= closes and not any(low < end and high > start for low, high in busy):
                return start
    return None


def last_odometer(*, car_id: int) -> int | None:
    """What the car showed when it last came back."""
    rows = TestDrive.objects.filter(car_id=car_id, status=DriveStatus.FINISHED)
    found: int | None = rows.aggregate(last=Max("odometer_back"))["last"]
    return found


def booked_ahead(*, car: DemoCar) -> int:
    """How many customers wait for the car: it is not retired before they are moved."""
    return TestDrive.objects.holding().filter(car=car).count()


def when(moment: dt.datetime) -> str:
    """`11-22 周日 15:30`, for sentences."""
    return f"{periods.day_label(periods.local_date(moment))} {periods.local_time(moment):%H:%M}"


def running_drives(timeline: list[Entry]) -> list[Entry]:
    """The newest word of each test drive that is booked or out, from a timeline already read."""
    newest = {entry.url: entry for entry in reversed(timeline) if entry.kind == "drive"}
    return [entry for entry in newest.values() if entry.state in HOLDING_DRIVES]
