"""What is told at the door, checked before anything is written (R-DQ). Used by the visit services only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.text import clean_text
from dealership.org.models import LeadSource, Series, Store
from leads.choices import OPEN_GRADES, Gender, VisitChannel, VisitPurpose
from leads.policies import MAX_BACK

MAX_PARTY = 30


@dataclass(frozen=True)
class Arrival:
    """What was told at the door, checked. `captured` None means only the arrival is known yet."""

    channel: str
    captured: bool | None
    party_size: int
    purpose: str
    phone: str
    name: str
    gender: str
    series: tuple[Series, ...]
    source: LeadSource | None
    grade: str
    note: str
    next_follow_up_at: dt.datetime | None
    moment: dt.datetime

    @property
    def is_purchase(self) -> bool:
        return self.purpose == VisitPurpose.PURCHASE


def arrival_checked(
    store: Store, *, series_ids: Iterable[int], grade: str | None, captured: bool | None, **told: Any
) -> Arrival:
    """Refuse what cannot be: unknown choices, a party of none, a time in the future, uncaptured with a phone."""
    _check_choices(told, grade)
    if not 1 <= told["party_size"] <= MAX_PARTY:
        text = f"同行人数请填 1 到 {MAX_PARTY}。"
        raise DomainError("bad_party_size", text, {"party_size": [text]})
    now = periods.now()
    if told["moment"] > now:
        raise DomainError("in_future", "到店时间不能晚于现在。", {"visited_at": ["到店时间不能晚于现在。"]})
    if told["moment"] < now - MAX_BACK:
        raise DomainError("too_old", "到店时间太早，请核对年份。", {"visited_at": ["到店时间太早，请核对年份。"]})
    phone = clean_text(told.pop("phone"))
    if captured is None and phone:
        captured = True
    if captured and not phone:
        text = "请填写客户手机号；客户不愿留电话请选“未留资”。"
        raise DomainError("phone_missing", text, {"phone": [text]})
    if captured is False and phone:
        text = "已填写手机号，不能同时选“未留资”。"
        raise DomainError("phone_not_expected", text, {"phone": [text]})
    note = clean_text(told.pop("note"))
    if len(note) > 500:
        raise DomainError("note_long", "备注最多 500 字。", {"note": ["备注最多 500 字。"]})
    series = _series(store, series_ids)
    return Arrival(captured=captured, phone=phone, note=note, series=series, grade=grade or "", **told)


def _check_choices(told: dict[str, Any], grade: str | None) -> None:
    allowed = {"channel": VisitChannel.values, "purpose": VisitPurpose.values, "gender": Gender.values}
    for field, values in allowed.items():
        if told[field] not in values:
            raise DomainError("bad_choice", "选项无效，请重新选择。", {field: ["选项无效，请重新选择。"]})
    if grade and grade not in OPEN_GRADES:
        raise DomainError("bad_grade", "级别只能选 H、A、B、C 或 N。", {"grade": ["级别只能选 H、A、B、C 或 N。"]})


def _series(store: Store, series_ids: Iterable[int]) -> tuple[Series, ...]:
    wanted = set(series_ids)
    if not wanted:
        return ()
    found = tuple(Series.objects.filter(pk__in=wanted, brand_id=store.brand_id))
    if len(found) != len(wanted):
        text = "意向车型中有本店不销售的车系，请重新选择。"
        raise DomainError("bad_series", text, {"series": [text]})
    return found
