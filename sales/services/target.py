"""Targets per person and month, and their exact division (R-TGT)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any, TypeVar

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.money import MAX_MONEY, ZERO, quantize
from dealership.core.periods import Period
from dealership.core.services import check_version, lock, service
from dealership.org.calendar import day_weight
from dealership.org.closing import take_close_lock
from dealership.org.models import ClosedMonth, Store
from dealership.org.reach import people_in, require, team_id_in
from dealership.org.roles import SELLING_ROLES
from sales.choices import MONEY_TARGETS, TargetKind
from sales.models import Target

K = TypeVar("K")
UNIT = Decimal(1)
CENT = Decimal("0.01")


def split(total: Decimal, weights: Mapping[K, Decimal], quantum: Decimal = UNIT) -> dict[K, Decimal]:
    """Divide by largest remainder: parts are multiples of `quantum` and their sum is exactly `total`.

    Equal remainders go to the earlier key. Refuses negative weights, no weight at all and a total off the quantum.
    """
    whole = sum(weights.values(), Decimal(0))
    if total % quantum or any(weight < 0 for weight in weights.values()):
        raise ValueError("total or weights")
    if whole == 0:
        if total == 0:
            return dict.fromkeys(weights, Decimal(0))
        raise ValueError("no weight")
    steps = int(total / quantum)
    exact = {key: Decimal(steps) * weight / whole for key, weight in weights.items()}
    parts = {key: share.to_integral_value(ROUND_FLOOR) for key, share in exact.items()}
    rest = steps - int(sum(parts.values()))
    order = sorted(weights, key=lambda key: parts[key] - exact[key])
    for key in order[:rest]:
        parts[key] += 1
    return {key: part * quantum for key, part in parts.items()}


def split_days(
    total: Decimal, month: Period, store_id: int | None = None, *, money: bool = False
) -> dict[dt.date, Decimal]:
    """A month's target per day by the day weights of the store: Σ days = month."""
    return split(total, {day: day_weight(day, store_id) for day in month.days()}, CENT if money else UNIT)


def split_people(total: Decimal, shares: Mapping[int, Decimal], *, money: bool = False) -> dict[int, Decimal]:
    """A store's target per person by shares (all equal when every share is 0): Σ persons = store."""
    if shares and not any(shares.values()):
        shares = dict.fromkeys(shares, Decimal(1))
    return split(total, shares, CENT if money else UNIT)


@service
def target_set(
    *, by: User, store: Store, person: User, month: dt.date, kind: str, value: Decimal, version: int | None = None
) -> Target:
    """Set one person's figure. A changed figure must be acknowledged anew; history keeps the old one.

    Refuses people who do not sell in the store, closed months, negative values and broken units.
    """
    require(by, "target.set", store.pk)
    first = _open_month(store, month)
    _check_value(kind, value)
    if not people_in([store.pk], SELLING_ROLES, on=_valid_day(first)).filter(pk=person.pk).exists():
        raise DomainError(
            "not_selling", f"{person} 当月不在本店销售岗位，不能下达目标。", {"person": ["请选择本店销售人员。"]}
        )
    row = Target.objects.select_for_update().filter(store=store, person=person, month=first, kind=kind).first()
    if row is None:
        row = Target.objects.create(
            store=store, team_id=team_id_in(person, store.pk), person=person, month=first, kind=kind,
            value=quantize(value), set_by=by,
        )  # fmt: skip
        record(by=by, action="target.set", target=row, changes={"value": row.value})
        return row
    check_version(row, version, value=row.value)
    if row.value != quantize(value):
        before, row.value = row.value, quantize(value)
        row.set_by, row.acknowledged_at = by, None
        row.touch()
        row.save()
        record(by=by, action="target.set", target=row, changes={"value": [str(before), str(row.value)]})
    return row


@service
def targets_set(
    *,
    by: User,
    store: Store,
    month: dt.date,
    rows: Sequence[Mapping[str, Any]],
    totals: Mapping[str, Decimal] | None = None,
) -> list[Target]:
    """A whole sheet at once: rows of `person`, `kind`, `value`, optional `version`.

    With `totals` (kind → store total) the sheet is refused unless Σ persons equals it (R-TGT).
    """
    require(by, "target.set", store.pk)
    for kind, total in (totals or {}).items():
        summed = sum((quantize(row["value"]) for row in rows if row["kind"] == kind), ZERO)
        if summed != quantize(total):
            text = f"{TargetKind(kind).label}：个人合计 {summed:,.2f} 与门店目标 {quantize(total):,.2f} 不一致。"
            raise DomainError("sum_differs", text, {"totals": [text]})
    ordered = sorted(rows, key=lambda row: (row["person"].pk, row["kind"]))
    return [
        target_set(
            by=by, store=store, month=month, person=row["person"], kind=row["kind"], value=row["value"],
            version=row.get("version"),
        )
        for row in ordered
    ]  # fmt: skip


@service
def target_acknowledge(*, by: User, target_id: int, version: int | None = None) -> Target:
    """The person confirms their own line; nobody does it for them."""
    row = lock(Target.objects.visible_to(by), target_id)
    require(by, "target.acknowledge", row.store_id)
    if row.person_id != by.pk:
        raise NotAllowed("只能由本人确认自己的目标。")
    check_version(row, version, value=row.value)
    if row.acknowledged_at is not None:
        raise Conflict("acknowledged", "该目标已确认过，请刷新页面。")
    row.acknowledged_at = periods.now()
    row.touch()
    row.save()
    record(by=by, action="target.acknowledge", target=row)
    return row


def _open_month(store: Store, month: dt.date) -> dt.date:
    first = month.replace(day=1)
    take_close_lock(store.pk, first)
    if ClosedMonth.objects.filter(store=store, month=first).exists():
        raise Conflict("month_closed", f"{first.year}年{first.month}月已关账，目标不能再修改。")
    return first


def _valid_day(first: dt.date) -> dt.date:
    """People are looked up today for the running month, on the first for a coming one, on the last for a past one."""
    month, today = Period.containing("month", first), periods.today()
    return min(max(today, month.start), month.last_day)


def _check_value(kind: str, value: Decimal) -> None:
    if kind not in TargetKind.values:
        raise DomainError("kind_invalid", "目标类型无效。", {"kind": ["请选择目标类型。"]})
    text = ""
    if not ZERO <= value <= MAX_MONEY or value != quantize(value):
        text = "目标应为不小于0的数字，金额最多两位小数。"
    elif kind not in MONEY_TARGETS and value != value.to_integral_value():
        text = f"{TargetKind(kind).label}目标应为整数。"
    if text:
        raise DomainError("value_invalid", text, {"value": [text]})
