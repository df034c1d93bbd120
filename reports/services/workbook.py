"""The month's workbook: asked for, built in a job, kept equal once closed, checked again when handed out.

A closed month's rows are frozen once per version (at the close, at the latest with the first workbook); every later
workbook of that version is written from them. A running or reopened month is read live, within the maker's reach.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection
from django.utils.translation import gettext as _

from dealership.audit import services as audit
from dealership.core import periods
from dealership.core.cells import file_part
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.kpi import SYSTEM
from dealership.core.periods import Period
from dealership.core.services import service
from dealership.jobs.models import Job, JobState
from dealership.jobs.runner import JobRun
from dealership.jobs.services import request_job
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import require, sees_profit
from reports.choices import CloseState
from reports.models import MonthClose, MonthRow
from reports.registry import KPIS
from reports.selectors import month_rows
from reports.services import workbook_losses
from reports.services import workbook_tables as tables
from reports.services.workbook_tables import MonthScope
from reports.workbook.build import PROVED, write_month_book
from reports.workbook.columns import Row
from reports.workbook.content import Definition, MonthContent

KIND = "reports.workbook"
BATCH = 500

Source = Callable[[MonthScope], Iterable[Row]]


def _detail(rows: Callable[..., Iterator[Row]]) -> Source:
    return lambda scope: rows(scope.store.pk, scope.month, scope.reader)


SOURCES: dict[str, Source] = {
    "store": tables.store_rows,
    "series": tables.series_rows,
    "people": tables.people_rows,
    "vehicles": _detail(month_rows.vehicle_rows),
    "receipts": _detail(month_rows.receipt_rows),
    "receivables": _detail(month_rows.receivable_rows),
    "refunds": _detail(month_rows.refund_rows),
    "stock": _detail(month_rows.stock_rows),
    "funnel": tables.funnel_rows,
    "cards": tables.card_rows,
    "grades": tables.grade_rows,
    "sources": tables.source_rows,
    "losses": workbook_losses.group_rows,
    "loss_detail": workbook_losses.detail_rows,
    "differences": tables.difference_rows,
}


# --- asking -----------------------------------------------------------------------------------
@service
def workbook_request(*, by: Any, store_id: int, month: Period) -> Job:
    """Ask for the workbook of a store's month; a second press while one is being made answers that one.

    Refused: 404 out of reach, 403 without the right to make workbooks, a month that has not begun.
    """
    store = _store(by, store_id)
    if month.start > periods.today():
        raise DomainError(
            "month_not_begun", _("该月尚未开始，没有可以导出的数据。"), {"month": [_("请选择已开始的月份。")]}
        )
    payload = {"store": store.pk, "month": month.code}
    waiting = Job.objects.filter(
        kind=KIND, requested_by=by, payload__contains=payload, state__in=[JobState.QUEUED, JobState.RUNNING]
    ).first()
    if waiting is not None:
        return waiting
    title = f"{store.short_name} {month.label} 销售月报"
    key = f"{KIND}:{store.pk}:{month.code}:{by.pk}:{uuid.uuid4().hex}"
    job = request_job(kind=KIND, key=key, payload=payload, by=by, store_id=store.pk, title=title)
    audit.record(by=by, action="workbook.request", target=store, changes={"month": month.code})
    return job


def _store(by: Any, store_id: int) -> Store:
    """The store, if this person may take its workbook now."""
    store = Store.objects.visible_to(by).filter(pk=store_id).first()
    if store is None:
        raise NotFound
    require(by, "workbook.make", store.pk)
    return store


# --- making -----------------------------------------------------------------------------------
def workbook_build(run: JobRun) -> None:
    """Make the file of a job. Reach and role are looked up again now, not as they were when it was asked for."""
    by, month = run.job.requested_by, Period.parse(run.payload["month"])
    if by is None or not by.is_active:
        raise NotAllowed
    store = _store(by, int(run.payload["store"]))
    content = month_content(by=by, store=store, month=month)
    expected = _expected_rows(store.pk, month)
    run.progress(0, expected, _("正在读取数据"))
    with run.result(workbook_name(store, month)) as path:
        rows = write_month_book(path, content, lambda done: run.progress(min(done, expected), expected, _("正在写入")))
    run.progress(rows, rows, _("已生成 %(rows)d 行") % {"rows": rows})


def workbook_take(*, by: Any, store: Store, month: Period) -> tuple[BinaryIO, str]:
    """Make the file and hand it out at once (API): the open file, already without a name on disk, and its name."""
    checked = _store(by, store.pk)
    name = workbook_name(checked, month)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "month.xlsx"
        rows = write_month_book(path, month_content(by=by, store=checked, month=month))
        handle = path.open("rb")
    audit.record_export(by=by, kind=KIND, filename=name, rows=rows, store_id=checked.pk)
    return handle, name


def workbook_name(store: Store, month: Period) -> str:
    """`门店_2026年10月_销售月报.xlsx`."""
    return f"{file_part(store.name)}_{month.label}_销售月报.xlsx"


def _expected_rows(store_id: int, month: Period) -> int:
    """About how many rows will be written: for the bar only."""
    return 150 + month_rows.row_count(store_id, month)


def month_content(*, by: Any, store: Store, month: Period) -> MonthContent:
    """Everything the sheets show, from frozen rows when the month is closed."""
    close = MonthClose.objects.filter(store=store, month=month.start).select_related("closed_by").first()
    closed = close is not None and close.state == CloseState.CLOSED
    scope = MonthScope(store, month, SYSTEM if closed else by)
    if closed and close is not None:
        month_freeze(close=close)
        rows = _frozen(close)
    else:
        rows = _live(scope)
    profit = sees_profit(by, store.pk)
    made_at = periods.local_time(periods.now())
    return MonthContent(
        store_name=store.name,
        month_label=month.label,
        month_code=month.code,
        status_label=_status(close, scope),
        version_label=_version(close),
        closed_text=_closed_text(close),
        made_by=by.name,
        made_at=f"{made_at:%Y-%m-%d %H:%M}",
        compare_note=scope.compare_note,
        profit=profit,
        rows=rows,
        definitions=tuple(
            Definition(kpi.key, str(kpi.label), str(kpi.unit), str(kpi.explanation))
            for kpi in KPIS
            if profit or not kpi.profit
        ),
        figures=_proof(rows("store")),
        retail_column="invoiced" if policy("kpi.retail_basis", store, month.start) == "invoice" else "delivered",
        findings=_findings(close),
        version=close.figures_version if closed and close is not None else 0,
        reopen_reason=close.reopen_reason if close is not None else "",
    )


def _proof(rows: Iterable[Row]) -> dict[str, Decimal]:
    return {row["key"]: row["actual"] for row in rows if row["key"] in PROVED and row.get("actual") is not None}


def _status(close: MonthClose | None, scope: MonthScope) -> str:
    if close is not None:
        return str(close.get_state_display())
    return (
        _("当月未结束，数据截至 %(day)s") % {"day": f"{periods.today():%Y-%m-%d}"} if scope.is_running else _("未关账")
    )


def _version(close: MonthClose | None) -> str:
    if close is None or not close.figures_version:
        return _("未定版")
    if close.state != CloseState.CLOSED:
        return _("第 %(number)d 版之后重开，未定版") % {"number": close.figures_version}
    return _("第 %(number)d 版") % {"number": close.figures_version}


def _closed_text(close: MonthClose | None) -> str:
    if close is None or close.closed_at is None or close.state != CloseState.CLOSED:
        return _("尚未关账，数字可能变化")
    moment = periods.local_time(close.closed_at)
    who = close.closed_by.name if close.closed_by else ""
    return _("%(at)s 由 %(who)s 关账") % {"at": f"{moment:%Y-%m-%d %H:%M}", "who": who}


def _findings(close: MonthClose | None) -> tuple[tuple[str, int], ...]:
    checks = close.checks if close is not None else []
    return tuple((str(check.get("label", check["code"])), int(check["count"])) for check in checks if check["count"])


# --- frozen rows --------------------------------------------------------------------------------
def _live(scope: MonthScope) -> Callable[[str], Iterable[Row]]:
    return lambda table: SOURCES[table](scope)


def _frozen(close: MonthClose) -> Callable[[str], Iterable[Row]]:
    def rows(table: str) -> Iterator[Row]:
        found = MonthRow.objects.filter(close=close, version=close.figures_version, table=table).order_by("position")
        for cells in found.values_list("cells", flat=True).iterator(chunk_size=BATCH):
            yield {key: _unpacked(value) for key, value in cells.items()}

    return rows


@service
def month_freeze(*, close: MonthClose) -> int:
    """Keep the rows of a closed version. Called in the transaction of the close; later calls change nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('month-rows:' || %s || ':' || %s))",
            [close.pk, close.figures_version],
        )
    kept = MonthRow.objects.filter(close=close, version=close.figures_version)
    if kept.exists():
        return 0
    scope = MonthScope(close.store, Period.containing("month", close.month), SYSTEM)
    return sum(_freeze_table(close, table, source(scope)) for table, source in SOURCES.items())


def _freeze_table(close: MonthClose, table: str, rows: Iterable[Row]) -> int:
    batch: list[MonthRow] = []
    count = 0
    for position, row in enumerate(rows):
        cells = {key: _packed(value) for key, value in row.items() if value is not None}
        batch.append(MonthRow(close=close, version=close.figures_version, table=table, position=position, cells=cells))
        count += 1
        if len(batch) >= BATCH:
            MonthRow.objects.bulk_create(batch)
            batch = []
    MonthRow.objects.bulk_create(batch)
    return count


def _packed(value: Any) -> Any:
    """JSON that remembers what it was: amounts and days are marked."""
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    return value if isinstance(value, (int, bool)) else str(value)


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return Decimal(value["n"]) if "n" in value else dt.date.fromisoformat(value["d"])
