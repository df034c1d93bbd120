"""Reads typed or pasted calendar days: each line is a day or says why it is none."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from dealership.org.choices import DayKind

LINE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[\s,，]+([^\s,，]+))?(?:[\s,，]+(.*))?")
CHINESE = {"工作日": "workday", "调休上班": "makeup", "节假日": "holiday", "门店休息": "closed"}
FIRST_YEAR, LAST_YEAR = 2020, 2100


@dataclass(frozen=True)
class DayLine:
    """One line; `fault` is empty when it can be saved."""

    number: int
    text: str
    day: dt.date | None = None
    kind: str = ""
    note: str = ""
    fault: str = ""

    @property
    def told(self) -> str:
        """The fault as a sentence that names the line."""
        words = {"number": self.number, "text": self.text[:30], "fault": self.fault}
        return _("第 %(number)s 行「%(text)s」：%(fault)s") % words

    @property
    def kind_label(self) -> str:
        """The kind as the screen names it."""
        return str(DayKind(self.kind).label) if self.kind else ""


def read_days(text: str) -> list[DayLine]:
    """`2027-02-05 节假日 春节` a line; commas, slashes and tabs (pasted from a sheet) do too."""
    found: list[DayLine] = []
    seen: dict[dt.date, int] = {}
    kinds = {
        **CHINESE,
        **{str(kind.label): kind.value for kind in DayKind},
        **{kind.value: kind.value for kind in DayKind},
    }
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        line = _read(number, raw.strip(), kinds)
        if line.day in seen and not line.fault:
            line = replace(line, fault=_("与第 %s 行是同一天。") % seen[line.day])
        elif line.day:
            seen.setdefault(line.day, number)
        found.append(line)
    return found


def _read(number: int, text: str, kinds: dict[str, str]) -> DayLine:
    match = LINE.fullmatch(text)
    if match is None:
        return DayLine(number, text, fault=_("请写成 2027-02-05 节假日 春节 的样子。"))
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return DayLine(number, text, fault=_("没有这一天，请核对年月日。"))
    line = DayLine(number, text, day, kinds.get(match[4] or "", ""), (match[5] or "").strip())
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        return replace(line, fault=_("年份须在 %(first)s 至 %(last)s 之间。") % years)
    if not line.kind:
        return replace(line, fault=_("类型请填写：工作日、调休上班、节假日或门店休息。"))
    return replace(line, fault=_("说明最多 40 个字。")) if len(line.note) > 40 else line
