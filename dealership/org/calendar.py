"""Working days: the national calendar, overridden by our own rows; unknown years fall back to weekdays."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal

import chinese_calendar
from django.db.models import F, Q

from dealership.core import periods, request_cache
from dealership.core.periods import Period
from dealership.org.choices import DayKind
from dealership.org.models import CalendarDay
from dealership.org.policy import policy


@functools.lru_cache(maxsize=2000)
def _national(day: dt.date) -> tuple[bool, str]:
    """Is it a working day by the State Council's list, and the festival's name; asked day by day for whole months."""
    _is_holiday, name = chinese_calendar.get_holiday_detail(day)
    return chinese_calendar.is_workday(day), name or ""


@functools.lru_cache(maxsize=100)
def has_national_data(year: int) -> bool:
    """Is the State Council's list of that year known? If not the settings page shows a warning (T06)."""
    try:
        chinese_calendar.is_workday(dt.date(year, 7, 1))
    except NotImplementedError:
        return False
    return True


def years_without_data() -> list[int]:
    """This year and the next, as far as the national list is not known and nobody entered any day of it (T06)."""
    this = periods.today().year
    return [
        year
        for year in (this, this + 1)
        if not has_national_data(year) and not CalendarDay.objects.filter(day__year=year, store=None).exists()
    ]


def _overrides(store_id: int | None, year: int) -> dict[dt.date, str]:
    def load() -> dict[dt.date, str]:
        whose = Q(store=None) if store_id is None else Q(store=None) | Q(store_id=store_id)
        rows = CalendarDay.objects.filter(whose, day__year=year)
        # The store's own day stands behind the common one and wins.
        return dict(rows.order_by(F("store_id").asc(nulls_first=True)).values_list("day", "kind"))

    return request_cache.remember(("calendar", store_id, year), load)


def day_kind(day: dt.date, store_id: int | None = None) -> DayKind:
    """Workday, make-up working day, holiday (also plain weekends) or a day the store is closed."""
    override = _overrides(store_id, day.year).get(day)
    if override is not None:
        return DayKind(override)
    weekend = day.weekday() >= 5
    if not has_national_data(day.year):
        return DayKind.HOLIDAY if weekend else DayKind.WORKDAY
    if _national(day)[0]:
        return DayKind.MAKEUP if weekend else DayKind.WORKDAY
    return DayKind.HOLIDAY


def festival_of(day: dt.date) -> str:
    """Name of the public festival (`Labour Day` …), empty on ordinary days and plain weekends."""
    if not has_national_data(day.year):
        return ""
    return _national(day)[1]


def is_open(day: dt.date, store_id: int | None = None) -> bool:
    """Showrooms work weekends and holidays; only days marked closed are shut."""
    return day_kind(day, store_id) is not DayKind.CLOSED


def next_open_day(day: dt.date, store_id: int | None = None) -> dt.date:
    """The day itself or the first open one after it (deadlines shift over closed days, R-TIME)."""
    while not is_open(day, store_id):
        day += dt.timedelta(days=1)
    return day


def day_weight(day: dt.date, store_id: int | None = None) -> Decimal:
    """Weight of a day inside its month for targets and pace (R-TGT)."""
    weights = policy("target.day_weights", store_id, day)
    kind = day_kind(day, store_id)
    festival = festival_of(day) if kind is DayKind.HOLIDAY else ""
    if kind is DayKind.CLOSED:
        name = "closed"
    elif kind is DayKind.MAKEUP:
        name = "makeup"
    elif festival in ("Labour Day", "National Day"):
        name = "golden"
    elif festival == "Spring Festival":
        name = "closed"
    elif festival:
        name = "festival"
    else:
        name = {4: "friday", 5: "saturday", 6: "sunday"}.get(day.weekday(), "weekday")
    weight = Decimal(weights[name])
    month = Period.containing("month", day)
    if (month.end - day).days <= int(weights["month_end_days"]):
        weight *= Decimal(weights["month_end_factor"])
    return weight


def time_progress(month: Period, until: dt.date, store_id: int | None = None) -> tuple[Decimal, Decimal]:
    """(weights elapsed up to and including `until`, weights of the whole month)."""
    weights = {day: day_weight(day, store_id) for day in month.days()}
    return sum((w for day, w in weights.items() if day <= until), Decimal(0)), sum(weights.values(), Decimal(0))
