"""daily_report_rate and comment_rate (domain.md §3.7): due, on time, answered in time, to the second."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from reviews.kpis import COMMENT_RATE, DAILY_REPORT_RATE, KPIS
from reviews.models import Review
from reviews.services.clockwork import reviews_midnight
from reviews.services.judging import review_comment
from reviews.services.opening import review_open
from reviews.services.writing import review_submit
from reviews.tests.builders import DAY, PLAN, make_floor

DAY_PERIOD = Period.day(DAY)


@pytest.fixture(autouse=True)
def _morning(freeze):
    freeze("2026-11-20 09:00+08:00")


@pytest.fixture
def floor(store):
    floor = make_floor(store)
    for _ in range(2):
        make_person(Role.SALES_CONSULTANT, store, team=floor.team)
    make_person(Role.SALES_CONSULTANT, store, rest_weekday=DAY.weekday())
    review_open(day=DAY, store=store)
    return floor


def hand_in(review: Review) -> None:
    review_submit(by=review.owner, review_id=review.pk, words={"tomorrow_plan": PLAN})


def rates(store) -> tuple[tuple[int, int], tuple[int, int]]:
    scope = Scope((store.pk,))
    figures = [kpi.figure(scope, DAY_PERIOD) for kpi in (DAILY_REPORT_RATE, COMMENT_RATE)]
    return tuple((int(figure.numerator), int(figure.denominator)) for figure in figures)  # type: ignore[return-value]


def test_rates_by_the_clock(floor, store, freeze):
    first, second, third, _fourth = Review.objects.daily().order_by("pk")
    freeze("2026-11-20 19:59:59+08:00")
    hand_in(first)
    hand_in(second)
    assert rates(store) == ((0, 0), (0, 0))
    assert DAILY_REPORT_RATE.figure(Scope((store.pk,)), DAY_PERIOD).value is None

    freeze("2026-11-20 20:00+08:00")
    assert rates(store) == ((2, 4), (0, 0))
    hand_in(third)
    assert rates(store) == ((2, 4), (0, 0))

    freeze("2026-11-21 11:59:59+08:00")
    review_comment(by=floor.manager, review_id=first.pk, text="很好")
    assert rates(store) == ((2, 4), (1, 1))
    freeze("2026-11-21 12:00+08:00")
    review_comment(by=floor.manager, review_id=second.pk, text="晚了一秒")
    assert rates(store) == ((2, 4), (1, 3))
    freeze("2026-11-22 00:00+08:00")
    reviews_midnight(store=store, day=DAY + dt.timedelta(days=1))
    assert rates(store) == ((2, 4), (1, 3))


def test_a_reply_of_the_owner_is_no_answer(floor, store, freeze):
    review = Review.objects.daily().order_by("pk").first()
    hand_in(review)
    review_comment(by=review.owner, review_id=review.pk, text="补充：客户明天来")
    freeze("2026-11-21 12:00+08:00")
    assert rates(store)[1] == (0, 1)


def test_every_figure_opens_to_its_rows_within_reach(floor, store, other_store, freeze):
    for review in Review.objects.daily():
        hand_in(review)
        review_comment(by=floor.manager, review_id=review.pk, text="已看")
    abroad = make_person(Role.SHOWROOM_MANAGER, other_store)
    freeze("2026-11-21 13:00+08:00")
    for kpi in KPIS:
        for reader in (floor.manager, floor.leader, floor.consultant, abroad):
            figure = kpi.figure(Scope((store.pk,)), DAY_PERIOD, reader)
            rows = [row for _, found in kpi.drill(Scope((store.pk,)), DAY_PERIOD, reader) for row in found]
            assert len(rows) == figure.numerator
        assert kpi.figure(Scope((store.pk,)), DAY_PERIOD, floor.consultant).denominator == 1
        assert kpi.figure(Scope((store.pk,)), DAY_PERIOD, abroad).denominator == 0
