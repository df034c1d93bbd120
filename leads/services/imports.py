"""Imports: a file is taken, checked by the worker, and confirmed or left. Nothing is written before that (I01).

Uploading and asking run in the request; `import_check` runs in the worker, where the file is opened (I03).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from pathlib import Path, PurePath
from typing import IO, Any

from django.conf import settings
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.copying import copy_in
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import lock, service
from dealership.core.sheet_read import read_sheet
from dealership.core.text import clean_text
from dealership.jobs.runner import JobRun
from dealership.jobs.services import request_job
from dealership.notices.services import notify
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import can, require
from leads.choices import HELD_IMPORTS, ImportKind, ImportState, RowVerdict
from leads.imports.checks import Line, Reader, find_doubles, lines_of
from leads.imports.workbook import errors_write, reasons
from leads.models import ImportBatch, ImportRow
from leads.selectors.imports import act_of, known_in

CHECK, CONFIRM, UNDO = "leads.import_check", "leads.import_confirm", "leads.import_undo"
MOST_BYTES = 10 * 1024 * 1024
FOLDER = "imports"
STEP = 1_000


def shown_name(name: str) -> str:
    """The name as it is shown: no folders, no control characters, at most 120 characters (I09)."""
    plain = re.sub(r"\s+", " ", clean_text(PurePath(name.replace("\\", "/")).name))
    return plain[:100] + (plain[-20:] if len(plain) > 120 else plain[100:]) or "未命名.xlsx"


@service
def import_upload(*, by: Any, store: Store, kind: str, name: str, content: IO[bytes]) -> tuple[ImportBatch, bool]:
    """Take a file and ask for its check; answers the import and whether it is new.

    A file that was imported, or is being worked on, is not taken again: the first import is the answer (I02). One that
    was only checked is checked anew, since sources and people may have changed since.
    """
    require(by, act_of(kind), store.pk)
    digest, size = _measure(content)
    if size == 0:
        raise DomainError("empty_file", "文件是空的，请重新选择。", {"file": ["文件是空的，请重新选择。"]})
    if size > MOST_BYTES:
        text = "文件超过 10 MB，请分成几个文件导入。"
        raise DomainError("file_too_big", text, {"file": [text]})
    held = ImportBatch.objects.select_for_update(of=("self",)).filter(
        store=store, kind=kind, digest=digest, state__in=HELD_IMPORTS
    )
    before: ImportBatch | None = held.select_related("check_job", "confirm_job", "undo_job", "made_by").first()
    if before is not None and (before.state == ImportState.CONFIRMED or before.open_job is not None):
        return _already(by, before), False
    if before is not None:
        import_close(before, "同一文件已重新上传，请以新的检查结果为准。")
    batch = ImportBatch(store=store, kind=kind, file_name=shown_name(name), digest=digest, made_by=by)
    batch.stored_file = _keep(content)
    try:
        batch.save()
        batch.check_job = request_job(
            kind=CHECK, key=f"{CHECK}:{batch.pk}", payload={"batch": batch.pk}, by=by, store_id=store.pk,
            title=f"检查导入文件（{batch.get_kind_display()}）",
        )  # fmt: skip
        batch.save(update_fields=["check_job"])
        record(by=by, action="import.upload", target=batch, changes={"kind": kind, "bytes": size})
    except BaseException:
        forget_file(batch)
        raise
    return batch, True


def _measure(content: IO[bytes]) -> tuple[str, int]:
    """Digest and size; reading stops right behind the limit."""
    found, size = hashlib.sha256(), 0
    content.seek(0)
    while size <= MOST_BYTES and (block := content.read(1 << 16)):
        found.update(block)
        size += len(block)
    return found.hexdigest(), size


def _already(by: Any, before: ImportBatch) -> ImportBatch:
    if not ImportBatch.objects.visible_to(by).filter(pk=before.pk).exists():
        day = periods.day_label(periods.local_date(before.created_at))
        raise Conflict("import_exists", f"这份文件已由{before.made_by}在 {day} 上传，无需重复导入。")
    return before


def folder() -> Path:
    """Where uploaded files wait for their check."""
    return Path(settings.MEDIA_ROOT) / FOLDER


def _keep(content: IO[bytes]) -> str:
    """Store under a random name; a half-written file is removed."""
    folder().mkdir(parents=True, exist_ok=True)
    stored = f"{uuid.uuid4().hex}.xlsx"
    content.seek(0)
    try:
        with (folder() / stored).open("wb") as target:
            while block := content.read(1 << 16):
                target.write(block)
    except OSError:
        (folder() / stored).unlink(missing_ok=True)
        raise DomainError(
            "disk_full", "文件没有保存下来（磁盘空间不足），请联系系统管理员后重试。", status=507
        ) from None
    return stored


def forget_file(batch: ImportBatch) -> None:
    """The file is not needed any more."""
    if batch.stored_file:
        (folder() / batch.stored_file).unlink(missing_ok=True)


def import_close(batch: ImportBatch, message: str) -> None:
    """End an import that wrote nothing. Inside the caller's transaction, the batch locked."""
    batch.state, batch.message = ImportState.FAILED, message[:300]
    batch.touch()
    batch.save()
    forget_file(batch)


def import_check(run: JobRun) -> None:
    """Open, read and check the file of one import; the rows that are wrong become the job's result file.

    A refusal or a full disk ends the import with a sentence; the file is deleted either way.
    """
    batch = ImportBatch.objects.select_related("store", "made_by").get(pk=int(run.payload["batch"]))
    if batch.state != ImportState.UPLOADED:
        return
    try:
        _check(run, batch)
    except DomainError as error:
        _failed(batch_id=batch.pk, message=error.message)
        raise
    except OSError:
        _failed(batch_id=batch.pk, message="检查没有完成（磁盘空间不足），请联系系统管理员后重新上传。")
        raise


