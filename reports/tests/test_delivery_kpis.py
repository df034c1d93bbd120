"""KPIs of orders in hand, deliveries and what a consultant brings in, worked out by hand (domain.md §3.2, §3.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import DutyDay, Membership, Team
from reports.drilling import Asked, drill
from reports.registry import BY_KEY
from reports.services.snapshot import opening_snapshot_take
from reports.tests import rows
from reviews.services.opening import review_open
from sales.models import Deal

pytestmark = pytest.mark.django_db
NOVEMBER, OCTOBER = Period.month(2026, 11), Period.month(2026, 10)


def value(key: str, store: Any, period: Period = NOVEMBER, **who: Any) -> Any:
    return BY_KEY[key].figure(Scope((store.pk,), **who), period).value


def opened(key: str, store: Any, reader: Any, period: Period = NOVEMBER) -> tuple[int, int]:
    """How many rows stand behind numerator and denominator on the drill-down page."""
    asked = Asked(key, (store.pk,), period)
    sides = (drill(reader=reader, asked=asked, denominator=side) for side in (False, True))
    return tuple(sum(len(section.rows) for section in found.sections) for found in sides)  # type: ignore[return-value]


def move_team(who: Any, store: Any) -> int | None:
    before = rows.team_of(who, store)
    Membership.objects.filter(user=who).update(team=Team.objects.create(store=store, name="三组"))
    return before


def test_order_cancel_rate_counts_cancellations_of_the_month_they_were_approved_in(store, other_store, li, manager):
    rows.deal(store, li, "2026-10-20", cancelled="2026-11-05")
    rows.deal(store, li, "2026-10-25", cancelled="2026-12-01 00:00")
    rows.deal(store, li, "2026-10-02", cancelled="2026-10-31 23:59:59")
    opening_snapshot_take(store_id=store.pk, month=NOVEMBER.start)
    rows.deal(store, li, "2026-11-03")
    rows.deal(store, li, "2026-11-30 23:59:59", cancelled="2026-11-30 23:59:59")
    never = rows.deal(store, li, "2026-11-04", cancelled="2026-11-05")
    Deal.objects.filter(pk=never.pk).update(ordered_at=None)  # a draft given up is no cancelled order
    rows.deal(other_store, manager, "2026-11-03", cancelled="2026-11-04")
    assert value("order_cancel_rate", store) == Decimal("0.5")  # 2 ÷ (2 new + 2 carried over)
    assert opened("order_cancel_rate", store, manager) == (2, 4)
    assert value("order_cancel_rate", store, OCTOBER) == Decimal("0.333333")
    assert value("order_cancel_rate", store, Period.month(2026, 9)) is None
    assert value("order_cancel_rate", store, team_id=move_team(li, store)) == Decimal("0.5")


def test_order_bank_rate_sets_orders_in_hand_against_next_months_target(store, li, wang, manager, noon):
    rows.deal(store, li, "2026-10-31 23:59:59")
    rows.deal(store, li, "2026-10-03", delivered="2026-11-01 00:00")
    rows.deal(store, wang, "2026-10-03", cancelled="2026-10-31 23:59:59")
    rows.deal(store, wang, "2026-11-03")
    rows.deal(store, wang, "2026-11-03", delivered="2026-11-22 11:00")
    assert value("order_bank_rate", store) is None  # December has no target yet
    for who, november, december in ((li, 4, 1), (wang, 4, 3)):
        rows.target(store, who, "2026-11", november)
        rows.target(store, who, "2026-12", december)
        rows.target(store, who, "2026-12", 9, kind="orders")
    assert value("order_bank_rate", store) == Decimal("0.5")
    assert opened("order_bank_rate", store, manager) == (2, 2)
    assert value("order_bank_rate", store, person_id=wang.pk) == Decimal("0.333333")
    assert value("order_bank_rate", store, OCTOBER) == Decimal("0.25")  # 2 standing at the month's end ÷ 8
    opening_snapshot_take(store_id=store.pk, month=NOVEMBER.start)
    assert value("month_open_orders", store) == 2


def test_delivery_timeliness_compares_with_the_first_promise(store, li, manager):
    promised = dt.date(2026, 11, 5)
    rows.deal(store, li, "2026-10-03", delivered="2026-11-05 23:59:59", first_promised_on=promised)
    moved = {"first_promised_on": promised, "promised_on": dt.date(2026, 11, 10)}
    rows.deal(store, li, "2026-10-03", delivered="2026-11-06 00:00", **moved)
    rows.deal(store, li, "2026-10-03", delivered="2026-11-30 23:59:59")  # nobody promised a day
    rows.deal(store, li, "2026-10-03", cancelled="2026-11-04", first_promised_on=promised)
    rows.deal(store, li, "2026-10-03", delivered="2026-12-01 00:00", first_promised_on=dt.date(2026, 12, 1))
    assert value("delivery_timeliness", store) == Decimal("0.333333")
    assert opened("delivery_timeliness", store, manager) == (1, 3)
    assert value("delivery_timeliness", store, OCTOBER) is None
    assert value("delivery_timeliness", store, team_id=move_team(li, store)) == Decimal("0.333333")


def test_delivery_accuracy_is_judged_when_seven_days_are_over_and_stays(store, li, wang, manager, noon):
    right = rows.deal(store, li, "2026-10-03", delivered="2026-11-02 23:59:59")
    rows.deal(store, wang, "2026-10-03", delivered="2026-11-02", corrected_at=rows.moment("2026-11-09 23:59:59"))
    rows.deal(store, wang, "2026-10-03", delivered="2026-11-02", corrected_at=rows.moment("2026-11-10 00:00"))
    rows.deal(store, wang, "2026-10-03", delivered="2026-11-02", handed_complete=False)
    rows.deal(store, li, "2026-10-03", delivered="2026-10-31 23:59:59")  # judged on 7 November
    rows.deal(store, li, "2026-10-03", delivered="2026-11-15 00:00")  # its seventh day is today
    assert value("delivery_accuracy", store) == Decimal("0.6")
    assert opened("delivery_accuracy", store, manager) == (3, 5)
    assert value("delivery_accuracy", store, OCTOBER) is None
    assert value("delivery_accuracy", store, Period.day(dt.date(2026, 11, 9))) == Decimal("0.5")
    assert value("delivery_accuracy", store, person_id=wang.pk) == Decimal("0.333333")
    noon("2026-11-23 00:05+08:00")
    assert opened("delivery_accuracy", store, manager) == (4, 6)
    Deal.objects.filter(pk=right.pk).update(corrected_at=rows.moment("2026-11-23 00:01"))
    assert value("delivery_accuracy", store) == Decimal("0.666667")  # what is put right later changes nothing


def test_sales_per_consultant_divides_by_the_average_headcount(store, li, wang, manager, person):
    for at in ("2026-11-01 00:00", "2026-11-05", "2026-11-22 11:00", "2026-10-31 23:59:59"):
        rows.deal(store, li, "2026-10-03", delivered=at)
    rows.deal(store, wang, "2026-10-03", cancelled="2026-11-05")
    assert value("sales_per_consultant", store) == Decimal("1.5")
    Membership.objects.filter(user=wang).update(valid=(dt.date(2025, 1, 1), dt.date(2026, 11, 12)))
    assert value("sales_per_consultant", store) == 2  # 3 ÷ (1 + 11 of 22 days)
    comer = person(Role.SALES_CONSULTANT, store)
    Membership.objects.filter(user=comer).update(valid=(dt.date(2026, 11, 25), None))
    assert value("sales_per_consultant", store) == 2  # comes next week
    assert opened("sales_per_consultant", store, manager) == (3, 2)
    assert BY_KEY["sales_per_consultant"].show(Decimal("1.55")) == "1.6"
    assert value("sales_per_consultant", store, OCTOBER) == Decimal("0.5")
    assert value("sales_per_consultant", store, Period.containing("quarter", OCTOBER.start)) == Decimal("1.142857")
    assert value("sales_per_consultant", store, person_id=wang.pk) == 0
    assert value("sales_per_consultant", store, Period.month(2024, 10)) is None  # nobody was there yet
    old_post = {"user": li, "role": Role.SALES_CONSULTANT}
    before = Membership.objects.get(**old_post)
    Membership.objects.filter(**old_post).update(valid=(dt.date(2025, 1, 1), dt.date(2026, 11, 12)))
    Membership.objects.create(
        group_id=before.group_id, store=store, team=Team.objects.create(store=store, name="三组"),
        valid=(dt.date(2026, 11, 12), None), **old_post,
    )  # fmt: skip
    assert value("sales_per_consultant", store) == 2  # a person who changes the team stays one person
    assert value("sales_per_consultant", store, team_id=before.team_id) == 6


def test_revenue_per_working_day_divides_invoices_by_days_at_work(store, li, wang, manager, noon):
    for day in (18, 19, 20):
        noon(f"2026-11-{day} 09:00+08:00")
        review_open(day=dt.date(2026, 11, day), store=store)
    rest = {"day": dt.date(2026, 11, 19), "kind": "leave", "set_at": rows.moment("2026-11-18")}
    DutyDay.objects.create(store=store, user=li, set_by=wang, **rest)
    noon("2026-11-22 12:00+08:00")
    mine, theirs, late = (rows.deal(store, who, "2026-10-03") for who in (li, wang, li))
    rows.invoice(mine, "2026-11-18", 180000)
    rows.invoice(theirs, "2026-11-30", 170000)
    rows.invoice(late, "2026-12-01", 160000)
    key = "avg_revenue_per_visit_day"
    assert value(key, store) == 70000  # 350,000 ÷ (2 + 3) days
    assert BY_KEY[key].show(value(key, store, person_id=li.pk)) == "90,000.00"
    assert opened(key, store, manager) == (2, 5)
    rows.invoice(mine, "2026-11-20", 180000, red=True)
    assert value(key, store, person_id=li.pk) == 0
    assert value(key, store, OCTOBER) is None
    assert value(key, store, team_id=move_team(wang, store)) == Decimal("56666.666667")
