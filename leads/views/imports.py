"""导入: upload → preview with row, column and reason → confirm → result, undo."""

from __future__ import annotations

import io
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.jobs.models import Job
from dealership.jobs.selectors import expires_at, is_fetchable
from dealership.org.policy import policy
from dealership.org.reach import can, home_store, require
from leads.choices import IMPORT_TONE, ImportKind, ImportState, RowVerdict
from leads.forms.imports import ImportForm
from leads.imports.columns import COLUMNS
from leads.imports.workbook import template_write
from leads.models import ImportBatch
from leads.selectors.imports import LIST_ORDER, ROW_ORDER, act_of, import_get, import_list, rows_kept, rows_shown
from leads.services.imports import import_confirm, import_undo, import_upload
from leads.views.base import Page


def kinds_of(request: HttpRequest) -> list[ImportKind]:
    """What the person may import in the store they work in; refused when it is nothing."""
    store = home_store(request.user)
    kinds = [kind for kind in ImportKind if store is not None and can(request.user, act_of(kind), store.pk)]
    if not kinds:
        raise NotAllowed
    return kinds


class ImportList(Page):
    """Imports within reach, newest first."""

    resource = "import_batch"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = page_of(request, import_list(user=request.user), LIST_ORDER)
        rows = [(batch, IMPORT_TONE[batch.state]) for batch in page.rows]
        return render(request, "leads/import_list.html", {
            "page": page, "rows": rows, "may_import": can(request.user, "lead.import"),
        })  # fmt: skip


class ImportNew(Page):
    """Step one: choose the file."""

    template = "leads/import_form.html"

    def context(self, kinds: list[ImportKind]) -> dict[str, Any]:
        columns = [(kind, COLUMNS[kind]) for kind in kinds]
        return {"kinds": kinds, "columns": columns, "most": policy("import.max_rows", None)}

    def get(self, request: HttpRequest) -> HttpResponse:
        kinds = kinds_of(request)
        form = ImportForm(user=request.user, kinds=kinds, initial={"kind": request.GET.get("kind") or kinds[0].value})
        return render(request, self.template, {"form": form, **self.context(kinds)})

    def post(self, request: HttpRequest) -> HttpResponse:
        kinds = kinds_of(request)
        form = ImportForm(request.POST, request.FILES, user=request.user, kinds=kinds)
        if not form.is_valid():
            return refuse(request, self.template, self.context(kinds), form)
        try:
            batch, is_new = self.save(request, form)
        except DomainError as error:
            return refuse(request, self.template, self.context(kinds), form, error)
        if not is_new:
            done(request, _("这份文件已经上传过，没有重复导入；下面是原来的导入。"))
        return redirect("leads:import_detail", batch.pk)

    def save(self, request: HttpRequest, form: ImportForm) -> tuple[ImportBatch, bool]:
        told, file = form.cleaned_data, form.cleaned_data["file"]
        store: Any = home_store(request.user)
        return import_upload(by=request.user, store=store, kind=told["kind"], name=file.name, content=file)


class ImportTemplate(Page):
    """The workbook to fill in."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in ImportKind.values:
            raise NotFound
        require(request.user, act_of(kind))
        target = io.BytesIO()
        template_write(target, kind, int(policy("import.max_rows", home_store(request.user))))
        target.seek(0)
        return FileResponse(target, as_attachment=True, filename=f"{ImportKind(kind).label}导入模板.xlsx")


class ImportDetail(Page):
    """Steps two and three: what the file would do, the decision, and what came of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = import_get(user=request.user, pk=pk)
        return render(request, "leads/import_detail.html", detail_of(request, batch))


def detail_of(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """The import with one page of its rows and the job whose progress counts now."""
    verdict = request.GET.get("verdict", "")
    verdict = verdict if verdict in RowVerdict.values else ""
    may = can(request.user, act_of(batch.kind), batch.store_id)
    open_job = batch.open_job
    is_undoable = batch.state == ImportState.CONFIRMED and bool(batch.undo_until and periods.now() <= batch.undo_until)
    return {
        "batch": batch, "tone": IMPORT_TONE[batch.state], "verdict": verdict, "verdicts": tabs(batch),
        "page": page_of(request, rows_shown(batch, verdict), ROW_ORDER, size=50),
        "kept": rows_kept(batch) if batch.rows_kept else [],
        "open_job": open_job, **progress_of(request, open_job),
        "errors_job": mine(request, batch.check_job), "results_job": mine(request, batch.confirm_job),
        "failed_job": next((job for job in (batch.undo_job, batch.confirm_job) if job and stopped(job)), None),
        "may_confirm": may and batch.state == ImportState.CHECKED and open_job is None,
        "may_undo": may and is_undoable and open_job is None,
    }  # fmt: skip


def tabs(batch: ImportBatch) -> list[tuple[str, str, int]]:
    """(value, label, count) of the filter over the preview."""
    counts = (batch.rows_good, batch.rows_duplicate, batch.rows_bad)
    named = [(v.value, str(v.label), n) for v, n in zip(RowVerdict, counts, strict=True)]
    return [("", _("全部"), batch.rows_total), *named]


def stopped(job: Job) -> bool:
    """Ended without having done it; its sentence is shown."""
    return job.state in ("failed", "dead", "cancelled")


def mine(request: HttpRequest, job: Job | None) -> Job | None:
    """A job whose file this person may fetch: only who asked for it (A08)."""
    return job if job and job.requested_by_id == request.user.pk and is_fetchable(job) else None


def progress_of(request: HttpRequest, job: Job | None) -> dict[str, Any]:
    """The bar of one's own job."""
    if job is None or job.requested_by_id != request.user.pk:
        return {"job": None}
    return {"job": job, "fetchable": is_fetchable(job), "expires_at": expires_at(job)}


class ImportConfirm(Page):
    """Step three: write it."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return answered(request, pk, import_confirm, _("正在导入，可以离开此页，完成后在这里看结果。"))


class ImportUndo(Page):
    """Take it back."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return answered(request, pk, import_undo, _("正在撤销，已有人处理过的记录会保留并列出。"))


def answered(request: HttpRequest, pk: int, act: Any, words: str) -> HttpResponse:
    """Ask for the work; a refusal is shown on the import's own page."""
    batch = import_get(user=request.user, pk=pk)
    try:
        act(by=request.user, batch_id=pk)
    except DomainError as error:
        if error.status not in (409, 422):
            raise
        context = {**detail_of(request, batch), "error": error}
        return render(request, "leads/import_detail.html", context, status=error.status)
    done(request, words)
    return redirect("leads:import_detail", pk)
