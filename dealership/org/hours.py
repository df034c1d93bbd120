"""Business hours of a showroom: clocks that stand still at night and on closed days (policy `showroom.hours`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from dealership.core import periods
from dealership.org.calendar import is_open
from dealership.org.policy import policy

Span = tuple[dt.datetime, dt.datetime]
# A store that is shut longer than this has no business clock; plain time is used instead.
MAX_DAYS = 400


def _spans(day: dt.date, store_id: int) -> Iterator[Span]:
    """Opening and closing of the open days from `day` on."""
    for offset in range(MAX_DAYS):
        on = day + dt.timedelta(days=offset)
        if is_open(on, store_id):
            hours = policy("showroom.hours", store_id, on)
            opens, closes = periods.at(on, hours["open"]), periods.at(on, hours["close"])
            if opens < closes:
                yield opens, closes


def business_start(moment: dt.datetime, store_id: int) -> dt.datetime:
    """The moment itself while the showroom is open, else its next opening."""
    for opens, closes in _spans(periods.local_date(moment), store_id):
        if moment < closes:
            return max(moment, opens)
    return moment


def business_spans(moment: dt.datetime, minutes: int, store_id: int) -> list[Span]:
    """The open stretches in which so many minutes pass, from a moment on; the last one ends when they are over."""
    found: list[Span] = []
    left = dt.timedelta(minutes=minutes)
    for opens, closes in _spans(periods.local_date(moment), store_id):
        start = max(moment, opens)
        if start < closes:
            found.append((start, min(start + left, closes)))
            left -= found[-1][1] - start
            if not left:
                return found
    return [(moment, moment + dt.timedelta(minutes=minutes))]


def business_after(moment: dt.datetime, minutes: int, store_id: int) -> dt.datetime:
    """The moment when so many minutes of business hours have passed."""
    return business_spans(moment, minutes, store_id)[-1][1]


def minutes_within(spans: Iterable[Span], start: dt.datetime, end: dt.datetime) -> int:
    """Whole minutes of these stretches that lie between two moments; needs no calendar."""
    parts = (min(end, closes) - max(start, opens) for opens, closes in spans)
    return int(sum((part for part in parts if part > dt.timedelta(0)), dt.timedelta(0)).total_seconds() // 60)
