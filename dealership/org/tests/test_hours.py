"""Clocks in business hours: nights, closed days and the edges of the day (showroom 08:30–20:30)."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.org.choices import DayKind
from dealership.org.hours import business_after, business_spans, business_start, minutes_within
from dealership.org.models import CalendarDay, PolicySetting

pytestmark = pytest.mark.django_db


def at(text):
    return dt.datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-20 10:00", 30, "2026-11-20 10:30"),
        ("2026-11-20 08:30", 30, "2026-11-20 09:00"),
        ("2026-11-20 20:00", 30, "2026-11-20 20:30"),
        ("2026-11-20 20:10", 30, "2026-11-21 08:40"),
        ("2026-11-20 20:30", 30, "2026-11-21 09:00"),
        ("2026-11-20 23:50", 30, "2026-11-21 09:00"),
        ("2026-11-20 03:00", 30, "2026-11-20 09:00"),
        ("2026-11-20 20:00", 30 + 12 * 60, "2026-11-21 20:30"),
    ],
)
def test_the_clock_stands_still_at_night(store, start, minutes, end):
    assert business_after(at(start), minutes, store.pk) == at(end)
    spans = business_spans(at(start), minutes, store.pk)
    assert minutes_within(spans, at(start), at(end)) == minutes
    assert minutes_within(spans, at(end), at(start)) == 0


def test_and_on_closed_days(store, other_store):
    CalendarDay.objects.create(store=store, day=dt.date(2026, 11, 21), kind=DayKind.CLOSED)
    assert business_after(at("2026-11-20 20:20"), 30, store.pk) == at("2026-11-22 08:50")
    assert business_after(at("2026-11-20 20:20"), 30, other_store.pk) == at("2026-11-21 08:50")
    assert business_start(at("2026-11-21 12:00"), store.pk) == at("2026-11-22 08:30")
    spans = business_spans(at("2026-11-20 20:20"), 30, store.pk)
    assert [minutes_within(spans, at(now), spans[-1][1]) for now in ("2026-11-20 20:25", "2026-11-21 12:00")] == [
        25,
        20,
    ]


def test_a_store_has_its_own_hours(store):
    hours = {"open": "10:00", "close": "18:00"}
    PolicySetting.objects.create(store=store, key="showroom.hours", value=hours, effective_from=dt.date(2026, 11, 20))
    assert business_after(at("2026-11-19 20:20"), 30, store.pk) == at("2026-11-20 10:20")


def test_hours_that_never_open_leave_plain_time(store):
    hours = {"open": "18:00", "close": "18:00"}
    PolicySetting.objects.create(store=store, key="showroom.hours", value=hours, effective_from=dt.date(2020, 1, 1))
    assert business_after(at("2026-11-20 20:20"), 30, store.pk) == at("2026-11-20 20:50")
    assert business_start(at("2026-11-20 20:20"), store.pk) == at("2026-11-20 20:20")
