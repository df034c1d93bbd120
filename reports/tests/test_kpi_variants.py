"""Variants of §3 that stand beside their sibling: a median, and a share of younger cards, worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealership.core.kpi import SYSTEM, Scope
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from reports.boards.blocks import added
from reports.figures import grouped
from reports.registry import BY_KEY
from reports.services.rollup import rollup_month
from reports.services.snapshot import opening_snapshot_take
from reports.services.verify import facts_differences
from reports.tests import rows
from sales.models import Deal

pytestmark = pytest.mark.django_db
NOVEMBER, OCTOBER = Period.month(2026, 11), Period.month(2026, 10)


def value(key: str, store: Any, period: Period = NOVEMBER, **who: Any) -> Any:
    return BY_KEY[key].figure(Scope((store.pk,), **who), period).value


def test_the_median_of_days_to_the_order_is_that_of_every_scopes_rows(store, other_store, li, wang, freeze):
    """Never a median of medians: li 0 and 29, wang 3, 5 and 40 (one day after October's last second)."""
    for who, made, ordered in (
        (li, "2026-11-30 10:00", "2026-11-30 23:59:59"),
        (li, "2026-11-01 00:00", "2026-11-30 09:00"),
        (wang, "2026-11-02", "2026-11-05"),
        (wang, "2026-11-05", "2026-11-10"),
        (wang, "2026-10-01", "2026-11-10"),
        (wang, "2026-10-30", "2026-10-31 23:59:59"),
    ):
        rows.deal(store, who, ordered, prospect=rows.card(store, who, made))
    key, other = "median_lead_days", make_person(Role.SALES_CONSULTANT, other_store)
    whose = {"all": {}, "li": {"person_id": li.pk}, "wang": {"person_id": wang.pk}}
    wanted = {"all": 5, "li": Decimal("14.5"), "wang": 5}
    assert {name: value(key, store, **who) for name, who in whose.items()} == wanted
    quarter = Period.containing("quarter", NOVEMBER.start)
    rows.deal(other_store, other, "2026-11-20", prospect=rows.card(other_store, other, "2026-11-19"))
    assert [value(key, store, span) for span in (OCTOBER, quarter, Period.month(2026, 9))] == [1, 4, None]
    both = (store.pk, other_store.pk)
    assert BY_KEY[key].figure(Scope(both), NOVEMBER).value == 4  # 0 1 3 5 29 40
    assert BY_KEY[key].show(Decimal("14.5")) == "14.5"

    def read(period: Period = NOVEMBER, stores: Any = (store.pk,), **told: Any) -> dict[Any, Any]:
        found = grouped(reader=SYSTEM, store_ids=stores, period=period, keys=[key], **told)
        return {group: figures[key].value for group, figures in found.items()}

    live = [read(by="person"), read(by="part"), read(by=None, person_id=li.pk), read(quarter, by=None)]
    freeze("2026-12-05 09:00+08:00")
    for pk in both:
        rollup_month(store_id=pk, month=NOVEMBER.start)
        assert facts_differences(store_id=pk, month=NOVEMBER.start) == []
    Deal.objects.update(ordered_at=rows.moment("2026-09-15"))  # the rows have gone, the facts tell the same
    stored = [read(by="person"), read(by="part"), read(by=None, person_id=li.pk)]
    assert (live[:3], live[3]) == (stored, {None: 4})
    assert stored == [{li.pk: Decimal("14.5"), wang.pk: 5}, {"": 5}, {None: Decimal("14.5")}]
    assert (read(stores=both, by="store"), read(stores=both, by=None)) == ({store.pk: 5, other_store.pk: 1}, {None: 4})
    with pytest.raises(ValueError, match="not a sum"):
        added(BY_KEY[key], [])


def test_carried_over_cards_of_at_most_ninety_days(store, li, wang):
    """The 90-day variant of 上月剩余签单率: 2 August is 91 days before 1 November, 3 August 90."""
    old, young, open_one = (
        rows.card(store, who, at)
        for who, at in ((li, "2026-08-02 23:59:59"), (li, "2026-08-03 00:00"), (wang, "2026-10-31 23:59:59"))
    )
    rows.card(store, wang, "2026-10-20", "N")
    opening_snapshot_take(store_id=store.pk, month=NOVEMBER.start)
    for card, at in ((old, "2026-11-10"), (young, "2026-11-30 23:59:59"), (open_one, "2026-12-01 00:00")):
        rows.deal(store, card.owner, at, prospect=card)
    figure = BY_KEY["carryover_sign_rate_90"].figure(Scope((store.pk,)), NOVEMBER)
    assert (figure.numerator, figure.denominator, figure.value) == (1, 2, Decimal("0.5"))
    assert value("carryover_sign_rate", store) == Decimal("0.666667")
    assert [value("carryover_sign_rate_90", store, person_id=who.pk) for who in (li, wang)] == [1, 0]
    assert value("carryover_sign_rate_90", store, OCTOBER) is None
    sides = [
        BY_KEY["carryover_sign_rate_90"].drill(Scope((store.pk,)), NOVEMBER, SYSTEM, denominator=bottom)
        for bottom in (False, True)
    ]
    assert [[found.count() for _measure, found in side] for side in sides] == [[1], [2]]
