"""A file of ten thousand rows of which a tenth is bad: the preview and the confirmation (quality.md §1)."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

from openpyxl import Workbook

from dealership.accounts.models import User
from dealership.jobs.models import Job
from dealership.jobs.runner import run
from dealership.org.models import Store
from leads.models import ImportBatch
from leads.services.imports import import_confirm, import_undo, import_upload
from reports.bench.driver import Figure

ROWS = 10_000
LEAD_HEADS = ("姓名", "手机", "来源", "意向车型", "备注", "收到时间", "来源编号")
CUSTOMER_HEADS = ("姓名", "手机", "级别", "建卡日期", "归属顾问", "最近联系", "备注")


def _file(kind: str, owner: User, start: int) -> io.BytesIO:
    """Every tenth row has a wrong number or a day that does not exist."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(LEAD_HEADS if kind == "leads" else CUSTOMER_HEADS)
    for index in range(ROWS):
        bad = index % 10 == 9
        phone = "12345" if bad and index % 20 == 9 else f"15{(start + index) % 10**9:09d}"
        day = "2026-02-30" if bad and phone != "12345" else None
        name = f"客户{index}"
        if kind == "leads":
            sheet.append((name, phone, None, None, "周末方便到店看车", day, None))
        else:
            sheet.append((name, phone, "B", day, owner.username, None, "关注置换补贴"))
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    return content


def _done(job: Job | None) -> None:
    """Do the job here; anything but a good end is an error."""
    if job is None:
        raise RuntimeError("no job was asked for")
    run(job.pk)
    job.refresh_from_db()
    if job.state != "done":
        raise RuntimeError(f"{job.kind}: {job.message}")


def _once(name: str, act: Callable[[], None]) -> Figure:
    """One run: a file counts once, and a second one meets a larger table."""
    begun = time.perf_counter()
    act()
    spent = (time.perf_counter() - begun) * 1000
    return Figure(name, p50=spent, p95=spent, per_second=1000 / spent, statements=0, sql_ms=0)


def import_figures(store: Store, manager: User, owner: User) -> Iterator[Figure]:
    """Both kinds; each import is taken back at the end."""
    for kind in ("leads", "customers"):
        content = _file(kind, owner, time.time_ns() % 10**9)
        batch, _ = import_upload(by=manager, store=store, kind=kind, name="bench.xlsx", content=content)
        yield _once(f"import {kind}: preview of {ROWS} rows", lambda job=batch.check_job: _done(job))  # type: ignore[misc]
        batch = ImportBatch.objects.get(pk=batch.pk)
        if (batch.rows_good + batch.rows_duplicate, batch.rows_bad) != (ROWS * 9 // 10, ROWS // 10):
            raise RuntimeError(f"{batch.rows_good} good, {batch.rows_bad} bad")
        batch = import_confirm(by=manager, batch_id=batch.pk)
        yield _once(f"import {kind}: confirm", lambda job=batch.confirm_job: _done(job))  # type: ignore[misc]
        batch = import_undo(by=manager, batch_id=batch.pk)
        yield _once(f"import {kind}: undo", lambda job=batch.undo_job: _done(job))  # type: ignore[misc]