def _check(run: JobRun, batch: ImportBatch) -> None:
    require(batch.made_by, act_of(batch.kind), batch.store_id)
    run.progress(0, 0, "正在读取文件")
    sheet = read_sheet(folder() / batch.stored_file, int(policy("import.max_rows", batch.store)) + 1)
    lines, notes = lines_of(batch.kind, sheet)
    if not lines:
        raise DomainError("no_rows", "文件里没有可以导入的数据行。请填写后重新上传。")
    reader = reader_for(batch, batch.made_by)
    for done, line in enumerate(lines, 1):
        if line.verdict == RowVerdict.GOOD:
            reader.read(line)
        if done % STEP == 0:
            run.progress(done, len(lines), f"已检查 {done} 行")
    find_doubles(batch.kind, reader.known, lines)
    bad = [line for line in lines if line.verdict == RowVerdict.BAD]
    if bad:
        day = periods.local_date(batch.created_at)
        with run.result(f"{batch.get_kind_display()}导入_错误行_{day:%m%d}_{batch.pk}.xlsx") as path:
            errors_write(path, batch.kind, ((line.number, line.values, reasons(line.errors)) for line in bad))
    _checked(batch_id=batch.pk, lines=lines, notes=notes)
    run.progress(len(lines), len(lines), f"检查完成：{len(lines)} 行，其中 {len(bad)} 行有错误")


def reader_for(batch: ImportBatch, by: Any) -> Reader:
    """The reader with the store's tables."""
    may_give = batch.kind == ImportKind.CUSTOMERS or can(by, "lead.assign", batch.store_id)
    return Reader(batch.kind, known_in(batch.store), may_give)


@service
def _checked(*, batch_id: int, lines: list[Line], notes: list[str]) -> None:
    batch = lock(ImportBatch.objects.all(), batch_id)
    if batch.state != ImportState.UPLOADED:
        return
    copy_in(
        ImportRow,
        (
            ImportRow(
                batch=batch, number=line.number, values=line.values, verdict=line.verdict, errors=line.errors,
                is_taken=line.is_taken,
            )
            for line in lines
        ),
    )  # fmt: skip
    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in RowVerdict}
    batch.rows_good, batch.rows_bad = counts[RowVerdict.GOOD], counts[RowVerdict.BAD]
    batch.rows_duplicate = counts[RowVerdict.DUPLICATE]
    batch.state, batch.notes = ImportState.CHECKED, notes
    forget_file(batch)
    batch.stored_file = ""
    batch.touch()
    batch.save()
    notify(
        to=[batch.made_by], kind="import.checked", key=f"import:{batch.pk}:checked",
        text=f"导入文件检查完成：可导入 {batch.rows_good} 行，有错误 {batch.rows_bad} 行，请预览后确认。",
        url=reverse("leads:import_detail", args=[batch.pk]),
    )  # fmt: skip


@service
def _failed(*, batch_id: int, message: str) -> None:
    batch = lock(ImportBatch.objects.all(), batch_id)
    if batch.state == ImportState.UPLOADED:
        import_close(batch, message)


@service
def import_confirm(*, by: Any, batch_id: int) -> ImportBatch:
    """Ask for the writing of a checked import. Refused while it is under way or when no row is good."""
    batch = _held(by, batch_id)
    if batch.state != ImportState.CHECKED:
        raise Conflict("not_checked", f"该导入当前为“{batch.get_state_display()}”，不能确认；请刷新页面查看。")
    if not batch.rows_good and not ImportRow.objects.filter(batch=batch, is_taken=True).exists():
        raise DomainError("nothing_to_import", "没有可以导入的行。请按错误原因修改后重新上传。")
    batch.touch()
    batch.confirm_job = request_job(
        kind=CONFIRM, key=f"{CONFIRM}:{batch.pk}:{batch.version}", payload={"batch": batch.pk, "by": by.pk}, by=by,
        store_id=batch.store_id, title=f"导入{batch.get_kind_display()}（{batch.rows_good} 行）",
    )  # fmt: skip
    batch.save()
    return batch


@service
def import_undo(*, by: Any, batch_id: int) -> ImportBatch:
    """Ask to take an import back. Refused after the policy's hours and while something is under way."""
    batch = _held(by, batch_id)
    if batch.state != ImportState.CONFIRMED:
        raise Conflict("not_confirmed", f"该导入当前为“{batch.get_state_display()}”，不能撤销；请刷新页面查看。")
    if batch.undo_until is None or periods.now() > batch.undo_until:
        hours = int(policy("import.undo_hours", batch.store_id))
        raise DomainError("undo_over", f"导入超过 {hours} 小时，不能再撤销；请逐条处理或联系展厅经理。")
    batch.touch()
    batch.undo_job = request_job(
        kind=UNDO, key=f"{UNDO}:{batch.pk}:{batch.version}", payload={"batch": batch.pk, "by": by.pk}, by=by,
        store_id=batch.store_id, title=f"撤销导入{batch.get_kind_display()}（{batch.rows_made} 行）",
    )  # fmt: skip
    batch.save()
    return batch


def _held(by: Any, batch_id: int) -> ImportBatch:
    """The import within reach, locked, with nothing under way on it."""
    batch = lock(ImportBatch.objects.visible_to(by), batch_id)
    require(by, act_of(batch.kind), batch.store_id)
    if batch.open_job is not None:
        raise Conflict("busy", "该导入正在处理中，请等进度条走完再操作。")
    return batch
