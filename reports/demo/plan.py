"""Targets of the demo stores up to the coming month: person × month × kind, summing to the store's."""

from __future__ import annotations

from dealership.core import periods
from dealership.core.money import quantize
from dealership.org.choices import Role
from reports.demo.shape import index_of, money
from reports.demo.site import Site
from sales.choices import TargetKind
from sales.models import Target

PRICE, RECEIPT = 168_000, 171_000


def set_targets(site: Site) -> None:
    """Largest-remainder split by strength, so that the lines sum exactly to the store's target."""
    people, span = site.people, site.span
    strength = [seller.weight + 4 for seller in people.sellers]
    by = people.one(Role.SALES_MANAGER)
    for month in [*span, periods.add_months(span[-1], 1)]:
        begun = periods.at(month, "10:00")
        total = round(site.shape.target * index_of(month, span) / 100)
        units = split(total, strength)
        cards = split(total * 6, [weight + 12 for weight in strength])
        for seller, cars, new_cards in zip(people.sellers, units, cards, strict=True):
            values = {
                TargetKind.ORDERS: money(cars + 1),
                TargetKind.DELIVERIES: money(cars),
                TargetKind.SALES_AMOUNT: quantize(cars * PRICE),
                TargetKind.RECEIPTS: quantize(cars * RECEIPT),
                TargetKind.NEW_CARDS: money(new_cards),
            }
            for kind, value in values.items():
                site.bulk.add(
                    Target,
                    store_id=people.store_id,
                    team_id=seller.team_id,
                    person_id=seller.user_id,
                    month=month,
                    kind=kind,
                    value=value,
                    set_by_id=by,
                    acknowledged_at=begun if begun < site.now else None,
                )


def split(total: int, weights: list[int]) -> list[int]:
    """Whole parts of `total` by weight whose sum is `total`."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
