"""R-TIME: reports follow the rota. Not due on rest days and approved leave, one hour later on the late shift."""

from __future__ import annotations

import pytest

from dealership.core.errors import DomainError
from dealership.core.kpi import SYSTEM, Scope
from dealership.core.periods import Period
from dealership.org.services.duty import duty_clear, duty_set, leave_ask, leave_decide
from dealership.tests.builders import make_person
from reviews.kpis import DAILY_REPORT_RATE
from reviews.models import Review
from reviews.selectors.reports import last_word, team_day
from reviews.services.clockwork import reviews_midnight, reviews_refresh_store
from reviews.services.opening import review_open, review_open_own
from reviews.services.writing import review_submit
from reviews.tests.builders import DAY, PLAN, day_report, make_floor, open_day, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning(freeze):
    freeze("2026-11-20 09:00+08:00")


def plan(floor, kind, user=None):
    duty_set(by=floor.manager, store=floor.store, user=user or floor.consultant, day=DAY, kind=kind)


def rate(store):
    """(handed in on time, owed) of the day."""
    figure = DAILY_REPORT_RATE.figure(Scope((store.pk,)), Period.day(DAY), SYSTEM)
    return figure.numerator, figure.denominator


def missing(floor):
    return {row.owner for row in team_day(user=floor.manager, day=DAY, store_id=floor.store.pk).missing}


def test_r_time_no_report_on_a_planned_rest_day(store):
    floor = make_floor(store)
    plan(floor, "rest")
    assert floor.consultant.pk not in {row.owner_id for row in review_open(day=DAY, store=store)}
    with pytest.raises(DomainError, match="休息"):
        review_open_own(by=floor.consultant, store=store)


def test_r_time_somebody_called_in_on_the_rest_day_reports(store):
    floor = make_floor(store)
    called = make_person("sales_consultant", store, rest_weekday=DAY.weekday())
    open_day(floor)
    plan(floor, "duty", called)
    assert [row.owner_id for row in review_open(day=DAY, store=store)] == [called.pk]


def test_r_time_leave_approved_after_the_morning_takes_the_report_off_every_list(store, freeze):
    floor = make_floor(store)
    report = open_day(floor)["consultant"]
    freeze("2026-11-20 20:30+08:00")
    assert (missing(floor), rate(store)) == ({floor.consultant, floor.leader}, (0, 2))

    asked = leave_ask(by=floor.consultant, store=store, first_day=DAY, last_day=DAY, reason="发烧就医")
    assert rate(store) == (0, 2)
    leave_decide(by=floor.manager, leave_id=asked.pk, approve=True)

    assert (missing(floor), rate(store)) == ({floor.leader}, (0, 1))
    freeze("2026-11-22 00:10+08:00")
    reviews_midnight(store=store, day=DAY.replace(day=21))
    flags = dict(Review.objects.filter(starts_on=DAY).values_list("owner_id", "is_missed"))
    assert (flags[floor.consultant.pk], flags[floor.leader.pk]) == (False, True)
    report.refresh_from_db()
    assert report.state == "locked"


def test_r_time_nobody_returning_from_leave_is_asked_for_the_days_before(store, freeze):
    floor = make_floor(store)
    open_day(floor)
    plan(floor, "leave")
    freeze("2026-11-21 09:00+08:00")
    assert last_word(user=floor.consultant) is None
    assert last_word(user=floor.leader).starts_on == DAY


def test_r_time_the_late_shift_hands_in_an_hour_later(store, freeze):
    floor = make_floor(store)
    plan(floor, "late")
    report = day_report(floor)
    freeze("2026-11-20 20:59:59+08:00")
    assert not report.is_overdue
    assert not review_submit(by=floor.consultant, review_id=report.pk, words={"tomorrow_plan": PLAN}).is_late
    assert rate(store) == (0, 1)
    freeze("2026-11-20 21:00+08:00")
    assert rate(store) == (1, 2)


def test_r_time_a_shift_changed_during_the_day_moves_the_deadline_both_ways(store, freeze):
    floor = make_floor(store)
    report = day_report(floor)
    plan(floor, "late")
    reviews_refresh_store(store=store, day=DAY)
    report.refresh_from_db()
    assert f"{report.due_at:%H:%M}" == "13:00"
    duty_clear(by=floor.manager, store=store, user=floor.consultant, day=DAY)
    freeze("2026-11-20 20:30+08:00")
    assert review_submit(by=floor.consultant, review_id=report.pk, words={"tomorrow_plan": PLAN}).is_late


def test_r_time_a_report_handed_in_on_leave_stays_visible_and_is_not_counted(store, freeze):
    floor = make_floor(store)
    submitted(floor)
    plan(floor, "leave")
    freeze("2026-11-20 20:30+08:00")
    shown = team_day(user=floor.manager, day=DAY, store_id=store.pk)
    assert [card.review.owner for card in shown.waiting] == [floor.consultant]
    assert rate(store) == (0, 1)
