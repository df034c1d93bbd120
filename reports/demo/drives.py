"""Test drives of a demo store: those of the months behind, one that is out now and one that is out too long."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from psycopg.types.range import TimestamptzRange

from dealership.core import periods
from leads.choices import (
    AGREEMENT_VERSION,
    AgreementKind,
    DriveAspect,
    DriveKind,
    DriveStatus,
    LicenceClass,
    ProspectStatus,
)
from leads.models import DemoCar, Prospect, TestDrive, TestDriveChange, Visit
from reports.demo import words
from reports.demo.bulk import Row
from reports.demo.site import Site

SHARE = 0.6  # of the visitors whose series has a demo car
BEGINS, LENGTH = dt.timedelta(minutes=25), dt.timedelta(minutes=30)
CARS = 7
OUT, TOO_LONG = 0, 1  # these cars are on the road when the demo begins
OPENS, CLOSES = dt.time(10), dt.time(18)
SIGNATURE = "M80 150L120 90L150 160L190 110L230 170M260 100L260 190L330 120L300 200L380 130"


class Drives:
    """Bookings and returns over the visits of a store; no car is in two places."""

    def __init__(self, site: Site, rng: random.Random) -> None:
        self.site, self.bulk, self.rng = site, site.bulk, rng
        self.cards = {row["id"]: row for row in self.bulk.rows(Prospect)}
        self.cars: dict[int, Row] = {}
        self.free: dict[int, dt.datetime] = {}
        self.odometer: dict[int, int] = {}

    def run(self) -> None:
        """Cars, then the visitors in the order of time, then the two cars that are out."""
        self._cars()
        now = self._showroom_hour()
        kept_free = {row["id"] for place, row in enumerate(self.cars.values()) if place in (OUT, TOO_LONG)}
        for visit in sorted(self.bulk.rows(Visit), key=lambda row: (row["visited_at"], row["id"])):
            start = visit["visited_at"] + BEGINS
            car = self._car_for(visit, start)
            late = car is not None and car["id"] in kept_free and start + LENGTH > now - dt.timedelta(hours=2)
            if car is not None and not late and start + LENGTH < self.site.now and self.rng.random() < SHARE:
                self._drive(self.cards[visit["prospect_id"]], car, start)
        self._on_the_road(now)

    def _cars(self) -> None:
        count = CARS if self.site.shape.number == 1 else 4
        insured = periods.local_date(self.site.now)
        best = {car.series_id: car.name for car in self.site.catalogue.cars}
        for place, series in enumerate(list(self.site.catalogue.series_names)[:count]):
            row = self.bulk.add(
                DemoCar, store_id=self.site.people.store_id, series_id=series, description=best[series],
                plate=f"赣{'AG'[self.site.shape.number - 1]}{8600 + place}D", colour=words.COLOURS[place],
                vin_tail=f"{self.site.shape.number:02d}{7301 + place}",
                insured_until=insured + dt.timedelta(days=160 + 9 * place),
            )  # fmt: skip
            self.cars[series] = row
            self.odometer[row["id"]] = 900 + 130 * place

    def _showroom_hour(self) -> dt.datetime:
        """Now, or the last afternoon when the showroom is closed."""
        now, today = self.site.now, periods.local_date(self.site.now)
        opens, closes = periods.at(today, OPENS), periods.at(today, CLOSES)
        if now < opens:
            return closes - dt.timedelta(days=1)
        return min(now, closes)

    def _car_for(self, visit: Row, start: dt.datetime) -> Row | None:
        card = self.cards.get(visit["prospect_id"])
        car = self.cars.get(card["series_id"]) if card and visit["left_at"] else None
        return car if car and self.free.get(car["id"], start) <= start else None

    def _drive(self, card: Row, car: Row, start: dt.datetime) -> None:
        end = start + dt.timedelta(minutes=self.rng.randrange(18, 30))
        self.free[car["id"]] = start + LENGTH
        if self.rng.random() < 0.06:
            asked = max(start - dt.timedelta(hours=4), card["card_created_at"])
            row = self._booked(card, car, asked, start)
            row["status"] = DriveStatus.NO_SHOW
            self._step(row, DriveStatus.BOOKED, DriveStatus.NO_SHOW, end)
            return
        row = self._out(card, car, start)
        self.odometer[car["id"]] += self.rng.randrange(6, 19)
        aspects = self.rng.sample(list(DriveAspect), 3)
        row.update(
            status=DriveStatus.FINISHED, finished_at=end, odometer_back=self.odometer[car["id"]],
            stars={aspect.value: self.rng.choice((3, 4, 4, 5, 5)) for aspect in aspects},
            feedback=self.rng.choice(words.DRIVE_WORDS),
        )  # fmt: skip
        self._step(row, DriveStatus.OUT, DriveStatus.FINISHED, end)

    def _booked(self, card: Row, car: Row, at: dt.datetime, start: dt.datetime) -> Row:
        row = self.bulk.add(
            TestDrive, **_scope(card), prospect_id=card["id"], customer_id=card["customer_id"], car_id=car["id"],
            series_id=car["series_id"], planned=TimestamptzRange(start, start + LENGTH), booked_by_id=card["owner_id"],
            created_at=at, kind=DriveKind.RIDE if self.rng.random() < 0.08 else DriveKind.DRIVE,
        )  # fmt: skip
        self._step(row, "", DriveStatus.BOOKED, at)
        return row

    def _out(self, card: Row, car: Row, start: dt.datetime) -> Row:
        before = start - dt.timedelta(minutes=6)
        row = self._booked(card, car, before, start)
        seller, drawn = card["owner_id"], self.rng.random() < 0.3
        row.update(
            status=DriveStatus.OUT, out_at=start, odometer_out=self.odometer[car["id"]], accompanied_by_id=seller,
            route=self.rng.choice(words.ROUTES), agreement_signed_at=before, agreement_taken_by_id=seller,
            agreement_version=AGREEMENT_VERSION, agreement_kind=AgreementKind.DRAWN if drawn else AgreementKind.PAPER,
            signature=SIGNATURE if drawn else "", agreement_note="" if drawn else "前台试驾协议夹",
        )  # fmt: skip
        if row["kind"] == DriveKind.DRIVE:
            row.update(
                licence_class=self.rng.choice((LicenceClass.C1, LicenceClass.C2)), licence_checked_at=before,
                licence_checked_by_id=seller,
                licence_valid_until=periods.local_date(start) + dt.timedelta(days=self.rng.randrange(300, 2400)),
            )  # fmt: skip
        self._step(row, DriveStatus.BOOKED, DriveStatus.OUT, start)
        return row

    def _on_the_road(self, now: dt.datetime) -> None:
        """One car left a few minutes ago, one should have been back for long."""
        cars = list(self.cars.values())
        hot = [
            card for card in self.cards.values() if card["status"] == ProspectStatus.ACTIVE and card["grade"] in "HA"
        ]
        for car, ago in ((cars[OUT], 12), (cars[TOO_LONG], 75)):
            card = next((card for card in hot if card["series_id"] == car["series_id"]), None)
            if card is not None:
                self._out(card, car, now - dt.timedelta(minutes=ago))

    def _step(self, drive: Row, before: str, after: str, at: dt.datetime) -> None:
        self.bulk.add(
            TestDriveChange, drive_id=drive["id"], store_id=drive["store_id"], team_id=drive["team_id"],
            owner_id=drive["owner_id"], at=at, by_id=drive["owner_id"], from_status=before, to_status=after,
            planned=drive["planned"],
        )  # fmt: skip


def _scope(card: Row) -> dict[str, Any]:
    return {name: card[name] for name in ("store_id", "team_id", "owner_id")}
