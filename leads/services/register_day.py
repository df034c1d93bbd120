"""Signing a day of the visit register: the front desk totals and signs, the manager confirms (§5.2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import service
from dealership.core.text import clean_text
from dealership.org.models import Store
from dealership.org.reach import require
from leads.choices import VisitType
from leads.models import RegisterDay, Visit
from leads.selectors.register_day import parties_on


@service
def register_day_sign(*, by: Any, store: Store, day: dt.date, weather: str) -> RegisterDay:
    """Weather and the number of parties under the signature of `by`; signing again renews an unconfirmed day.

    Refused: a day that has not come, parties still incomplete (they are named first), a day already confirmed.
    """
    require(by, "register.sign", store.pk)
    _check_day(store, day)
    weather = clean_text(weather)
    if len(weather) > 10:
        raise DomainError("weather_long", "天气最多 10 个字。", {"weather": ["天气最多 10 个字。"]})
    row = RegisterDay.objects.select_for_update(of=("self",)).filter(store=store, day=day).first()
    if row is not None and row.confirmed_by_id is not None:
        raise Conflict("confirmed", "这一天的登记表经理已确认，不能再签字。")
    row = row or RegisterDay(store=store, day=day)
    row.weather, row.parties, row.signed_by, row.signed_at = (
        weather,
        parties_on(store=store, day=day),
        by,
        periods.now(),
    )
    row.touch()
    row.save()
    record(by=by, action="register_day.sign", target=row, changes={"day": day, "parties": row.parties})
    return row


@service
def register_day_confirm(*, by: Any, store: Store, day: dt.date) -> RegisterDay:
    """The manager's confirmation of a signed day; never by the person who signed it.

    Refused: an unsigned day, and one whose register has changed since it was signed.
    """
    require(by, "register.confirm", store.pk)
    row = RegisterDay.objects.select_for_update(of=("self",)).filter(store=store, day=day).first()
    if row is None:
        raise DomainError("unsigned", "前台还没有签字，请先由前台合计并签字。")
    if row.confirmed_by_id is not None:
        raise Conflict("confirmed", "这一天的登记表已经确认过了。")
    if row.signed_by_id == by.pk:
        raise DomainError("two_persons", "签字和确认须由两人分别办理。")
    parties = parties_on(store=store, day=day)
    if parties != row.parties:
        raise DomainError("changed", f"签字后登记又有变化（{row.parties} 组 → {parties} 组），请前台重新签字。")
    row.confirmed_by, row.confirmed_at = by, periods.now()
    row.touch()
    row.save()
    record(by=by, action="register_day.confirm", target=row, changes={"day": day})
    return row


def _check_day(store: Store, day: dt.date) -> None:
    if day > periods.today():
        raise DomainError("day_ahead", "还没到这一天，不能签字。")
    waiting = Visit.objects.filter(store=store, visited_on=day, visit_type=VisitType.INCOMPLETE).count()
    if waiting:
        raise DomainError("incomplete", f"还有 {waiting} 组来访未完善，请先补齐登记再签字。")
