"""R-TIME and T01: late, missed, frozen, locked, to the second; closed months."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.jobs.services import plan_due
from dealership.org.models import ClosedMonth
from reviews.choices import ReviewEvent, ReviewState
from reviews.models import Review
from reviews.policies import possible
from reviews.services.clockwork import reviews_midnight, reviews_refresh_store
from reviews.services.judging import review_comment, review_return
from reviews.services.opening import deadlines
from reviews.services.writing import review_refresh, review_submit, review_write
from reviews.tests.builders import DAY, PLAN, day_report, make_floor, open_day, submitted


@pytest.fixture(autouse=True)
def _morning(freeze):
    freeze("2026-11-20 09:00+08:00")


@pytest.mark.parametrize(
    ("moment", "late", "missed"),
    [
        ("2026-11-20 19:59:59+08:00", False, False),
        ("2026-11-20 20:00+08:00", True, False),
        ("2026-11-20 23:59:59.999+08:00", True, False),
        ("2026-11-21 19:59:59+08:00", True, False),
        ("2026-11-21 20:00+08:00", True, True),
    ],
)
def test_r_time_late_and_missed_to_the_second(store, freeze, moment, late, missed):
    floor = make_floor(store)
    review = day_report(floor)
    freeze(moment)
    assert (Review.objects.get(pk=review.pk).is_overdue, Review.objects.get(pk=review.pk).counts_as_missed) == (
        late,
        missed,
    )
    done = review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    assert (done.is_late, done.is_missed, done.submitted_at) == (late, missed, periods.now())


def test_r_time_the_evening_report_is_due_half_an_hour_later(store, freeze):
    floor = make_floor(store)
    review = open_day(floor)["manager"]
    freeze("2026-11-20 20:29:59+08:00")
    assert not review.is_overdue
    freeze("2026-11-20 20:30+08:00")
    assert review_submit(by=floor.manager, review_id=review.pk, words={"tomorrow_plan": PLAN}).is_late


def test_a_returned_report_stays_punctual(store, freeze):
    floor = make_floor(store)
    freeze("2026-11-20 19:00+08:00")
    review = submitted(floor)
    review_return(by=floor.manager, review_id=review.pk, text="补充竞品价格")
    freeze("2026-11-20 21:00+08:00")
    done = review_submit(by=floor.consultant, review_id=review.pk)
    assert (done.is_late, done.submitted_at) == (False, periods.at(DAY, "19:00"))


def test_words_of_a_submitted_report_stand_still_at_midnight(store, freeze):
    floor = make_floor(store)
    review = submitted(floor)
    freeze("2026-11-20 23:59:59+08:00")
    review_write(by=floor.consultant, review_id=review.pk, version=None, words={"problems": "睡前补充"})
    freeze("2026-11-21 00:00+08:00")
    with pytest.raises(Conflict):
        review_write(by=floor.consultant, review_id=review.pk, version=None, words={"problems": "昨天的不能改"})
    assert Review.objects.get(pk=review.pk).problems == "睡前补充"
    # Unless the manager gives it back.
    review_return(by=floor.manager, review_id=review.pk, text="补充竞品价格")
    review_write(by=floor.consultant, review_id=review.pk, version=None, words={"problems": "竞品优惠一万二"})


def test_figures_stand_still_at_midnight_with_or_without_the_job(store, freeze):
    floor = make_floor(store)
    review = day_report(floor)
    before = Review.objects.get(pk=review.pk).refreshed_at
    freeze("2026-11-20 23:59:59+08:00")
    assert review_refresh(by=floor.consultant, review_id=review.pk).refreshed_at == periods.now()
    last = periods.now()
    freeze("2026-11-21 00:00+08:00")
    assert review_refresh(by=floor.consultant, review_id=review.pk).refreshed_at == last != before

    assert reviews_midnight(store=store, day=DAY)["frozen"] == 3
    row = Review.objects.get(pk=review.pk)
    assert (row.frozen_at, row.state, row.is_missed) == (periods.now(), ReviewState.OPEN, False)
    assert reviews_refresh_store(store=store, day=DAY) == 0
    assert reviews_midnight(store=store, day=DAY) == {"frozen": 0, "missed": 0, "locked": 0}


def test_the_day_after_is_flagged_and_locked_at_midnight(store, freeze):
    floor = make_floor(store)
    done = submitted(floor)
    freeze("2026-11-22 00:00+08:00")
    assert reviews_midnight(store=store, day=DAY + dt.timedelta(days=1)) == {"frozen": 0, "missed": 2, "locked": 3}
    rows = {row.owner_id: row for row in Review.objects.all()}
    assert {row.state for row in rows.values()} == {ReviewState.LOCKED}
    assert {pk for pk, row in rows.items() if row.is_missed} == {floor.leader.pk, floor.manager.pk}
    mine = rows[floor.consultant.pk]
    assert mine.pk == done.pk
    for event in ReviewEvent:
        assert not possible(floor.consultant, mine, event)
    with pytest.raises(Conflict):
        review_comment(by=floor.manager, review_id=mine.pk, text="太晚了")


def test_late_comments_do_not_count_for_the_comment_rate_and_the_first_one_stays(store, freeze):
    floor = make_floor(store)
    review = submitted(floor)
    freeze("2026-11-21 11:59:59+08:00")
    review_comment(by=floor.manager, review_id=review.pk, text="赶在十二点前")
    first = periods.now()
    freeze("2026-11-21 12:30+08:00")
    review_comment(by=floor.leader, review_id=review.pk, text="再补一句")
    assert Review.objects.get(pk=review.pk).first_commented_at == first


def test_the_clock_freezes_each_store_and_day_once(store, other_store, freeze):
    make_floor(store)
    for row in (store, other_store):
        row.created_at = periods.now()
        row.save()
    plan_due(periods.now())
    for moment in ("2026-11-21 00:00:20+08:00", "2026-11-21 00:00:50+08:00"):
        freeze(moment)
        plan_due(periods.now())
    keys = Job.objects.filter(kind="reviews.midnight", due_at=periods.at(DAY + dt.timedelta(days=1)))
    assert sorted(keys.values_list("key", flat=True)) == sorted(
        f"reviews.midnight:{row.pk}:{DAY}" for row in (store, other_store)
    )


def test_the_clock_refreshes_every_ten_minutes_while_figures_move(store, freeze):
    floor = make_floor(store)
    open_day(floor)
    freeze("2026-11-20 17:38+08:00")
    plan_due(periods.now())
    job = Job.objects.get(kind="reviews.refresh")
    runner.run(job.pk)
    assert set(Review.objects.values_list("refreshed_at", flat=True)) == {periods.now()}


def test_a_closed_month_takes_no_words_no_hand_in_and_no_flag(store, freeze):
    floor = make_floor(store)
    review = day_report(floor)
    ClosedMonth.objects.create(store=store, month=DAY.replace(day=1))
    for act in (
        lambda: review_write(by=floor.consultant, review_id=review.pk, version=None, words={"problems": "补"}),
        lambda: review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN}),
    ):
        with pytest.raises(Conflict, match="2026年11月已关账"):
            act()
    freeze("2026-11-22 00:00+08:00")
    assert reviews_midnight(store=store, day=DAY + dt.timedelta(days=1))["locked"] == 3
    row = Review.objects.get(pk=review.pk)
    assert (row.state, row.is_missed, row.submitted_at) == (ReviewState.LOCKED, False, None)


def test_deadlines_at_the_turn_of_the_year(store):
    clocks = deadlines(store, dt.date(2026, 12, 31), "day")
    assert clocks.missed_at == dt.datetime.fromisoformat("2027-01-01 20:00+08:00")
    assert clocks.comment_due_at == dt.datetime.fromisoformat("2027-01-01 12:00+08:00")


def test_a_refresh_leaves_no_history_row_but_words_do(store, freeze):
    floor = make_floor(store)
    review = day_report(floor)

    def history() -> int:
        return review.events.count()

    before = history()
    freeze("2026-11-20 17:40+08:00")
    reviews_refresh_store(store=store, day=DAY)
    assert history() == before
    review_write(by=floor.consultant, review_id=review.pk, version=None, words={"problems": "置换价低"})
    assert history() == before + 1
    again = review_write(by=floor.consultant, review_id=review.pk, version=None, words={"problems": "置换价低"})
    assert (history(), again.version) == (before + 1, 2)
