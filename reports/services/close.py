"""The month close of a store (domain.md §4.8): snapshot, checks, confirm, close, re-open by two persons.

Lock order: roll-up lock → close lock → the `MonthClose` row. The close lock waits for every guarded write of the
month and holds off new ones, so a write is inside the totals or refused by the database trigger (R07, R08, R09).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.periods import Period
from dealership.core.services import check_version, lock, service
from dealership.jobs.services import request_job
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.closing import take_close_lock
from dealership.org.models import ClosedMonth
from dealership.org.reach import people_in, require
from reports.choices import CLOSE_TRANSITIONS, CloseState
from reports.models import MonthClose, MonthVersion
from reports.selectors.identity import identity_of
from reports.selectors.month_checks import Check, make_check, row_checks
from reports.services.freeze import differences, digest_of, month_figures
from reports.services.rollup import rollup_month, take_rollup_lock
from reports.services.snapshot import opening_snapshot_take
from reports.services.verify import facts_differences
from reports.services.workbook import month_freeze

WORKBOOK = "reports.workbook"
MANAGERS = (Role.SHOWROOM_MANAGER, Role.SALES_MANAGER)


@service
def month_snapshot(*, store_id: int, month: dt.date) -> MonthClose:
    """Open the close of a month that has ended: freeze the next month's openings, roll up, run the checks.

    Called by the job of the 1st, 00:05, and by hand after a downtime; a second call finds everything done.
    """
    following = Period.containing("month", month).end
    if periods.at(following) > periods.now():
        raise DomainError("month_running", "该月尚未结束，不能开始月结。")
    opening_snapshot_take(store_id=store_id, month=month)
    opening_snapshot_take(store_id=store_id, month=following)
    rollup_month(store_id=store_id, month=month)
    close, fresh = MonthClose.objects.get_or_create(store_id=store_id, month=month)
    close = lock(MonthClose.objects.all(), close.pk)
    if fresh or close.state == CloseState.SNAPSHOT:
        record(by=None, action="month.snapshot", target=close)
        _move(close, CloseState.CHECKING)
        _run_checks(close)
        close.save()
        text = f"{close.store} {month:%Y年%m月}可以核对月结了，请处理核对清单。"
        _tell(close, MANAGERS, "snapshot", text)
    return close


@service
def month_recheck(*, by: Any, close_id: int, version: int | None = None) -> MonthClose:
    """Roll the month up again and renew the check list. A confirmation falls when new blocking checks appear."""
    close = lock(MonthClose.objects.visible_to(by), close_id)
    require(by, "month.recheck", close.store_id)
    check_version(close, version, 状态=close.get_state_display())
    if close.state == CloseState.CLOSED:
        raise Conflict("already_closed", "该月已关账，数字不再变化；如需更正请走重开流程。")
    rollup_month(store_id=close.store_id, month=close.month)
    _run_checks(close)
    if close.open_blocks and close.state == CloseState.STORE_CONFIRMED:
        _move(close, CloseState.CHECKING)
    close.touch()
    close.save()
    record(by=by, action="month.recheck", target=close, changes={"open": close.open_blocks})
    return close


@service
def month_confirm(
    *, by: Any, close_id: int, explanations: Mapping[str, str] | None = None, version: int | None = None
) -> MonthClose:
    """The store answers for the month. Each blocking check must be settled or explained (`code` → text)."""
    close = lock(MonthClose.objects.visible_to(by), close_id)
    require(by, "month.confirm", close.store_id)
    check_version(close, version, 状态=close.get_state_display())
    if close.state not in (CloseState.CHECKING, CloseState.REOPENED):
        raise Conflict("wrong_state", f"当前状态为“{close.get_state_display()}”，不能再次确认。")
    rollup_month(store_id=close.store_id, month=close.month)
    _run_checks(close)
    given = {code: text.strip()[:200] for code, text in (explanations or {}).items() if len(text.strip()) >= 2}
    codes = {check["code"] for check in close.checks}
    close.explanations = {**close.explanations, **{code: text for code, text in given.items() if code in codes}}
    if close.open_blocks:
        labels = {check["code"]: check["label"] for check in close.checks}
        fields = {code: [f"请先处理“{labels[code]}”，或填写说明。"] for code in close.open_blocks}
        names = "、".join(labels[code] for code in close.open_blocks)
        raise DomainError("checks_open", f"还有需处理或说明的项目：{names}。", fields)
    _move(close, CloseState.STORE_CONFIRMED)
    close.confirmed_by, close.confirmed_at = by, periods.now()
    close.touch()
    close.save()
    record(by=by, action="month.confirm", target=close, changes={"explained": sorted(given)})
    _tell(
        close,
        (Role.FINANCE,),
        f"confirmed:{close.version}",
        f"{close.store} {close.month:%Y年%m月}门店已确认，请关账。",
    )
    return close


@service
def month_close(*, by: Any, close_id: int, version: int | None = None) -> MonthClose:
    """Close the month: roll up under the close lock, freeze the next version, seal the month, ask for the workbook.

    Finance only. Refused while the store has not confirmed or unexplained blocking checks are open; a second
    finance user gets a conflict (R08).
    """
    seen = MonthClose.objects.visible_to(by).filter(pk=close_id).first()
    if seen is not None:
        take_rollup_lock(seen.store_id, seen.month)
        take_close_lock(seen.store_id, seen.month)
    close = lock(MonthClose.objects.visible_to(by), close_id)
    require(by, "month.close", close.store_id)
    if close.state == CloseState.CLOSED:
        raise Conflict("already_closed", f"该月已由{close.closed_by}关账，无需重复操作。")
    check_version(close, version, 状态=close.get_state_display())
    if close.state not in (CloseState.STORE_CONFIRMED, CloseState.REOPENED):
        raise Conflict("not_confirmed", "门店还没有确认本月数据，请先由展厅经理或销售经理确认。")
    rollup_month(store_id=close.store_id, month=close.month)
    _run_checks(close)
    if close.open_blocks:
        raise DomainError("checks_open", "门店确认后又出现需处理的项目，请重新核对并由门店确认。")
    _move(close, CloseState.CLOSED)
    close.figures_version += 1
    close.closed_by, close.closed_at = by, periods.now()
    close.touch()
    close.save()
    frozen = _freeze(close, by)
    month_freeze(close=close)
    ClosedMonth.objects.create(store_id=close.store_id, month=close.month)
    record(by=by, action="month.close", target=close, changes={"version": frozen.number, "digest": frozen.digest})
    _ask_workbook(close, by)
    text = f"{close.store} {close.month:%Y年%m月}已关账（第{frozen.number}版）。"
    _tell(close, (*MANAGERS, Role.GENERAL_MANAGER), f"closed:{frozen.number}", text)
    return close


@service
def month_reopen_request(*, by: Any, close_id: int, reason: str, version: int | None = None) -> MonthClose:
    """Finance asks to open a closed month again and says why; a general manager has to agree."""
    close = lock(MonthClose.objects.visible_to(by), close_id)
    require(by, "month.reopen", close.store_id)
    check_version(close, version, 状态=close.get_state_display())
    if close.state != CloseState.CLOSED:
        raise Conflict("not_closed", "该月没有关账，无需重开。")
    if len(reason.strip()) < 4:
        text = "请写明重开原因（至少4个字）。"
        raise DomainError("reason_missing", text, {"reason": [text]})
    close.reopen_requested_by, close.reopen_requested_at = by, periods.now()
    close.reopen_reason = reason.strip()[:200]
    close.reopened_by = close.reopened_at = None
    close.touch()
    close.save()
    record(by=by, action="month.reopen_request", target=close)
    text = f"{by} 申请重开 {close.store} {close.month:%Y年%m月}，请审批。"
    _tell(close, (Role.GENERAL_MANAGER,), f"reopen:{close.version}", text)
    return close


@service
def month_reopen_confirm(*, by: Any, close_id: int, version: int | None = None) -> MonthClose:
    """A general manager, not the one who asked, opens the month; the closed version stays as it is."""
    close = lock(MonthClose.objects.visible_to(by), close_id)
    require(by, "month.reopen_confirm", close.store_id)
    check_version(close, version, 状态=close.get_state_display())
    if close.state != CloseState.CLOSED or close.reopen_requested_by_id is None:
        raise Conflict("not_requested", "没有待审批的重开申请。")
    if close.reopen_requested_by_id == by.pk:
        raise NotAllowed("重开须由两人办理，您不能批准自己的申请。")
    _move(close, CloseState.REOPENED)
    close.reopened_by, close.reopened_at = by, periods.now()
    close.touch()
    close.save()
    ClosedMonth.objects.filter(store_id=close.store_id, month=close.month).delete()
    record(by=by, action="month.reopen", target=close, changes={"version": close.figures_version})
    text = f"{close.store} {close.month:%Y年%m月}已重开。"
    _tell(close, (Role.FINANCE, *MANAGERS), f"reopened:{close.version}", text)
    return close


def _move(close: MonthClose, to: str) -> None:
    if to not in CLOSE_TRANSITIONS[close.state]:
        raise Conflict("wrong_state", f"当前状态为“{close.get_state_display()}”，不能执行此操作。")
    close.state = to


def _run_checks(close: MonthClose) -> None:
    """Renew the list; explanations of checks that no longer find anything are dropped."""
    checks = [
        *row_checks(store_id=close.store_id, month=close.month),
        _identity_check(close),
        _facts_check(close),
    ]
    close.checks = [check.as_json() for check in checks]
    close.checked_at = periods.now()
    standing = {check.code for check in checks if check.count}
    close.explanations = {code: text for code, text in close.explanations.items() if code in standing}


def _identity_check(close: MonthClose) -> Check:
    identity = identity_of(store_id=close.store_id, month=close.month)
    items = [
        {"label": f"应为 {row.closing}，实为 {row.counted}", "kind": "person", "id": row.person_id}
        for row in (*identity.people, identity.store)
        if row.difference
    ]
    hint = "月初 + 新增 + 激活 + 转入 − 转出 − 成交 − 战败 − 休眠 应等于月末存量，请联系系统管理员查明。"
    return make_check("identity", "潜客进销存不平", hint, items)


def _facts_check(close: MonthClose) -> Check:
    found = facts_differences(store_id=close.store_id, month=close.month)
    items = [{"label": str(row), "kind": "kpi", "id": row.cell.kpi} for row in found]
    return make_check("facts", "汇总与明细不符", "请重新核对；仍不符请联系系统管理员。", items)


def _freeze(close: MonthClose, by: Any) -> MonthVersion:
    figures = month_figures(store_id=close.store_id, month=close.month)
    before = close.versions.filter(number=close.figures_version - 1).first()
    return MonthVersion.objects.create(
        close=close,
        number=close.figures_version,
        figures=figures,
        digest=digest_of(figures),
        difference=differences(before.figures, figures) if before else [],
        reason=close.reopen_reason,
        made_by=by,
        made_at=periods.now(),
    )


def _ask_workbook(close: MonthClose, by: Any) -> None:
    """The month's workbook, once per version; the kind is registered beside its builder."""
    request_job(
        kind=WORKBOOK,
        key=f"workbook:{close.store_id}:{close.month:%Y-%m}:v{close.figures_version}",
        payload={"store": close.store_id, "month": f"{close.month:%Y-%m}"},
        by=by,
        store_id=close.store_id,
        title=f"{close.store} {Period.containing('month', close.month).label} 销售月报",
    )


def _tell(close: MonthClose, roles: tuple[Role, ...], step: str, text: str) -> None:
    people = list(people_in([close.store_id], roles))
    notify(to=people, kind="month_close", key=f"close:{close.pk}:{step}", text=text, url=f"/reports/closes/{close.pk}/")
