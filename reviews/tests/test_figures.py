"""The numbers of a report are the KPIs, its lists are the rows, and later changes are shown (items 16, K-rules)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dealership.core.kpi import Scope, month_to_date
from dealership.core.periods import Period
from dealership.tests.clients import assert_same_query_count
from leads.choices import Grade
from leads.models import FollowUpTask
from leads.tests.builders import make_follow_up, make_prospect, make_visit
from reviews.models import Review
from reviews.selectors.figures import BY_GRADE, figure_kpis, figures_of_day, kpis_by_key, tiles
from reviews.selectors.lists import day_lists, plan_and_results
from reviews.services.clockwork import reviews_midnight, reviews_refresh_store
from reviews.services.opening import review_open
from reviews.services.writing import review_refresh, review_submit
from reviews.tests.builders import DAY, PLAN
from sales.choices import DealStatus
from sales.tests.builders import Staff, deal_in, make_staff


@pytest.fixture(autouse=True)
def _clock(freeze):
    freeze("2026-11-19 15:00+08:00")


@pytest.fixture
def busy(store, other_store, freeze) -> Staff:
    """Yesterday and today of a consultant, with a colleague and another store beside."""
    staff = make_staff(store)
    colleague, abroad = make_staff(store).consultant, make_staff(other_store).consultant
    old = make_prospect(staff.consultant, store, grade=Grade.A)
    freeze("2026-11-20 14:00+08:00")
    make_prospect(staff.consultant, store, grade=Grade.H)
    make_visit(staff.consultant, store, captured=False, party_size=3)
    make_follow_up(staff.consultant, old)
    make_prospect(colleague, store, grade=Grade.B)
    make_prospect(abroad, other_store, grade=Grade.B)
    deal_in(DealStatus.ORDERED, staff, store)
    return staff


def report_of(person, store, day: dt.date = DAY) -> Review:
    review_open(day=day, store=store)
    return Review.objects.get(owner=person, starts_on=day)


def as_decimals(parts: list[str]) -> list[Decimal]:
    return [Decimal(part) for part in parts]


def test_every_figure_equals_its_kpi_for_person_and_store(busy, store):
    reports = [report_of(busy.consultant, store), report_of(busy.manager, store)]
    for review in reports:
        person = review.owner_id if review.kind == "day" else None
        scope = Scope((store.pk,), person_id=person)
        for kpi in figure_kpis():
            for span, period in (("day", Period.day(DAY)), ("month", month_to_date(DAY))):
                if span == "month" and kpi.grain == "now":
                    continue
                figure = kpi.figure(scope, period)
                parts = [figure.numerator, *([figure.denominator] if kpi.denominator else [])]
                assert as_decimals(review.figures[span][kpi.key]) == parts, (review.kind, kpi.key, span)
        by_grade = kpis_by_key()[BY_GRADE].figure(scope, Period.day(DAY)).numerator
        assert sum(review.figures["grades"].values()) == by_grade
        assert sum(review.figures["new_by_grade"].values()) == Decimal(review.figures["day"]["new_cards"][0])


def test_the_figures_are_those_of_the_day(busy, store):
    """Counted by hand, so that the test above does not compare two wrong numbers."""
    mine = report_of(busy.consultant, store).figures
    day = {key: as_decimals(parts) for key, parts in mine["day"].items()}
    assert day["traffic_total"] == [3]  # H card, the uncaptured party, the buyer of the order
    assert day["lead_capture_rate"] == [2, 3]
    assert day["new_cards"] == [2]
    assert day["follow_up_count"] == [1]
    assert day["orders_gross"] == [1]
    assert day["receipts_amount"] == [Decimal(5000)]
    assert as_decimals(mine["month"]["new_cards"]) == [3]
    store_wide = report_of(busy.manager, store).figures
    assert as_decimals(store_wide["day"]["new_cards"]) == [3]
    assert as_decimals(store_wide["month"]["new_cards"]) == [4]


def test_a_colleague_without_rows_has_zeros_and_dashes(busy, store):
    from dealership.org.choices import Role
    from dealership.tests.builders import make_person

    idle = make_person(Role.SALES_CONSULTANT, store)
    shown = {tile.key: tile.value for tile in tiles(report_of(idle, store))}
    assert (shown["new_cards"], shown["lead_capture_rate"], shown["receipts_amount"]) == ("0", "—", "0.00")


def test_each_tile_leads_to_the_rows_it_counts(busy, store, client_for):
    review = report_of(busy.consultant, store)
    client = client_for(busy.consultant)
    for tile in tiles(review):
        assert f"period={DAY}&store={store.pk}&person={busy.consultant.pk}" in tile.url
        assert client.get(tile.url).status_code == 200, tile.url
    evening = report_of(busy.manager, store)
    assert "person=" not in tiles(evening)[0].url


def test_after_the_hand_in_the_figures_go_on_and_the_difference_is_shown(busy, store, freeze, client_for):
    review = report_of(busy.consultant, store)
    freeze("2026-11-20 18:00+08:00")
    review_submit(by=busy.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    make_prospect(busy.consultant, store, grade=Grade.C)
    freeze("2026-11-20 21:00+08:00")
    review_refresh(by=busy.consultant, review_id=review.pk)

    review.refresh_from_db()
    assert as_decimals(review.submitted_figures["day"]["new_cards"]) == [2]
    assert as_decimals(review.figures["day"]["new_cards"]) == [3]
    changed = {tile.key: (tile.submitted, tile.value) for tile in tiles(review) if tile.changed}
    assert changed["new_cards"] == ("2", "3")
    page = client_for(busy.manager).get(f"/reviews/{review.pk}/").text
    assert "提交后数据有变化" in page
    assert "建卡总数 2 → <strong>3</strong>" in page


def test_t01_a_row_of_the_next_midnight_is_not_in_the_report(busy, store, freeze):
    review = report_of(busy.consultant, store)
    freeze("2026-11-20 23:59:59.999+08:00")
    make_prospect(busy.consultant, store)
    freeze("2026-11-21 00:00+08:00")
    make_prospect(busy.consultant, store)
    reviews_midnight(store=store, day=DAY)
    review.refresh_from_db()
    assert as_decimals(review.figures["day"]["new_cards"]) == [3]
    assert review.frozen_at is not None


def test_the_refresh_of_a_store_and_of_one_person_agree(busy, store):
    review = report_of(busy.consultant, store)
    Review.objects.update(figures={})
    reviews_refresh_store(store=store, day=DAY)
    together = Review.objects.get(pk=review.pk).figures
    Review.objects.update(figures={})
    assert review_refresh(by=busy.consultant, review_id=review.pk).figures == together


def test_the_figures_of_a_store_need_the_same_statements_for_more_people(busy, store):
    assert_same_query_count(
        lambda: figures_of_day(store_id=store.pk, day=DAY),
        lambda: [make_prospect(make_staff(store).consultant, store) for _ in range(2)],
        limit=6,
    )


def test_the_lists_hold_the_rows_of_the_day_and_tomorrow(busy, store):
    review = report_of(busy.consultant, store)
    lists = day_lists(user=busy.consultant, review=review)
    assert len(lists.visits) == 3
    assert len(lists.follow_ups) == 1
    assert len(lists.deals) == 1
    assert [row.amount for row in lists.payments] == [Decimal(5000)]
    tomorrow = FollowUpTask.objects.open().filter(owner=busy.consultant, **Period.day(DAY).next().filter("due_at"))
    assert [row.pk for row in lists.due] == list(tomorrow.order_by("due_at", "id").values_list("pk", flat=True))
    assert review.figures["tomorrow_due"] == len(lists.due) > 0


def test_the_printed_plan_puts_results_beside_what_was_planned(busy, store):
    review = report_of(busy.consultant, store)
    lines = list(plan_and_results(user=busy.consultant, review=review))
    done = [line for line in lines if line.follow_up]
    assert len(done) == 1
    assert done[0].plan.startswith("首次回访")
