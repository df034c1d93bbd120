"""How big a demo store is, and how its month is shaped (domain.md §6.2, §6.3)."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace
from decimal import Decimal

from dealership.core.periods import Period
from dealership.org.calendar import festival_of

SPREAD_A = (22, 20, 18, 17, 16, 15, 13, 12, 10, 8, 6, 3)
SPREAD_B = (13, 11, 10, 8, 7, 6, 4, 3)
# Sales of a month relative to the year's mean, January first.
MONTH_INDEX = (105, 60, 92, 90, 95, 105, 92, 98, 110, 108, 115, 130)
HOURS = {9: 5, 10: 20, 11: 20, 12: 8, 13: 8, 14: 18, 15: 19, 16: 16, 17: 7}


@dataclass(frozen=True)
class StoreShape:
    """Monthly counts of a store; `visits` by type in the order of domain.md §6.2."""

    number: int
    key: str
    code: str
    name: str
    short_name: str
    address: str
    spread: tuple[int, ...]
    dcc_agents: int
    visits: dict[str, int]
    phone_ins: int
    dcc_cards: int
    other_cards: int
    orders: dict[str, int]
    opening: dict[str, int]
    open_orders: int
    refusals: int
    dormant: int
    cancellations: int
    stock: int
    in_transit: int
    target: int

    @property
    def order_total(self) -> int:
        return sum(self.orders.values())


STORE_A = StoreShape(
    number=1,
    key="",
    code="NC01",
    name="南昌远澜红谷滩店",
    short_name="红谷滩店",
    address="南昌市红谷滩区丰和中大道 1188 号",
    spread=SPREAD_A,
    dcc_agents=4,
    visits={
        "first_captured": 190,
        "first_carded": 200,
        "first_uncaptured": 40,
        "repeat": 130,
        "non_intent": 50,
        "incomplete": 10,
    },
    phone_ins=75,
    dcc_cards=690,
    other_cards=12,
    orders={"first_captured": 42, "first_carded": 48, "repeat": 70, "direct": 12},
    opening={"H": 60, "A": 140, "B": 330, "C": 570},
    open_orders=45,
    refusals=850,
    dormant=60,
    cancellations=9,
    stock=168,
    in_transit=42,
    target=165,
)
STORE_B = StoreShape(
    number=2,
    key="b.",
    code="JJ01",
    name="九江远澜八里湖店",
    short_name="八里湖店",
    address="九江市八里湖新区长虹西大道 66 号",
    spread=SPREAD_B,
    dcc_agents=2,
    visits={
        "first_captured": 66,
        "first_carded": 62,
        "first_uncaptured": 18,
        "repeat": 42,
        "non_intent": 17,
        "incomplete": 5,
    },
    phone_ins=55,
    dcc_cards=240,
    other_cards=4,
    orders={"first_captured": 16, "first_carded": 18, "repeat": 27, "direct": 5},
    opening={"H": 24, "A": 55, "B": 125, "C": 220},
    open_orders=18,
    refusals=320,
    dormant=22,
    cancellations=4,
    stock=66,
    in_transit=16,
    target=65,
)


def shape_of(number: int) -> StoreShape:
    """The n-th store of a demo group: A, B, then variants of both."""
    if number <= 2:
        return (STORE_A, STORE_B)[number - 1]
    base = STORE_A if number % 5 == 0 else STORE_B
    name = f"{number:03d}店"
    return replace(
        base,
        number=number,
        key=f"s{number}.",
        code=f"YL{number:03d}",
        name=f"远澜汽车{name}",
        short_name=name,
        address="",
    )


def day_share(day: dt.date) -> int:
    """Traffic of a day against a plain weekday (10): weekends double, Spring Festival nearly nothing."""
    festival = festival_of(day)
    if festival == "Spring Festival":
        return 1
    if festival in ("Labour Day", "National Day"):
        return 19
    return 20 if day.weekday() >= 5 else 10


def spread_over(month: Period, kinds: dict[str, int], index: int, rng: random.Random) -> dict[dt.date, list[str]]:
    """Deal the month's tokens (`kind` × count, scaled by `index` percent) onto its days by their share."""
    days = list(month.days())
    tokens = [kind for kind, count in kinds.items() for _ in range(round(count * index / 100))]
    rng.shuffle(tokens)
    placed: dict[dt.date, list[str]] = {day: [] for day in days}
    for token, day in zip(tokens, rng.choices(days, weights=[day_share(d) for d in days], k=len(tokens)), strict=True):
        placed[day].append(token)
    return placed


def index_of(month: dt.date, months: list[dt.date]) -> int:
    """Season of a month in percent of the mean of all loaded months."""
    mean = sum(MONTH_INDEX[m.month - 1] for m in months) / len(months)
    return round(MONTH_INDEX[month.month - 1] / mean * 100)


def some_time(day: dt.date, rng: random.Random) -> dt.datetime:
    """A moment of a showroom day, with its peaks at 10–12 and 14–17."""
    hour = rng.choices(tuple(HOURS), weights=tuple(HOURS.values()))[0]
    return Period.day(day).start_at + dt.timedelta(hours=hour, minutes=rng.randrange(60), seconds=rng.randrange(60))


def money(amount: int) -> Decimal:
    """Whole yuan as money."""
    return Decimal(amount).quantize(Decimal("0.01"))
