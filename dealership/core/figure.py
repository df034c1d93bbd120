"""An evaluated KPI and how one is made of its sides: divided, subtracted, or the middle of counted values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from dealership.core.money import ratio


@dataclass(frozen=True)
class Figure:
    """An evaluated KPI: `value` is the ratio (or the numerator when there is no denominator); None is '—'."""

    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None


UNKNOWN = Figure(None, None, None)


def make_figure(numerator: Decimal | None, denominator: Decimal | None, *, is_ratio: bool) -> Figure:
    """Zero or unknown denominators give no value; plain figures are their numerator."""
    return Figure(numerator, denominator, ratio(numerator, denominator) if is_ratio else numerator)


def difference(first: Figure, second: Figure) -> Figure:
    """The difference of two ratios; unknown when one of them is."""
    if first.value is None or second.value is None:
        return UNKNOWN
    return Figure(None, None, first.value - second.value)


def median_figure(counts: Mapping[str, Decimal]) -> Figure:
    """The middle of values (as texts) that so many rows have; of an even number the mean of the two in the middle.

    The numerator is the number of rows. Counts of stores, people and months may be added up before, medians never.
    """
    total = sum(counts.values(), Decimal(0))
    if total <= 0:
        return Figure(Decimal(0), None, None)
    places, middle, passed = [(total + 1) // 2, total // 2 + 1], Decimal(0), Decimal(0)
    for value, count in sorted((Decimal(text), count) for text, count in counts.items()):
        middle += value * sum(passed < place <= passed + count for place in places)
        passed += count
    return Figure(total, None, middle / 2)
