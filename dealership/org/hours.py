"""Business hours of a showroom: clocks that stand still at night and on closed days (policy `showroom.hours`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.core import periods
from dealership.org.calendar import is_open
from dealership.org.policy import policy

# A store that is shut longer than this has no business clock; plain time is used instead.
MAX_DAYS = 400


def _spans(day: dt.date, store_id: int, days: int = MAX_DAYS) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Opening and closing of the open days from `day` on."""
    for offset in range(days):
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


def business_after(moment: dt.datetime, minutes: int, store_id: int) -> dt.datetime:
    """The moment when so many minutes of business hours have passed."""
    left = dt.timedelta(minutes=minutes)
    for opens, closes in _spans(periods.local_date(moment), store_id):
        start = max(moment, opens)
        if start >= closes:
            continue
        if start + left <= closes:
            return start + left
        left -= closes - start
    return moment + dt.timedelta(minutes=minutes)


def business_minutes(start: dt.datetime, end: dt.datetime, store_id: int) -> int:
    """Whole business minutes from one moment to another; negative when `end` is earlier."""
    if end < start:
        return -business_minutes(end, start, store_id)
    first, last = periods.local_date(start), periods.local_date(end)
    days = min((last - first).days + 1, MAX_DAYS)
    parts = (min(end, closes) - max(start, opens) for opens, closes in _spans(first, store_id, days))
    worked = sum((part for part in parts if part > dt.timedelta(0)), dt.timedelta(0))
    return int(worked.total_seconds() // 60)
