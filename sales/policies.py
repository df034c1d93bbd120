"""Predicates and sums on loaded rows. No queries here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from dealership.core.money import ZERO, quantize
from sales.choices import LineKind, VehicleStatus
from sales.models import Vehicle

AGE_TONES = ("green", "yellow", "orange", "red", "dark")
CONSULTANT, SHOWROOM, SALES, GENERAL, GROUP = range(5)


def stock_days(arrived_on: dt.date | None, until: dt.date) -> int | None:
    """库龄: days since arrival; unknown before the car is in the store."""
    return None if arrived_on is None else max(0, (until - arrived_on).days)


def age_band(days: int | None, limits: Iterable[int]) -> int | None:
    """R-STK: 0 for days up to the first limit … 4 above the last; None when the age is unknown."""
    return None if days is None else sum(days > limit for limit in limits)


def net_cost(vehicle: Vehicle) -> Decimal:
    """What the car cost after the maker's confirmed rebate: the floor of the general manager (R-DISC)."""
    return vehicle.dealer_cost - vehicle.rebate


def lock_is_over(vehicle: Vehicle, moment: dt.datetime) -> bool:
    """A lock past its time counts as released even before the periodic job frees it."""
    return (
        vehicle.status == VehicleStatus.LOCKED and vehicle.locked_until is not None and vehicle.locked_until <= moment
    )


def purchase_tax(price: Decimal, *, is_nev: bool, vat_rate: Decimal, rule: Mapping[str, str]) -> Decimal:
    """R-DOC: the price without VAT × rate; new-energy cars get a share of it off, at most the cap."""
    full = price / (1 + vat_rate) * Decimal(rule["rate"])
    relief = min(full * Decimal(rule["nev_share"]), Decimal(rule["nev_cap"])) if is_nev else ZERO
    return quantize(full - relief)


def gifts_at_cost(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    """Gifts count as discount at their cost (R-DISC)."""
    return sum((line["cost"] for line in lines if line["kind"] == LineKind.GIFT), ZERO)


def line_reductions(lines: Iterable[Mapping[str, Any]], accessory_share: Decimal) -> Decimal:
    """What lines are charged below their list price; accessories only below the share a level may grant."""
    total = ZERO
    for line in lines:
        if line["kind"] == LineKind.GIFT or line["is_pass_through"]:
            continue
        share = accessory_share if line["kind"] == LineKind.ACCESSORY else Decimal(1)
        total += max(ZERO, line["list_price"] * share - line["price"])
    return total


def concession_of(
    msrp: Decimal, deal_price: Decimal, lines: Iterable[Mapping[str, Any]], accessory_share: Decimal = Decimal(1)
) -> Decimal:
    """R-DISC: MSRP − deal price + gifts at cost + what was waived on lines. At share 1 it is the whole concession."""
    rows = list(lines)
    return msrp - deal_price + gifts_at_cost(rows) + line_reductions(rows, accessory_share)
