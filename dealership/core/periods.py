"""The one home of time: now, today, days, weeks, months, quarters, years.

A `Period` is half-open: `start <= moment < end`. Business days are Asia/Shanghai days; instants are
stored in UTC and bucketed by the business zone whatever the server's own zone is (T01, T02).
Nothing else in the project may call `timezone.now`, `date.today` or the `Trunc*` functions.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Self
from zoneinfo import ZoneInfo

from django.db.models import DateField, F, Func
from django.db.models.functions import TruncDate
from django.utils import timezone

ZONE = ZoneInfo("Asia/Shanghai")
Kind = Literal["day", "week", "month", "quarter", "year"]
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


_standing: ContextVar[dt.datetime | None] = ContextVar("standing", default=None)


def now() -> dt.datetime:
    """The current instant, aware, in UTC."""
    return _standing.get() or timezone.now()


@contextmanager
def standing(moment: dt.datetime) -> Iterator[None]:
    """The clock stands: every `now()` inside is this moment (statements put together ahead, core/prepared.py)."""
    token = _standing.set(moment)
    try:
        yield
    finally:
        _standing.reset(token)


def today(zone: dt.tzinfo = ZONE) -> dt.date:
    """The current business day."""
    return now().astimezone(zone).date()


def local_date(moment: dt.datetime, zone: dt.tzinfo = ZONE) -> dt.date:
    """The business day in which an aware instant falls."""
    return moment.astimezone(zone).date()


def local_time(moment: dt.datetime, zone: dt.tzinfo = ZONE) -> dt.datetime:
    """The same instant on the business clock."""
    return moment.astimezone(zone)


def at(day: dt.date, clock: dt.time | str = dt.time(0), zone: dt.tzinfo = ZONE) -> dt.datetime:
    """The aware instant of a business day and clock time; `clock` may be "18:00"."""
    if isinstance(clock, str):
        clock = dt.time.fromisoformat(clock)
    return dt.datetime.combine(day, clock, tzinfo=zone)


def end_of_day(day: dt.date) -> dt.datetime:
    """24:00 of a business day."""
    return at(day + dt.timedelta(days=1))


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or that month's last day (31 January + 1 = 28/29 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first = dt.date(year, month + 1, 1)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return first.replace(day=min(day.day, last))


def day_bucket(field: str) -> TruncDate:
    """Database expression: the business day of a datetime column."""
    return TruncDate(field, tzinfo=ZONE, output_field=DateField())


def day_of(moment: F) -> Func:
    """The same of an outer reference, which has no type of its own."""
    return Func(moment, template=f"(%(expressions)s AT TIME ZONE '{ZONE.key}')::date", output_field=DateField())


def month_of(moment: F) -> Func:
    """Database expression: the first day of the business month of a column or outer reference."""
    local = f"%(expressions)s AT TIME ZONE '{ZONE.key}'"
    return Func(moment, template=f"date_trunc('month', {local})::date", output_field=DateField())


@dataclass(frozen=True, order=True)
class Period:
    """Business days from `start` (included) to `end` (excluded)."""

    start: dt.date
    end: dt.date
    kind: Kind = "day"

    @classmethod
    def day(cls, day: dt.date) -> Self:
        return cls(day, day + dt.timedelta(days=1), "day")

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        first = dt.date(year, month, 1)
        return cls(first, add_months(first, 1), "month")

    @classmethod
    def year(cls, year: int) -> Self:
        return cls(dt.date(year, 1, 1), dt.date(year + 1, 1, 1), "year")

    @classmethod
    def containing(cls, kind: Kind, day: dt.date) -> Self:
        """The period of this kind in which the day lies; a week is Monday–Sunday."""
        if kind == "day":
            return cls.day(day)
        if kind == "week":
            monday = day - dt.timedelta(days=day.weekday())
            return cls(monday, monday + dt.timedelta(days=7), "week")
        if kind == "month":
            return cls.month(day.year, day.month)
        if kind == "quarter":
            first = dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            return cls(first, add_months(first, 3), "quarter")
        return cls.year(day.year)

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2026-11-22` → day, `2026-11` → month, `2026Q4` → quarter, `2026` → year; else ValueError."""
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return cls.day(dt.date.fromisoformat(text))
        if found := re.fullmatch(r"(\d{4})-(\d{2})", text):
            return cls.month(int(found[1]), int(found[2]))
        if found := re.fullmatch(r"(\d{4})Q([1-4])", text):
            return cls.containing("quarter", dt.date(int(found[1]), int(found[2]) * 3, 1))
        if re.fullmatch(r"\d{4}", text):
            return cls.year(int(text))
        raise ValueError(text)

    @property
    def start_at(self) -> dt.datetime:
        return at(self.start)

    @property
    def end_at(self) -> dt.datetime:
        return at(self.end)

    @property
    def last_day(self) -> dt.date:
        return self.end - dt.timedelta(days=1)

    @property
    def code(self) -> str:
        """The text `parse` reads; weeks and odd spans are written `start/end`."""
        if self.kind == "day":
            return self.start.isoformat()
        if self.kind == "month":
            return f"{self.start:%Y-%m}"
        if self.kind == "quarter":
            return f"{self.start.year}Q{(self.start.month + 2) // 3}"
        if self.kind == "year":
            return str(self.start.year)
        return f"{self.start.isoformat()}/{self.last_day.isoformat()}"

    @property
    def label(self) -> str:
        """What a screen shows: `11-22 周日`, `2026年11月`, `2026年第4季度`, `2026年`."""
        if self.kind == "day":
            return day_label(self.start)
        if self.kind == "month":
            return f"{self.start.year}年{self.start.month}月"
        if self.kind == "quarter":
            return f"{self.start.year}年第{(self.start.month + 2) // 3}季度"
        if self.kind == "year":
            return f"{self.start.year}年"
        return f"{self.start:%m-%d} 至 {self.last_day:%m-%d}"

    def contains(self, moment: dt.date | dt.datetime) -> bool:
        day = local_date(moment) if isinstance(moment, dt.datetime) else moment
        return self.start <= day < self.end

    def days(self) -> Iterator[dt.date]:
        for offset in range((self.end - self.start).days):
            yield self.start + dt.timedelta(days=offset)

    def previous(self) -> Period:
        """The period of the same kind just before; an odd span shifts by its own length."""
        return Period.containing(self.kind, self.start - dt.timedelta(days=1))

    def next(self) -> Period:
        return Period.containing(self.kind, self.end)

    def same_last_year(self) -> Period:
        """The same period a year earlier (29 February → 28 February)."""
        return Period(add_months(self.start, -12), add_months(self.end, -12), self.kind)

    def until(self, day: dt.date) -> Period:
        """This period up to and including `day` (for month-to-date); never longer than the period."""
        return Period(self.start, min(self.end, day + dt.timedelta(days=1)), self.kind)

    def filter(self, field: str, *, is_date: bool = False) -> dict[str, dt.date | dt.datetime]:
        """Keyword filter of a date or datetime column for this period."""
        if is_date:
            return {f"{field}__gte": self.start, f"{field}__lt": self.end}
        return {f"{field}__gte": self.start_at, f"{field}__lt": self.end_at}


def day_label(day: dt.date) -> str:
    """`11-22 周日`."""
    return f"{day:%m-%d} {WEEKDAYS[day.weekday()]}"
