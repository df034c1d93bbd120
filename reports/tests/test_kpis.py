"""Every KPI against figures worked out by hand, and its edges (domain.md §3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import Membership, PolicySetting, Team
from leads.choices import ProspectStatus, VisitChannel, VisitType
from reports.registry import BY_KEY
from reports.services.snapshot import opening_snapshot_take
from reports.tests import rows
from sales.choices import TargetKind, VehicleStatus

pytestmark = pytest.mark.django_db
NOVEMBER = Period.month(2026, 11)
OCTOBER = Period.month(2026, 10)


def value(key: str, store: Any, period: Period = NOVEMBER, **who: Any) -> Any:
    return BY_KEY[key].figure(Scope((store.pk,), **who), period).value


def test_traffic_counts_parties_by_the_type_the_system_gave(store, other_store, li):
    for kind in (VisitType.FIRST_CAPTURED, VisitType.FIRST_CARDED, VisitType.FIRST_UNCAPTURED, VisitType.REPEAT):
        rows.visit(store, li, "2026-11-03", kind)
    rows.visit(store, li, "2026-11-03", VisitType.NON_INTENT)
    rows.visit(store, None, "2026-11-03", VisitType.INCOMPLETE, party_size=4)
    rows.visit(store, li, "2026-11-03", channel=VisitChannel.PHONE_IN)
    rows.visit(other_store, None, "2026-11-03", VisitType.FIRST_UNCAPTURED)
    found = {key: value(key, store) for key in ("traffic_total", "first_visits", "repeat_visits", "phone_ins")}
    assert found == {"traffic_total": 6, "first_visits": 3, "repeat_visits": 1, "phone_ins": 1}
    assert value("incomplete_visits", store) == 1
    assert value("traffic_total", store, person_id=li.pk) == 5


def test_t01_the_last_instant_of_a_month_and_the_first_of_the_next(store, li):
    rows.visit(store, li, "2026-10-31 23:59:59.999999")
    rows.visit(store, li, "2026-11-01 00:00")
    assert (value("traffic_total", store, OCTOBER), value("traffic_total", store)) == (1, 1)
    day = Period.day(dt.date(2026, 10, 31))
    assert value("traffic_total", store, day) == 1


def test_capture_rate_leaves_out_known_cards_and_takes_back_fake_numbers(store, li):
    rows.visit(store, li, "2026-11-03")
    rows.visit(store, li, "2026-11-03")
    rows.visit(store, li, "2026-11-03", invalid=True)
    rows.visit(store, li, "2026-11-03", VisitType.FIRST_UNCAPTURED)
    rows.visit(store, li, "2026-11-03", VisitType.FIRST_CARDED)
    assert value("lead_capture_rate", store) == Decimal("0.5")
    assert value("lead_capture_rate", store, OCTOBER) is None


def test_new_cards_stay_with_who_made_them_when_the_card_or_the_person_moves(store, li, wang):
    given = rows.card(store, li, "2026-11-02")
    rows.card(store, li, "2026-11-03")
    rows.give(given, wang, "2026-11-10")
    before = rows.team_of(li, store)
    Membership.objects.filter(user=li).update(team=Team.objects.create(store=store, name="三组"))
    rows.card(store, li, "2026-11-12")
    assert value("new_cards", store, person_id=li.pk) == 3
    assert value("new_cards", store, person_id=wang.pk) == 0
    assert value("new_cards", store, team_id=before) == 2


def test_prospects_by_grade_now_and_on_a_past_day(store, li, wang):
    first = rows.card(store, li, "2026-10-02", "H")
    rows.card(store, li, "2026-11-20", "C")
    ordered = rows.card(store, li, "2026-10-05", "A")
    rows.move(ordered, ProspectStatus.ORDERED, "2026-11-15")
    rows.give(first, wang, "2026-11-16")
    assert value("prospects_by_grade", store) == 2
    then = Period.day(dt.date(2026, 11, 14))
    assert value("prospects_by_grade", store, then) == 2
    assert value("prospects_by_grade", store, then, person_id=li.pk) == 2
    assert value("prospects_by_grade", store, person_id=wang.pk) == 1


def test_follow_ups_credit_who_did_them_and_unanswered_calls_apart(store, li, wang):
    row = rows.card(store, li, "2026-11-01")
    rows.follow_up(row, "2026-11-02")
    rows.follow_up(row, "2026-11-02 18:00", done_by=wang)
    rows.follow_up(row, "2026-11-03", outcome="no_answer")
    assert value("follow_up_count", store) == 2
    assert value("follow_up_count", store, person_id=wang.pk) == 1
    assert value("follow_up_no_answer", store) == 1


def test_on_time_is_by_midnight_of_the_due_day_and_the_future_does_not_count(store, li):
    row = rows.card(store, li, "2026-10-20")
    rows.task(row, "2026-11-03 18:00", done="2026-11-03 23:59:59")
    rows.task(row, "2026-11-04 18:00", done="2026-11-05 00:00")
    rows.task(row, "2026-11-05 18:00", cancelled="2026-11-05 09:00")
    rows.task(row, "2026-11-06 18:00", cancelled="2026-11-09 09:00")
    rows.task(rows.card(store, li, "2026-10-20"), "2026-11-25 18:00")
    assert value("follow_up_on_time_rate", store) == Decimal("0.333333")
    assert value("follow_up_on_time_rate", store, OCTOBER) is None


def test_overdue_counts_open_tasks_whose_time_is_past(store, li):
    rows.task(rows.card(store, li, "2026-11-01"), "2026-11-22 11:59")
    rows.task(rows.card(store, li, "2026-11-01"), "2026-11-22 12:01")
    rows.task(rows.card(store, li, "2026-11-01"), "2026-11-10", done="2026-11-12")
    assert value("overdue_follow_ups", store) == 1
    assert value("overdue_follow_ups", store, Period.day(dt.date(2026, 11, 11))) == 1


def test_orders_gross_and_net_with_cancellations_of_the_period(store, li):
    rows.deal(store, li, "2026-11-03")
    rows.deal(store, li, "2026-11-04", cancelled="2026-11-10")
    rows.deal(store, li, "2026-10-20", cancelled="2026-11-11")
    assert (value("orders_gross", store), value("orders_net", store)) == (2, 0)
    assert (value("orders_gross", store, OCTOBER), value("orders_net", store, OCTOBER)) == (1, 1)


def test_closing_rate_divides_orders_by_known_first_visits(store, li):
    rows.deal(store, li, "2026-11-03")
    for kind in (VisitType.FIRST_CAPTURED, VisitType.FIRST_CARDED, VisitType.FIRST_UNCAPTURED):
        rows.visit(store, li, "2026-11-03", kind)
    assert value("closing_rate", store) == Decimal("0.5")
    assert value("closing_rate", store, OCTOBER) is None


def test_retail_follows_the_basis_of_the_store_and_month(store, li):
    sold = rows.deal(store, li, "2026-10-03", delivered="2026-11-01 00:00")
    rows.invoice(sold, "2026-10-31")
    assert (value("retail_units", store, OCTOBER), value("retail_units", store)) == (0, 1)
    PolicySetting.objects.create(
        store=store, key="kpi.retail_basis", value="invoice", effective_from=dt.date(2026, 10, 1)
    )
    assert (value("retail_units", store, OCTOBER), value("retail_units", store)) == (1, 0)
    rows.invoice(sold, "2026-11-05", red=True)
    assert value("retail_units", store) == -1
    assert value("delivery_units", store) == 1
    assert value("retail_units", store, Period.year(2026)) == 0


def test_target_attainment_time_progress_and_pace_gap(store, li, wang):
    assert value("target_attainment", store) is None
    assert value("pace_gap", store) is None
    rows.target(store, li, "2026-11", 3)
    rows.target(store, wang, "2026-11", 1)
    rows.target(store, wang, "2026-11", 9, TargetKind.ORDERS)
    rows.deal(store, li, "2026-11-01", delivered="2026-11-20")
    assert value("target_attainment", store) == Decimal("0.25")
    assert value("target_attainment", store, person_id=wang.pk) == 0
    # 2026-11: 30 days, weights weekday 1, Fri 1.1, Sat 1.9, Sun 1.8; the last three days × 1.4.
    # To the 22nd: 15 weekdays… 12 Mon–Thu + 3 Fri + 3 Sat + 4 Sun = 12 + 3.3 + 5.7 + 7.2 = 28.2.
    # 23rd–30th: 4 Mon–Thu + Fri 1.1 = 5.1; Sat 28 2.66, Sun 29 2.52, Mon 30 1.4 → 6.58. Total 39.88.
    assert value("time_progress", store) == Decimal("0.707121")
    assert value("pace_gap", store) == Decimal("0.25") - Decimal("0.707121")


def test_money_in_is_cleared_money_without_pass_through_and_less_refunds(store, li):
    row = rows.deal(store, li, "2026-11-03")
    rows.payment(row, "2026-11-03", "5000.00")
    rows.payment(row, "2026-11-10", "100000.50")
    rows.payment(row, "2026-11-11", "-1000")
    rows.payment(row, "2026-11-11", "16000", pass_through=True)
    rows.payment(row, "2026-11-12", "9999", status="pending")
    assert value("receipts_amount", store) == Decimal("104000.50")
    assert value("pass_through_receipts", store) == 16000
    assert value("receivable_balance", store) == Decimal("75999.50")
    assert value("receivable_balance", store, Period.day(dt.date(2026, 11, 5))) == 175000


def test_sales_amount_is_invoices_with_red_ones_taken_back_in_their_own_month(store, li):
    row = rows.deal(store, li, "2026-10-03")
    rows.invoice(row, "2026-10-20", 180000)
    rows.invoice(row, "2026-11-02", 180000, red=True)
    rows.invoice(rows.deal(store, li, "2026-11-03"), "2026-11-05", 150000)
    assert value("sales_amount", store, OCTOBER) == 180000
    assert value("sales_amount", store) == -30000
    assert value("invoiced_units", store) == 0
    assert value("sales_amount", store, Period.containing("quarter", NOVEMBER.start)) == 150000


def test_gp_per_unit_with_tax_on_the_margin_only(store, li):
    car = rows.vehicle(store, "2026-10-01", dealer_cost=Decimal(160000), rebate=Decimal(5000))
    sold = rows.deal(store, li, "2026-11-01", vehicle=car)
    rows.invoice(sold, "2026-11-05", 170000)
    loss = rows.vehicle(store, "2026-10-01", dealer_cost=Decimal(160000))
    rows.invoice(rows.deal(store, li, "2026-11-01", vehicle=loss), "2026-11-06", 159000)
    rows.invoice(rows.deal(store, li, "2026-11-01"), "2026-11-06", 99999)
    # margin 15 000; tax 15000 / 1.13 × 0.13 × 1.12 = 1932.74 → 13 067.26; the loss −1000 bears no tax
    # and a car of unknown cost is left out: (13067.26 − 1000) / 2
    assert value("gp_per_unit", store) == Decimal("6033.63")
    assert BY_KEY["gp_per_unit"].profit


def test_stock_counts_cars_in_the_store_and_their_age(store, noon):
    rows.vehicle(store, "2026-11-12")
    rows.vehicle(store, "2026-11-02", status=VehicleStatus.ALLOCATED)
    rows.vehicle(store, "2026-11-02", status=VehicleStatus.IN_TRANSIT)
    gone = rows.vehicle(store, "2026-10-01", status=VehicleStatus.DELIVERED, stocked_out_on=dt.date(2026, 11, 20))
    assert value("stock_units", store) == 2
    assert value("stock_days", store) == 15
    past = Period.day(gone.stocked_out_on - dt.timedelta(days=1))
    assert value("stock_units", store, past) == 4


def test_month_openings_are_frozen_and_feed_the_rates(store, li):
    opened = rows.card(store, li, "2026-10-20", "B")
    rows.card(store, li, "2026-10-20", "N")
    rows.deal(store, li, "2026-10-25")
    assert value("month_open_prospects", store) == 0
    opening_snapshot_take(store_id=store.pk, month=NOVEMBER.start)
    rows.move(opened, ProspectStatus.LOST, "2026-11-02")
    rows.deal(store, li, "2026-11-03", delivered="2026-11-20")
    # the two deals made a card each: one open at the start (A), one new in November
    assert value("month_open_prospects", store) == 2
    assert value("month_open_orders", store) == 1
    assert value("prospect_conversion", store) == Decimal("0.333333")
    assert value("order_delivery_rate", store) == Decimal("0.5")
    assert value("prospect_conversion", store, Period.day(dt.date(2026, 11, 5))) == Decimal("0.333333")


def test_a_reopened_prospect_is_open_again_with_its_history(store, li):
    row = rows.card(store, li, "2026-10-20", "B")
    rows.move(row, ProspectStatus.DORMANT_PENDING, "2026-10-25")
    rows.move(row, ProspectStatus.DORMANT, "2026-10-26")
    opening_snapshot_take(store_id=store.pk, month=NOVEMBER.start)
    rows.move(row, ProspectStatus.ACTIVE, "2026-11-10")
    assert value("month_open_prospects", store) == 0
    assert value("prospects_by_grade", store) == 1
    assert value("new_cards", store) == 0


@pytest.mark.parametrize(
    ("key", "number", "text"),
    [
        ("closing_rate", Decimal("0.8235"), "82.4%"),
        ("closing_rate", None, "—"),
        ("pace_gap", Decimal("-0.192"), "-19.2个百分点"),
        ("receipts_amount", Decimal(168000), "168,000.00"),
        ("stock_days", Decimal("32.55"), "32.6"),
        ("orders_gross", Decimal(12), "12"),
    ],
)
def test_values_are_shown_as_the_trade_writes_them(key, number, text):
    assert BY_KEY[key].show(number) == text


def test_every_kpi_of_the_dictionary_has_a_chinese_formula():
    wanted = """traffic_total first_visits repeat_visits lead_capture_rate new_cards month_open_prospects
        prospects_by_grade follow_up_count follow_up_on_time_rate overdue_follow_ups prospect_conversion orders_gross
        orders_net closing_rate retail_units month_open_orders order_delivery_rate target_attainment time_progress
        pace_gap sales_amount receipts_amount receivable_balance gp_per_unit stock_units stock_days
        daily_report_rate comment_rate""".split()
    assert set(wanted) <= set(BY_KEY)
    assert all(len(str(kpi.explanation)) > 8 and kpi.unit for kpi in BY_KEY.values())


def test_ratios_of_several_stores_are_sums_divided_last(store, other_store, li, person):
    other = person(Role.SALES_CONSULTANT, other_store)
    rows.visit(store, li, "2026-11-03")
    rows.visit(other_store, other, "2026-11-03")
    for _ in range(2):
        rows.visit(other_store, other, "2026-11-03", VisitType.FIRST_UNCAPTURED)
    both = BY_KEY["lead_capture_rate"].figure(Scope((store.pk, other_store.pk)), NOVEMBER)
    assert (both.numerator, both.denominator, both.value) == (2, 4, Decimal("0.5"))
