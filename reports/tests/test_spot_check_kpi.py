"""抽查真实率 worked out by hand (domain.md §3.7)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dealership.core.periods import Period
from reports.drilling import Asked, drill
from reports.tests import rows
from reports.tests.customer_rows import spot_check
from reports.tests.test_customer_kpis import NOVEMBER, OCTOBER, move_team, value

pytestmark = pytest.mark.django_db


def test_spot_check_truth_rate_is_of_all_registers_and_of_customers_reached(store, other_store, li, wang, manager):
    """Three of five true; what reached nobody, waits, is of another month or store is in neither side."""
    cards = [rows.card(store, li, "2026-10-05") for _ in range(7)]
    found = [("visits", "true"), ("grades", "partly"), ("progress", "true"), ("prospect_card", "false")]
    for card, (subject, result) in zip(cards, found, strict=False):
        spot_check(card, manager, "2026-11-01 00:00", result, subject)
    theirs = rows.card(store, wang, "2026-10-05")
    before = move_team(wang, store)
    spot_check(theirs, manager, "2026-11-30 23:59:59", "true", "owner_card")
    spot_check(cards[4], manager, "2026-11-10", "unreached", "owner_card")
    spot_check(cards[5], manager, "2026-11-10", "")
    spot_check(cards[6], manager, "2026-10-31 23:59:59", "false")
    spot_check(rows.card(other_store, wang, "2026-10-05"), manager, "2026-11-10", "false")
    key = "spot_check_truth_rate"
    assert (value(key, store), value(key, store, OCTOBER)) == (Decimal("0.6"), 0)
    assert (value(key, store, person_id=li.pk), value(key, store, team_id=before)) == (Decimal("0.5"), 1)
    assert value(key, store, Period.month(2026, 9)) is None
    behind = drill(reader=manager, asked=Asked(key, (store.pk,), NOVEMBER), denominator=True)
    assert {row.subject for section in behind.sections for row in section.rows} == {
        "visits", "grades", "progress", "prospect_card", "owner_card",
    }  # fmt: skip
    assert [section.rows.count() for section in behind.sections] == [5]
    mine = drill(reader=li, asked=Asked(key, (store.pk,), NOVEMBER))
    assert (mine.figure.value, mine.sections[0].rows.count()) == (Decimal("0.5"), 2)
