"""Opening reports: who is due, when, exactly once (R-TIME, F17, F18)."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.jobs import runner
from dealership.jobs.models import Job, JobState
from dealership.jobs.services import plan_due
from dealership.org.choices import DayKind, Role
from dealership.org.models import CalendarDay, ClosedMonth, PolicySetting
from dealership.tests.builders import make_person
from reviews.choices import ReviewKind, ReviewState
from reviews.models import Review
from reviews.services.opening import review_open, review_open_own
from reviews.tests.builders import DAY, make_floor, open_day

FRIDAY = DAY.weekday()


@pytest.fixture(autouse=True)
def _morning(freeze):
    freeze("2026-11-20 09:00+08:00")


def test_every_due_person_gets_one_report_of_their_kind(store, other_store):
    floor = make_floor(store)
    agent = make_person(Role.DCC_AGENT, store)
    make_person(Role.RECEPTIONIST, store)
    make_person(Role.SALES_CONSULTANT, other_store)

    made = review_open(day=DAY, store=store)

    assert {(row.owner_id, row.kind) for row in made} == {
        (floor.consultant.pk, ReviewKind.DAY),
        (floor.leader.pk, ReviewKind.DAY),
        (agent.pk, ReviewKind.DAY),
        (floor.manager.pk, ReviewKind.EVENING),
    }
    mine = next(row for row in made if row.owner_id == floor.consultant.pk)
    assert (mine.team_id, mine.state, mine.period.lower, mine.period.upper) == (
        floor.team.pk,
        ReviewState.OPEN,
        DAY,
        DAY + dt.timedelta(days=1),
    )
    assert mine.state_changes.get().to_state == ReviewState.OPEN


def test_opening_again_opens_nothing_twice(store):
    make_floor(store)
    assert len(review_open(day=DAY, store=store)) == 3
    assert review_open(day=DAY, store=store) == []
    assert Review.objects.count() == 3


def test_the_database_refuses_a_second_report_of_a_day(store):
    from django.db import IntegrityError, transaction

    floor = make_floor(store)
    row = open_day(floor)["consultant"]
    row.pk = None
    with pytest.raises(IntegrityError, match="reviews_review_no_overlap"), transaction.atomic():
        row.save()


def test_r_time_not_due_on_the_rest_weekday(store):
    resting = make_person(Role.SALES_CONSULTANT, store, rest_weekday=FRIDAY)
    working = make_person(Role.SALES_CONSULTANT, store, rest_weekday=(FRIDAY + 1) % 7)
    assert [row.owner_id for row in review_open(day=DAY, store=store)] == [working.pk]
    with pytest.raises(DomainError, match="休息"):
        review_open_own(by=resting, store=store)


def test_r_time_not_due_after_leaving_or_without_an_account(store):
    gone = make_person(Role.SALES_CONSULTANT, store)
    gone.memberships.update(valid=(DAY - dt.timedelta(days=60), DAY))
    locked = make_person(Role.SALES_CONSULTANT, store)
    locked.is_active = False
    locked.save()
    assert review_open(day=DAY, store=store) == []


def test_r_time_closed_days_have_no_report_and_shift_the_deadlines(store):
    floor = make_floor(store)
    for offset in (1, 2):
        CalendarDay.objects.create(store=store, day=DAY + dt.timedelta(days=offset), kind=DayKind.CLOSED)

    row = open_day(floor)["consultant"]
    assert review_open(day=DAY + dt.timedelta(days=1), store=store) == []

    assert row.due_at == periods.at(DAY, "20:00")
    open_again = DAY + dt.timedelta(days=3)
    assert row.missed_at == periods.at(open_again, "20:00")
    assert row.comment_due_at == periods.at(open_again, "12:00")


def test_r_time_deadlines_are_policies_of_the_store(store):
    PolicySetting.objects.create(store=store, key="report.daily_due", value="21:00", effective_from=DAY)
    floor = make_floor(store)
    rows = open_day(floor)
    assert rows["consultant"].due_at == periods.at(DAY, "21:00")
    assert rows["manager"].due_at == periods.at(DAY, "20:30")


def test_nothing_is_opened_in_a_closed_month(store):
    make_floor(store)
    ClosedMonth.objects.create(store=store, month=DAY.replace(day=1))
    assert review_open(day=DAY, store=store) == []


def test_my_own_report_can_be_opened_by_hand(store):
    floor = make_floor(store)
    row = review_open_own(by=floor.consultant, store=store)
    assert (row.owner_id, Review.objects.count()) == (floor.consultant.pk, 1)


def run_due_jobs() -> list[str]:
    rows = Job.objects.filter(kind__startswith="reviews.", state=JobState.QUEUED).order_by("due_at", "pk")
    keys = []
    for row in rows:
        runner.run(row.pk)
        keys.append(row.key)
    return keys


def test_f18_days_of_a_downtime_are_opened_exactly_once(store, freeze):
    freeze("2026-11-16 07:00+08:00")
    make_floor(store)
    store.created_at = periods.now()
    store.save()
    freeze("2026-11-18 09:00+08:00")
    plan_due(periods.now())
    plan_due(periods.now())
    run_due_jobs()
    plan_due(periods.now())
    run_due_jobs()

    days = list(Review.objects.daily().order_by("starts_on").values_list("starts_on", flat=True).distinct())
    assert days == [dt.date(2026, 11, 16), dt.date(2026, 11, 17), dt.date(2026, 11, 18)]
    assert Review.objects.count() == 9
    assert set(Job.objects.filter(kind__startswith="reviews.").values_list("state", flat=True)) == {JobState.DONE}
    # What could not be seen that day is not invented later: figures of past days stand still.
    assert Review.objects.filter(frozen_at=None).count() == 3


def test_the_plan_waits_for_the_opening_time_of_the_store(store, freeze):
    freeze("2026-11-20 08:29:59+08:00")
    make_floor(store)
    store.created_at = periods.now()
    store.save()
    plan_due(periods.now())
    assert not Job.objects.filter(kind="reviews.open").exists()
    freeze("2026-11-20 08:30+08:00")
    plan_due(periods.now())
    assert [job.key for job in Job.objects.filter(kind="reviews.open")] == [f"reviews.open:{store.pk}:2026-11-20"]


def test_f17_two_beats_make_one_job_per_key(store, freeze):
    make_floor(store)
    assert plan_due(periods.now()) > 0
    assert plan_due(periods.now()) == 0
