"""Reading one cell: dates the way people write them, and texts that cannot be stored are named."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from dealership.core import periods
from dealership.core.text import has_control_characters

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2}):(\d{2})(?::\d{2})?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"\d{5}")
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_SERIALS = range(36526, 73051)  # 2000 to 2099
EARLIEST = dt.date(2000, 1, 1)


class BadValue(ValueError):
    """The words after the column's name."""


def day_and_clock(text: str) -> tuple[dt.date, dt.time | None]:
    """`2026-11-22`, `2026/11/22 10:30`, `2026年11月22日`, `20261122` or Excel's own number of a day."""
    text = unicodedata.normalize("NFKC", text).strip()
    wrong = BadValue(f"“{text[:30]}”不是有效日期，请按 2026-11-22 或 2026-11-22 10:30 填写")
    if _SERIAL.fullmatch(text) and int(text) in _SERIALS:
        return _EXCEL_EPOCH + dt.timedelta(days=int(text)), None
    found = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        raise wrong
    try:
        day = dt.date(int(found[1]), int(found[2]), int(found[3]))
        clock = dt.time(int(found[4]), int(found[5])) if found.re is _DATE and found[4] else None
    except ValueError:
        raise wrong from None
    if day < EARLIEST:
        raise BadValue(f"“{text[:30]}”早于 2000 年，请核对年份")
    return day, clock


def past_moment(text: str) -> dt.datetime:
    """A moment up to now; a day without a clock counts from nine in the morning."""
    day, clock = day_and_clock(text)
    now = periods.now()
    moment = periods.at(day, clock or dt.time(9))
    if clock is None and day == periods.today():
        moment = min(moment, now)
    if moment > now:
        raise BadValue(f"“{text[:30]}”晚于现在，请核对")
    return moment


def checked_text(text: str, most: int) -> str:
    """The text as it stands; refused when too long or with invisible characters, never cut silently."""
    if has_control_characters(text):
        raise BadValue("含有不可见的控制字符，请删除后手工输入")
    if len(text) > most:
        raise BadValue(f"有 {len(text)} 字，最多 {most} 字")
    return text.strip()
