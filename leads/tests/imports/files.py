"""Files for the tests of imports, and the road from a file to a finished job."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from dealership.core.cells import is_risky, safe_cell
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.org.models import Store
from leads.models import ImportBatch
from leads.services.imports import import_confirm, import_undo, import_upload

LEADS = ("姓名", "手机号", "来源", "意向车型", "备注", "收到时间", "来源编号", "负责顾问")
CUSTOMERS = (
    "姓名", "手机", "称呼", "级别", "来源", "意向车型", "建卡日期", "建卡人", "归属顾问", "最近联系",
    "下次跟进", "备注",
)  # fmt: skip


def workbook(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> io.BytesIO:
    """An xlsx with one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("数据")
    sheet.append(list(heads))
    for row in rows:
        sheet.append([safe_cell(sheet, value) if is_risky(value) else value for value in row])
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target


def number(index: int) -> str:
    """A mobile number of its own."""
    return f"137{index:08d}"


def upload(by: Any, store: Store, content: io.BytesIO, kind: str = "leads", name: str = "线索.xlsx") -> ImportBatch:
    """Uploaded only."""
    batch, _fresh = import_upload(by=by, store=store, kind=kind, name=name, content=content)
    return batch


def work(job: Job | None) -> Job:
    """Do the job as the worker would."""
    assert job is not None
    runner.run(job.pk)
    job.refresh_from_db()
    return job


def checked(by: Any, store: Store, content: io.BytesIO, kind: str = "leads") -> ImportBatch:
    """Uploaded and looked at by the worker."""
    batch = upload(by, store, content, kind)
    job = work(batch.check_job)
    assert job.state == "done", job.message
    return again(batch)


def confirmed(by: Any, store: Store, content: io.BytesIO, kind: str = "leads") -> ImportBatch:
    """Written by the worker."""
    batch = import_confirm(by=by, batch_id=checked(by, store, content, kind).pk)
    job = work(batch.confirm_job)
    assert job.state == "done", job.message
    return again(batch)


def undone(by: Any, batch: ImportBatch) -> ImportBatch:
    """Taken back by the worker."""
    job = work(import_undo(by=by, batch_id=batch.pk).undo_job)
    assert job.state == "done", job.message
    return again(batch)


def again(batch: ImportBatch) -> ImportBatch:
    """As it is now."""
    return ImportBatch.objects.select_related("check_job", "confirm_job", "undo_job").get(pk=batch.pk)
