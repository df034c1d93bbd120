"""The one home of time: T01, T03, T04."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.templatetags.ui import apart

DAYS = st.dates(dt.date(1980, 1, 1), dt.date(2099, 12, 31))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-01-31T15:59:59.999999+00:00", dt.date(2026, 1, 31)),
        ("2026-01-31T16:00:00+00:00", dt.date(2026, 2, 1)),
        ("2026-12-31T15:59:59+00:00", dt.date(2026, 12, 31)),
        ("2026-12-31T16:00:00+00:00", dt.date(2027, 1, 1)),
    ],
)
def test_t01_month_end_is_cut_at_shanghai_midnight(instant, day):
    moment = dt.datetime.fromisoformat(instant)
    assert periods.local_date(moment) == day
    assert Period.containing("month", day).contains(moment)
    assert not Period.containing("month", day).previous().contains(moment)


def test_period_is_half_open():
    november = Period.month(2026, 11)
    assert november.start_at == dt.datetime(2026, 11, 1, tzinfo=periods.ZONE)
    assert november.end_at == dt.datetime(2026, 12, 1, tzinfo=periods.ZONE)
    assert november.contains(november.start_at)
    assert not november.contains(november.end_at)


@given(DAYS, st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_every_day_lies_in_exactly_one_period_and_neighbours_touch(day, kind):
    period = Period.containing(kind, day)
    assert period.contains(day)
    assert period.next().start == period.end
    assert period.previous().end == period.start
    assert period.previous().next() == period
    assert day in set(period.days())


@given(DAYS, st.sampled_from(["day", "month", "quarter", "year"]))
def test_code_is_read_back(day, kind):
    period = Period.containing(kind, day)
    assert Period.parse(period.code) == period


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "2026Q5", "20264", "nov", "2026-1", "20261122"])
def test_nonsense_is_not_a_period(text):
    with pytest.raises(ValueError, match=r"."):
        Period.parse(text)


def test_week_is_monday_to_sunday():
    week = Period.containing("week", dt.date(2026, 11, 22))
    assert (week.start, week.last_day) == (dt.date(2026, 11, 16), dt.date(2026, 11, 22))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2026, 1, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2028, 1, 31), 1, dt.date(2028, 2, 29)),
        (dt.date(2028, 2, 29), -12, dt.date(2027, 2, 28)),
        (dt.date(2026, 12, 15), 1, dt.date(2027, 1, 15)),
        (dt.date(2026, 1, 15), -1, dt.date(2025, 12, 15)),
        (dt.date(2026, 3, 31), -1, dt.date(2026, 2, 28)),
    ],
)
def test_t04_months_of_different_length(day, months, expected):
    assert periods.add_months(day, months) == expected


@given(st.dates(dt.date(1986, 1, 1), dt.date(1991, 12, 31)))
def test_t03_days_of_the_old_summer_time_keep_their_date(day):
    assert periods.local_date(periods.at(day)) == day
    assert periods.local_date(periods.at(day, "23:59:59")) == day


def test_until_never_passes_the_end_of_the_period():
    november = Period.month(2026, 11)
    assert november.until(dt.date(2026, 11, 22)).last_day == dt.date(2026, 11, 22)
    assert november.until(dt.date(2027, 1, 1)) == Period(november.start, november.end, "month")


def test_labels_read_as_people_write_them():
    assert Period.day(dt.date(2026, 11, 22)).label == "11-22 周日"
    assert Period.month(2026, 11).label == "2026年11月"
    assert Period.containing("quarter", dt.date(2026, 11, 1)).label == "2026年第4季度"


@pytest.mark.parametrize(
    ("hours", "told"), [(0, "0 分钟"), (0.2, "12 分钟"), (5.7, "5 小时 42 分钟"), (-51, "2 天 3 小时"), (24, "1 天")]
)
def test_how_far_two_moments_lie_apart(hours: float, told: str) -> None:
    now = periods.now()
    assert apart(now + dt.timedelta(hours=hours), now) == told
