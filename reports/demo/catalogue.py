"""The invented brand: series, configurations, colours, price lists, and the sources of customers."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from dealership.core import periods
from dealership.org.models import Brand, DealerGroup, LeadSource, Series
from reports.demo import words
from reports.demo.bulk import Bulk
from reports.demo.shape import money
from sales.models import Colour, Configuration, PriceEntry

PRICE_DROP = 10_000  # planted: one series becomes cheaper in the middle of last month (O15)
DROPPED_SERIES = "远山"


@dataclass
class Car:
    """A configuration with its prices by the day they start, newest last."""

    configuration_id: int
    series_id: int
    series: str
    name: str
    msrp: int
    prices: list[tuple[dt.date, int, int]]  # day, price entry, msrp

    def price_on(self, day: dt.date) -> tuple[int, int]:
        """Entry and price in force on a day."""
        found = [entry for entry in self.prices if entry[0] <= day] or self.prices[:1]
        return found[-1][1], found[-1][2]


@dataclass
class Catalogue:
    """What the stores of the group sell."""

    brand_id: int = 0
    cars: list[Car] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    colours: list[int] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    series_names: dict[int, str] = field(default_factory=dict)

    def pick(self, rng: random.Random, series_id: int | None = None) -> Car:
        """A car by its share of deliveries, within a series when one is wanted."""
        if series_id is None:
            return rng.choices(self.cars, weights=self.weights)[0]
        return rng.choice([car for car in self.cars if car.series_id == series_id])

    def pick_colour(self, rng: random.Random) -> int:
        """Colour by popularity."""
        return rng.choices(self.colours, weights=words.COLOUR_SHARES)[0]


def authority_of(msrp: int) -> int:
    """Concession a consultant may give alone: a tenth of the price, in steps of 500."""
    return msrp * 11 // 100 // 500 * 500


def build_catalogue(bulk: Bulk, start: dt.date) -> tuple[int, Catalogue]:
    """Group, brand and everything that is sold; returns the group's id and the catalogue."""
    group = bulk.add(DealerGroup, name=words.GROUP)
    catalogue = Catalogue(brand_id=bulk.add(Brand, group_id=group["id"], name=words.BRAND)["id"])
    since = periods.add_months(start, -6)
    dropped_on = periods.add_months(periods.today().replace(day=1), -1).replace(day=16)
    for name, body, is_nev, share, configurations in words.SERIES:
        series = bulk.add(Series, brand_id=catalogue.brand_id, name=name, body=body, is_nev=is_nev)
        catalogue.series_names[series["id"]] = name
        for position, (title, msrp) in enumerate(configurations):
            car = _car(bulk, series_id=series["id"], series=name, title=title, msrp=msrp, since=since)
            if name == DROPPED_SERIES:
                _price(bulk, car, dropped_on, msrp - PRICE_DROP)
            catalogue.cars.append(car)
            catalogue.weights.append(share * (4 - abs(position - 1)))
    catalogue.colours = [bulk.add(Colour, brand_id=catalogue.brand_id, name=name)["id"] for name in words.COLOURS]
    for position, (code, name, _) in enumerate(words.SOURCES):
        row = bulk.add(LeadSource, group_id=group["id"], code=code, name=name, position=position)
        catalogue.sources[code] = row["id"]
    return int(group["id"]), catalogue


def _car(bulk: Bulk, *, series_id: int, series: str, title: str, msrp: int, since: dt.date) -> Car:
    row = bulk.add(Configuration, series_id=series_id, name=title, code=f"YL{series_id:02d}{msrp // 100:04d}")
    car = Car(row["id"], series_id, series, title, msrp, [])
    _price(bulk, car, since, msrp)
    return car


def _price(bulk: Bulk, car: Car, day: dt.date, msrp: int) -> None:
    row = bulk.add(
        PriceEntry,
        configuration_id=car.configuration_id,
        effective_from=day,
        msrp=money(msrp),
        consultant_authority=money(authority_of(msrp)),
    )
    car.prices.append((day, row["id"], msrp))


def read_catalogue(group_name: str) -> tuple[int, Catalogue] | None:
    """The catalogue of a demo group that exists already; None when there is none."""
    group = DealerGroup.objects.filter(name=group_name).first()
    if group is None:
        return None
    brand = Brand.objects.get(group=group)
    catalogue = Catalogue(brand_id=brand.pk)
    shares = {name: share for name, _, _, share, _ in words.SERIES}
    for series in Series.objects.filter(brand=brand).order_by("pk"):
        catalogue.series_names[series.pk] = series.name
        for position, row in enumerate(Configuration.objects.filter(series=series).order_by("pk")):
            prices = [(p.effective_from, p.pk, int(p.msrp)) for p in row.prices.order_by("effective_from")]
            catalogue.cars.append(Car(row.pk, series.pk, series.name, row.name, prices[0][2], prices))
            catalogue.weights.append(shares.get(series.name, 1) * (4 - abs(position - 1)))
    catalogue.colours = list(Colour.objects.filter(brand=brand).order_by("pk").values_list("pk", flat=True))
    catalogue.sources = dict(LeadSource.objects.filter(group=group).values_list("code", "pk"))
    return group.pk, catalogue
