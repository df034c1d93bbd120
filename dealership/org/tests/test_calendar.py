"""Working days and day weights (T05, T06, R-TGT)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from dealership.core.periods import Period
from dealership.org import calendar
from dealership.org.choices import DayKind, Role
from dealership.org.models import CalendarDay

D = dt.date


@pytest.mark.django_db
@pytest.mark.parametrize(
    "day", [D(2026, 1, 4), D(2026, 2, 14), D(2026, 2, 28), D(2026, 5, 9), D(2026, 9, 20), D(2026, 10, 10)]
)
def test_t05_make_up_days_of_2026_are_working_days(day):
    assert calendar.day_kind(day) is DayKind.MAKEUP


@pytest.mark.django_db
def test_t05_spring_festival_2026_is_not(store):
    assert {calendar.day_kind(D(2026, 2, day)) for day in range(15, 24)} == {DayKind.HOLIDAY}
    assert calendar.day_weight(D(2026, 2, 17), store.pk) == 0


@pytest.mark.django_db
def test_t06_a_year_without_data_falls_back_to_weekdays():
    assert not calendar.has_national_data(2027)
    assert calendar.day_kind(D(2027, 10, 1)) is DayKind.WORKDAY  # a Friday
    assert calendar.day_kind(D(2027, 10, 2)) is DayKind.HOLIDAY
    assert calendar.festival_of(D(2027, 10, 1)) == ""


@pytest.mark.django_db
def test_t06_the_administrator_is_warned_until_the_year_is_entered(freeze, person, client_for):
    freeze("2026-11-22 10:00+08:00")
    admin, said = client_for(person(Role.SYS_ADMIN, None)), "2027年的国家法定节假日尚未公布或未录入"
    pages = [reverse("org:calendar"), f"{reverse('org:calendar')}?year=2027", reverse("jobs:health")]
    assert [said in admin.get(page).text for page in pages] == [True, True, True]
    CalendarDay.objects.create(day=D(2027, 1, 1), kind=DayKind.HOLIDAY)
    assert [said in admin.get(page).text for page in pages] == [False, False, False]


@pytest.mark.django_db
def test_t06_no_page_of_a_year_without_data_is_a_defect(freeze, store, person, client_for):
    freeze("2027-02-10 10:00+08:00")
    manager, seller = (client_for(person(role, store)) for role in (Role.SALES_MANAGER, Role.SALES_CONSULTANT))
    months = [reverse(name) for name in ("today", "reports:board", "reports:month", "rota:page", "sales:target_sheet")]
    assert [manager.get(page).status_code for page in months] == [200] * 5
    seen = [reverse(name) for name in ("today", "leads:calendar", "leads:drive_calendar", "reviews:mine")]
    assert [seller.get(page).status_code for page in seen] == [200] * 4


@pytest.mark.django_db
def test_a_store_overrides_the_group_and_the_group_the_state(store, other_store):
    day = D(2026, 11, 23)
    CalendarDay.objects.create(day=day, kind=DayKind.HOLIDAY)
    CalendarDay.objects.create(store=store, day=day, kind=DayKind.CLOSED)
    assert calendar.day_kind(day, store.pk) is DayKind.CLOSED
    assert calendar.day_kind(day, other_store.pk) is DayKind.HOLIDAY
    assert calendar.next_open_day(day, store.pk) == D(2026, 11, 24)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "weight"),
    [
        (D(2026, 11, 16), "1.0"),  # Monday
        (D(2026, 11, 20), "1.1"),  # Friday
        (D(2026, 11, 21), "1.9"),
        (D(2026, 11, 22), "1.8"),
        (D(2026, 11, 30), "1.40"),  # Monday among the last three days
        (D(2026, 10, 3), "1.7"),  # National Day
        (D(2026, 10, 10), "1.2"),  # make-up Saturday
        (D(2026, 4, 5), "0.5"),  # Tomb-sweeping
    ],
)
def test_r_tgt_day_weights(day, weight):
    assert calendar.day_weight(day) == Decimal(weight)


@pytest.mark.django_db
def test_time_progress_ends_at_one():
    month = Period.month(2026, 11)
    elapsed, total = calendar.time_progress(month, D(2026, 11, 30))
    assert elapsed == total > 0
    assert calendar.time_progress(month, D(2026, 10, 31))[0] == 0
