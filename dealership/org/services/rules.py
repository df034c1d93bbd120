"""Dated policy rows and the working calendar."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods, request_cache
from dealership.core.errors import DomainError
from dealership.core.services import lock, service
from dealership.org import selectors
from dealership.org.calendar_lines import read_days
from dealership.org.models import CalendarDay, DealerGroup, PolicySetting, Store
from dealership.org.policy import DEFAULTS
from dealership.org.policy_labels import ASCENDING, AT_MOST, LARGEST, MOST_ROWS, WEIGHED, label_of, part_label
from dealership.org.reach import require

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def checked_value(key: str, value: Any) -> Any:
    """The value of a key, of the same kind as its default; a `DomainError` says what is wrong."""
    value = _same_kind(value, DEFAULTS[key], label_of(key))
    if key in ASCENDING and sorted(set(value)) != value:
        raise _wrong(_("%s须从小到大填写，不能重复。") % label_of(key))
    if key in WEIGHED and not any(value.values()):
        raise _wrong(_("%s不能全部为 0。") % label_of(key))
    if key in AT_MOST and value > AT_MOST[key]:
        raise _wrong(_("%(where)s最大为 %(most)s。") % {"where": label_of(key), "most": AT_MOST[key]})
    return value


def _same_kind(value: Any, default: Any, where: str) -> Any:
    """Compare with the default's shape: numbers stay numbers, times times, and no key is lost or invented."""
    if isinstance(default, dict):
        if not isinstance(value, dict) or set(value) != set(default):
            names = "、".join(part_label(name) for name in default)
            raise _wrong(_("%(where)s必须包含且只包含这些项：%(names)s。") % {"where": where, "names": names})
        return {name: _same_kind(value[name], default[name], part_label(name)) for name in default}
    if isinstance(default, list):
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_ROWS:
            raise _wrong(_("%(where)s请填写 1 至 %(most)s 行。") % {"where": where, "most": MOST_ROWS})
        return [_same_kind(item, default[0], where) for item in value]
    return _whole(value, where) if isinstance(default, int) else _text(value, default, where)


def _text(value: Any, default: str, where: str) -> str:
    if NUMBER.fullmatch(default):
        return _amount(value, where)
    if CLOCK.fullmatch(default):
        if not (isinstance(value, str) and CLOCK.fullmatch(value)):
            raise _wrong(_("%s请填写 24 小时制时间，例如 20:00。") % where)
    elif not isinstance(value, str) or not value or len(value) > 40:
        raise _wrong(_("%s请填写 1 至 40 个字的文字。") % where)
    return value


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise _wrong(_("%s请填写 0 至 1000000 的整数。") % where)
    return value


def _amount(value: Any, where: str) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _wrong(_("%s请填写数字，例如 0.20 或 5000.00。") % where) from None
    if not number.is_finite() or not 0 <= number < 10**10:
        raise _wrong(_("%s请填写不小于 0 的数字。") % where)
    return str(number)


def _wrong(text: str) -> DomainError:
    return DomainError("policy_value", text, {"value": [text]})


@service
def policy_set(
    *, by: User, key: str, value: Any, effective_from: dt.date, group: DealerGroup | None, store: Store | None
) -> PolicySetting:
    """A new dated value. Never back-dated: what was decided in the past stays decided by the rules of then."""
    require(by, "policy.change", store.pk if store else None)
    if key not in DEFAULTS:
        raise DomainError("policy_key", _("没有这项策略。"), {"key": [_("请选择列表中的策略。")]})
    if effective_from < periods.today():
        raise DomainError(
            "back_dated", _("生效日期不能早于今天。"), {"effective_from": [_("请选择今天或以后的日期。")]}
        )
    value = checked_value(key, value)
    row = PolicySetting.objects.create(
        key=key, value=value, effective_from=effective_from, store=store, group=None if store else group
    )
    request_cache.forget("policy")
    changes = {"key": key, "value": value, "effective_from": effective_from}
    record(by=by, action="policy.set", target=row, changes=changes)
    return row


@service
def policy_withdraw(*, by: User, key: str, row_id: int) -> None:
    """Take back a row that is not in force yet."""
    row = lock(selectors.policy_rows(user=by, key=key), row_id)
    require(by, "policy.change", row.store_id)
    if row.effective_from <= periods.today():
        raise DomainError("in_force", _("已生效的策略不能撤回，请新增一条以后生效的取值。"))
    record(by=by, action="policy.withdraw", target=row, changes={"key": key})
    row.delete()
    request_cache.forget("policy")


@service
def calendar_save(*, by: User, store: Store | None, lines: str) -> int:
    """Days that differ from the national calendar, for a store or for everyone; a day named again is replaced.

    Refused whole when one line is wrong: nothing is half read.
    """
    require(by, "policy.change", store.pk if store else None)
    found = read_days(lines)
    told = [line.told for line in found if line.fault] or ([] if found else [_("请填写至少一天。")])
    if told:
        raise DomainError("calendar_lines", told[0], {"lines": told[:10]})
    days = [(line.day, {"kind": line.kind, "note": line.note}) for line in found if line.day is not None]
    for day, defaults in days:
        CalendarDay.objects.update_or_create(store=store, day=day, defaults=defaults)
    first = days[0][0]
    row = CalendarDay.objects.get(store=store, day=first)
    record(by=by, action="calendar.save", target=row, changes={"days": len(days), "first": first})
    request_cache.forget("calendar")
    return len(found)


@service
def calendar_remove(*, by: User, row_id: int) -> int:
    """Back to the national calendar for one day; returns its year."""
    row = lock(CalendarDay.objects.filter(pk=row_id), row_id)
    require(by, "policy.change", row.store_id)
    record(by=by, action="calendar.remove", target=row, changes={"day": row.day})
    row.delete()
    request_cache.forget("calendar")
    return row.day.year
