"""Dated policy rows and the working calendar."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods, request_cache
from dealership.core.errors import DomainError
from dealership.core.services import lock, service
from dealership.org import selectors
from dealership.org.choices import DayKind
from dealership.org.models import CalendarDay, DealerGroup, PolicySetting, Store
from dealership.org.policy import DEFAULTS
from dealership.org.reach import require

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def parse_policy(key: str, text: str) -> Any:
    """The typed value of a key, of the same kind as its default; a `DomainError` says what is wrong."""
    default = DEFAULTS[key]
    if isinstance(default, (dict, list)):
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise _wrong(f"内容不是正确的 JSON（第 {error.lineno} 行附近）。") from None
    else:
        value = text.strip()
    return _same_kind(value, default)


def _same_kind(value: Any, default: Any, where: str = "") -> Any:
    """Compare with the default's shape: numbers stay numbers, times times, and no key is lost or invented."""
    at = f"「{where}」" if where else ""
    if isinstance(default, dict):
        if not isinstance(value, dict) or set(value) != set(default):
            raise _wrong(f"{at}必须包含且只包含这些项：{'、'.join(default)}。")
        return {name: _same_kind(value[name], default[name], name) for name in default}
    if isinstance(default, list):
        if not isinstance(value, list) or not value:
            raise _wrong(f"{at}必须是非空的列表。")
        return [_same_kind(item, default[0], where) for item in value]
    return _whole(value, at) if isinstance(default, int) else _text(value, default, at)


def _text(value: Any, default: str, at: str) -> str:
    if NUMBER.fullmatch(default):
        return _amount(value, at)
    if CLOCK.fullmatch(default):
        if not (isinstance(value, str) and CLOCK.fullmatch(value)):
            raise _wrong(f"{at}请填写 24 小时制时间，例如 20:00。")
    elif not isinstance(value, str) or not value or len(value) > 40:
        raise _wrong(f"{at}请填写 1 至 40 个字的文字。")
    return value


def _whole(value: Any, at: str) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 3650:
        raise _wrong(f"{at}请填写 0 至 3650 的整数。")
    return value


def _amount(value: Any, at: str) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _wrong(f"{at}请填写数字，例如 0.20 或 5000.00。") from None
    if not number.is_finite() or not 0 <= number < 10**10:
        raise _wrong(f"{at}请填写不小于 0 的数字。")
    return str(number)


def _wrong(text: str) -> DomainError:
    return DomainError("policy_value", text, {"value": [text]})


@service
def policy_set(
    *, by: User, key: str, text: str, effective_from: dt.date, group: DealerGroup | None, store: Store | None
) -> PolicySetting:
    """A new dated value. Never back-dated: what was decided in the past stays decided by the rules of then."""
    require(by, "policy.change", store.pk if store else None)
    if key not in DEFAULTS:
        raise DomainError("policy_key", "没有这项策略。", {"key": ["请选择列表中的策略。"]})
    if effective_from < periods.today():
        raise DomainError("back_dated", "生效日期不能早于今天。", {"effective_from": ["请选择今天或以后的日期。"]})
    value = parse_policy(key, text)
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
        raise DomainError("in_force", "已生效的策略不能撤回，请新增一条以后生效的取值。")
    record(by=by, action="policy.withdraw", target=row, changes={"key": key})
    row.delete()
    request_cache.forget("policy")


LINE = re.compile(r"(\d{4}-\d{2}-\d{2})[\s,，]+(\S+)(?:[\s,，]+(.*))?")
KINDS = {str(label): kind for kind, label in DayKind.choices} | {kind: kind for kind in DayKind.values}


def parse_days(text: str) -> list[tuple[dt.date, str, str]]:
    """`2027-02-05 节假日 春节` a line → (day, kind, note); every wrong line is named, nothing is half read."""
    found, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = LINE.fullmatch(line.strip())
        kind = KINDS.get(match[2]) if match else None
        try:
            day = dt.date.fromisoformat(match[1]) if match else None
        except ValueError:
            day = None
        if match is None or kind is None or day is None:
            wrong.append(f"第 {number} 行「{line.strip()[:30]}」无法识别。")
        else:
            found.append((day, kind, (match[3] or "").strip()[:40]))
    if wrong or not found:
        hint = "每行一天，例如：2027-02-05 节假日 春节（类型：工作日、调休上班、节假日、门店休息）。"
        raise DomainError("calendar_lines", wrong[0] if wrong else hint, {"lines": [*wrong[:10], hint]})
    return found


@service
def calendar_save(*, by: User, store: Store | None, lines: str) -> int:
    """Days that differ from the national calendar, for a store or for everyone; a day named again is replaced."""
    require(by, "policy.change", store.pk if store else None)
    days = parse_days(lines)
    for day, kind, note in days:
        CalendarDay.objects.update_or_create(store=store, day=day, defaults={"kind": kind, "note": note})
    row = CalendarDay.objects.get(store=store, day=days[0][0])
    record(by=by, action="calendar.save", target=row, changes={"days": len(days), "first": days[0][0]})
    request_cache.forget("calendar")
    return len(days)


@service
def calendar_remove(*, by: User, row_id: int) -> int:
    """Back to the national calendar for one day; returns its year."""
    row = lock(CalendarDay.objects.filter(pk=row_id), row_id)
    require(by, "policy.change", row.store_id)
    record(by=by, action="calendar.remove", target=row, changes={"day": row.day})
    row.delete()
    request_cache.forget("calendar")
    return row.day.year
