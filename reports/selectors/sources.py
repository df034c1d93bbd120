"""What each source brought in a period, by the first source of lead or card (first touch). Reads only."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Sum

from dealership.core.kpi import Measure, Scope
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.org.models import LeadSource
from leads.kpis import CARDS_CREATED, DRIVES
from leads.kpis.raw_leads import TAKEN
from leads.kpis.visits import FIRST_VISITS
from sales.kpis import ORDERS
from sales.kpis.customers import SPENDING

CARD_SOURCE = "prospect__source"
# step → (KPI its number opens, rows, the way to the source)
STEPS: dict[str, tuple[str, Measure, str]] = {
    "leads": ("leads_total", TAKEN, "lead__source"),
    "cards": ("new_cards", CARDS_CREATED, CARD_SOURCE),
    "visits": ("first_visits", FIRST_VISITS.numerator[0], CARD_SOURCE),
    "drives": ("test_drives", DRIVES, CARD_SOURCE),
    "orders": ("orders_gross", ORDERS, CARD_SOURCE),
}


class SourceLine(NamedTuple):
    """One source: counts by step (those the reader reaches), contract money of its orders, cost of its campaigns.

    `cost` is None when no campaign with a known cost ended in the period: unknown, not free.
    """

    id: int | None
    name: str
    counts: dict[str, int]
    money: Decimal | None
    cost: Decimal | None


def steps_seen(reader: Any) -> list[str]:
    """The steps whose rows the reader reaches."""
    return [name for name, (_key, measure, _path) in STEPS.items() if not reach_for(reader, measure.resource).is_empty]


def source_lines(*, reader: Any, store_id: int, group_id: int, period: Period) -> list[SourceLine]:
    """Every source with anything in the period, most orders first, then cards; one statement a step."""
    scope, seen = Scope((store_id,)), steps_seen(reader)
    counts = {name: _by_source(STEPS[name][1], STEPS[name][2], scope, period, reader) for name in seen}
    orders = ORDERS.rows_in(scope, period, reader).order_by() if "orders" in seen else None
    money = dict(orders.values_list(CARD_SOURCE).annotate(sum=Sum("contract_amount"))) if orders is not None else {}
    spent = SPENDING.rows_in(scope, period, reader).order_by()
    cost: dict[Any, Decimal] = dict(spent.values_list("source").annotate(sum=Sum("cost_actual")))
    names = dict(LeadSource.objects.filter(group_id=group_id).values_list("pk", "name"))
    found = {pk for sums in counts.values() for pk in sums} | set(cost)
    lines = [
        SourceLine(
            pk, names.get(pk, ""), {name: counts[name].get(pk, 0) for name in seen},
            (money.get(pk) or Decimal(0)) if "orders" in seen else None, cost.get(pk),
        )
        for pk in found
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (*(-line.counts.get(n, 0) for n in ("orders", "cards", "leads")), line.name))


def _by_source(measure: Measure, path: str, scope: Scope, period: Period, reader: Any) -> dict[Any, int]:
    rows = measure.rows_in(scope, period, reader).order_by()
    return dict(rows.values_list(path).annotate(n=Count("pk")))


def total_of(lines: Collection[SourceLine], step: str) -> int:
    """The sum of one step over all sources."""
    return sum(line.counts.get(step, 0) for line in lines)
