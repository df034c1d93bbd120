"""My background work: progress that survives a reload, cancel, and the result file."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dealership.core.paging import page_of
from dealership.core.views import actor, done
from dealership.jobs.models import Job
from dealership.jobs.selectors import LIST_ORDER, expires_at, is_fetchable, job_get, my_jobs
from dealership.jobs.services import job_cancel, job_download


@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """Jobs I asked for, newest first."""
    page = page_of(request, my_jobs(user=actor(request)), LIST_ORDER)
    items = [(job, is_fetchable(job)) for job in page.rows]
    return render(request, "jobs/job_list.html", {"page": page, "items": items})


def _context(job: Job) -> dict[str, object]:
    return {"job": job, "fetchable": is_fetchable(job), "expires_at": expires_at(job)}


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One job; the bar goes on after a reload because its numbers live in the database."""
    return render(request, "jobs/job_detail.html", _context(job_get(user=actor(request), pk=pk)))


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every two seconds while the job is open; `then=reload` loads the page at the end."""
    job, reload = job_get(user=actor(request), pk=pk), request.GET.get("then") == "reload"
    answer = render(request, "jobs/parts/progress.html", {**_context(job), "reload": reload})
    if reload and not job.is_open:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask my job to stop."""
    job = job_cancel(by=actor(request), job_id=pk)
    done(request, _("正在停止。") if job.is_open else _("已取消。"))
    return redirect("jobs:detail", pk)


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The result file under its Chinese name (RFC 6266); the check is made again at every download."""
    job = job_download(by=actor(request), job_id=pk)
    stream = (Path(settings.MEDIA_ROOT) / job.result_file).open("rb")
    return FileResponse(stream, as_attachment=True, filename=job.result_name)
