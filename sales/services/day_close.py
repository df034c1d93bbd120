"""日结: the cashier counts, the accountant confirms; nothing is edited, a correction is the next revision (R-PAY)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.money import ZERO, quantize
from dealership.core.periods import Period
from dealership.core.services import lock, service, still_visible
from dealership.org.models import Store
from dealership.org.reach import require
from sales.choices import DayCloseState, PaymentMethod
from sales.models import DayClose, DayCloseLine, Payment
from sales.selectors.day_close import booked_by_method


@service
def day_close_submit(
    *, by: User, store: Store, day: dt.date, lines: Sequence[Mapping[str, Any]], note: str = ""
) -> DayClose:
    """The count of a day (cashier): per way of payment what till, POS slip and bank say.

    `lines`: {"method", "counted", "reason"}. A way left out counts as nothing. A count that still waits is replaced;
    after a confirmed one this is a correction and says why. Refuses future days, ways told twice and a difference
    without its reason (R-PAY); a closed month is refused by the database.
    """
    require(by, "payment.clear", store.pk)
    Store.objects.select_for_update().get(pk=store.pk)  # two counts of one day come one after the other
    if day > periods.today():
        raise DomainError("day_future", "日结日期不能晚于今天。", {"day": ["日结日期不能晚于今天。"]})
    earlier = DayClose.objects.filter(store=store, day=day)
    if earlier.filter(state=DayCloseState.CONFIRMED).exists() and len(note.strip()) < 2:
        text = "该日已确认日结，更正须写明原因。"
        raise DomainError("note_missing", text, {"note": [text]})
    rows = _checked(lines, booked_by_method(store_id=store.pk, day=day))
    newest = earlier.order_by("-revision").values_list("revision", flat=True).first() or 0
    for waiting in earlier.filter(state=DayCloseState.SUBMITTED):
        waiting.state = DayCloseState.REPLACED
        waiting.touch()
        waiting.save()
    close = DayClose.objects.create(
        store=store, day=day, revision=newest + 1, note=note.strip()[:200], submitted_by=by,
        submitted_at=periods.now(),
    )  # fmt: skip
    DayCloseLine.objects.bulk_create([DayCloseLine(close=close, **row) for row in rows])
    still_visible(close, by)
    record(by=by, action="day_close.submit", target=close, changes={"day": day, "revision": close.revision})
    return close


def _checked(lines: Sequence[Mapping[str, Any]], booked: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    """Every way that has money or was counted, with its difference explained; all problems at once."""
    told = {line["method"]: line for line in lines}
    problems: dict[str, list[str]] = {}
    if len(told) != len(lines) or not set(told) <= set(PaymentMethod.values):
        raise DomainError("choice_invalid", "付款方式有误或重复，请逐项填写。", {"lines": ["付款方式有误或重复。"]})
    rows = []
    for method in PaymentMethod:
        line = told.get(method.value, {})
        counted, system = quantize(line.get("counted") or ZERO), booked.get(method.value, ZERO)
        reason = str(line.get("reason") or "").strip()[:200] if counted != system else ""
        if counted != system and len(reason) < 2:
            problems[f"reason_{method.value}"] = [f"{method.label}差异 {counted - system:+,.2f} 元，请写明原因。"]
        if method.value in booked or counted:
            rows.append({"method": method.value, "booked": system, "counted": counted, "reason": reason})
    if problems:
        raise DomainError("difference_unexplained", next(iter(problems.values()))[0], problems)
    return rows


@service
def day_close_confirm(*, by: User, day_close_id: int, version: int | None = None) -> DayClose:
    """The accountant agrees: final from now on, and the receipts of the ways without difference are reconciled.

    Never by whoever counted. Refused (409) when receipts of that day changed since the count. Rows the accountant
    registered or cleared stay open for somebody else (product.md §3).
    """
    close = _waiting(by, day_close_id, version)
    day = Period.day(close.day).filter("cleared_at")
    receipts = list(Payment.objects.filter(store_id=close.store_id, **day).cleared().select_for_update().order_by("pk"))
    lines = list(close.lines.all())
    if {line.method: line.booked for line in lines if line.booked} != _sums(receipts):
        raise Conflict("receipts_changed", "提交后该日的到账有变动，请退回出纳重新提交日结。")
    _answer(close, by, DayCloseState.CONFIRMED)
    equal = {line.method for line in lines if line.difference == ZERO}
    agreed = [
        row.pk
        for row in receipts
        if row.method in equal and row.reconciled_at is None and by.pk not in (row.cleared_by_id, row.registered_by_id)
    ]
    done = Payment.objects.filter(pk__in=agreed).update(reconciled_by=by, reconciled_at=periods.now())
    record(by=by, action="day_close.confirm", target=close, changes={"day": close.day, "reconciled": done})
    return close


def _sums(receipts: Sequence[Payment]) -> dict[str, Decimal]:
    """Per way of payment, without those that come to nothing."""
    found: dict[str, Decimal] = {}
    for row in receipts:
        found[row.method] = found.get(row.method, ZERO) + row.amount
    return {method: amount for method, amount in found.items() if amount}


@service
def day_close_return(*, by: User, day_close_id: int, reason: str, version: int | None = None) -> DayClose:
    """The accountant gives the count back; the cashier counts again."""
    close = _waiting(by, day_close_id, version)
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", "请写明退回原因。", {"reason": ["请写明退回原因。"]})
    close.answer = reason.strip()[:200]
    _answer(close, by, DayCloseState.RETURNED)
    record(by=by, action="day_close.return", target=close, changes={"day": close.day})
    return close


def _waiting(by: User, day_close_id: int, version: int | None) -> DayClose:
    close = lock(DayClose.objects.visible_to(by), day_close_id)
    require(by, "payment.reconcile", close.store_id)
    if close.submitted_by_id == by.pk:
        raise NotAllowed("日结须由另一人确认，您不能确认自己提交的日结。", "two_persons")
    if close.state != DayCloseState.SUBMITTED or version not in (None, close.version):
        raise Conflict(
            "wrong_state",
            f"该日结当前是“{close.get_state_display()}”，请刷新页面查看最新版本。",
            current={"state": close.state, "version": close.version},
        )
    return close


def _answer(close: DayClose, by: User, state: DayCloseState) -> None:
    close.state, close.answered_by, close.answered_at = state, by, periods.now()
    close.touch()
    close.save()
