"""Cars of a demo store: those that orders take, and those that wait."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from dealership.core import periods
from reports.demo import words
from reports.demo.bulk import Row
from reports.demo.catalogue import Car
from reports.demo.identity import vin_of
from reports.demo.shape import money
from reports.demo.site import Site
from sales.choices import STOCK_STATUSES, CertificateStatus, VehicleStatus
from sales.models import Vehicle

if TYPE_CHECKING:
    from reports.demo.orders import Order

# youngest and oldest day of a band, share in percent (domain.md §6.2)
AGE_BANDS = ((0, 30, 46), (31, 60, 27), (61, 90, 14), (91, 180, 9), (181, 260, 4))
COST_SHARE, REBATE_SHARE = 922, 33  # per mille of the list price


class Garage:
    """Makes cars with a VIN of their own and fills the yard up to the store's stock."""

    def __init__(self, site: Site) -> None:
        self.bulk = site.bulk
        self.shape = site.shape
        self.people = site.people
        self.catalogue = site.catalogue
        self.rng = site.rng
        self._made = 0
        self.today = periods.local_date(site.now)

    def reserve(self, order: Order, at: dt.datetime, *, from_factory: bool) -> None:
        """The car that will be allocated: in the yard already, or coming."""
        if not from_factory:
            age = self.rng.choices((self.rng.randrange(3, 31), self.rng.randrange(31, 75)), weights=(75, 25))[0]
            order.vehicle = self._car(
                order.car, order.row["colour_id"], periods.local_date(at) - dt.timedelta(days=age)
            )

    def take(self, order: Order, at: dt.datetime) -> Row:
        """The car of an order at its allocation; a factory order's car arrives with it."""
        if order.vehicle is None:
            order.vehicle = self._car(order.car, order.row["colour_id"], periods.local_date(at))
        return order.vehicle

    def fill(self) -> None:
        """Free cars until the yard holds the store's stock, by age band, and those on the lorry."""
        standing = sum(row["status"] in STOCK_STATUSES for row in self.bulk.rows(Vehicle))
        wanted = max(0, self.shape.stock - standing)
        for youngest, oldest, share in AGE_BANDS:
            for _ in range(round(wanted * share / 100)):
                age = self.rng.randrange(youngest, oldest + 1)
                colours = self.catalogue.colours
                odd = age > 90 and self.rng.random() < 0.8
                colour = colours[self.rng.choice(words.ODD_COLOURS)] if odd else self.catalogue.pick_colour(self.rng)
                car = self._car(self.catalogue.pick(self.rng), colour, self.today - dt.timedelta(days=age))
                car["location"] = f"{self.rng.choice('ABCD')}-{self.rng.randrange(1, 41):02d}"
        for _ in range(self.shape.in_transit):
            car = self._car(self.catalogue.pick(self.rng), self.catalogue.pick_colour(self.rng), self.today)
            car.update(status=VehicleStatus.IN_TRANSIT, arrived_on=None, location="")
            car["certificate_status"] = CertificateStatus.IN_TRANSIT
        for number, row in enumerate(r for r in self.bulk.rows(Vehicle) if r["status"] == VehicleStatus.IN_STOCK):
            usage = {3: "display", 9: "display", 17: "display", 29: "demo", 41: "demo", 53: "pre_registered"}
            row["usage"] = usage.get(number, "stock")

    def _car(self, car: Car, colour_id: int, arrived_on: dt.date) -> Row:
        self._made += 1
        rng = self.rng
        pledged = rng.random() < 0.6
        return self.bulk.add(
            Vehicle,
            store_id=self.people.store_id,
            vin=vin_of(self.shape.number, self._made),
            engine_no=f"E{rng.randrange(10**7, 10**8)}",
            configuration_id=car.configuration_id,
            colour_id=colour_id,
            interior=rng.choice(("黑色", "米色", "棕色")),
            status=VehicleStatus.IN_STOCK,
            produced_on=arrived_on - dt.timedelta(days=rng.randrange(15, 60)),
            arrived_on=arrived_on,
            dealer_cost=money(car.msrp * COST_SHARE // 1000),
            rebate=money(car.msrp * REBATE_SHARE // 1000),
            certificate_status=CertificateStatus.PLEDGED if pledged else CertificateStatus.IN_STORE,
            location=f"{rng.choice('ABCD')}-{rng.randrange(1, 41):02d}",
        )
