"""Asking for the month's workbook and taking it when it is ready."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dealership.core.errors import DomainError, NotAllowed
from dealership.core.views import actor, done, refuse
from dealership.org.reach import can
from reports.filters import WorkbookForm
from reports.selectors.workbooks import closes_of, workbook_jobs
from reports.services.workbook import workbook_request


@require_http_methods(["GET", "HEAD", "POST"])
def workbook(request: HttpRequest) -> HttpResponse:
    """GET: choose store and month, and the files made lately; POST: ask for one."""
    user = actor(request)
    if not can(user, "workbook.make"):
        raise NotAllowed
    if request.method == "POST":
        return _ask(request, user)
    form = WorkbookForm(initial=request.GET.dict(), user=user)
    return render(request, _template(request), _context(user, form))


def _ask(request: HttpRequest, user: Any) -> HttpResponse:
    form = WorkbookForm(request.POST, user=user)
    if not form.is_valid():
        return refuse(request, "reports/workbook.html", _context(user, form), form)
    try:
        job = workbook_request(by=user, store_id=form.cleaned_data["store"].pk, month=form.cleaned_data["month"])
    except DomainError as error:
        return refuse(request, "reports/workbook.html", _context(user, form), form, error)
    done(request, f"已开始生成：{job.title}")
    return redirect(reverse("reports:workbook"))


def _template(request: HttpRequest) -> str:
    """htmx asks only for the list while something is being made."""
    return "reports/workbook_jobs.html" if request.headers.get("HX-Request") else "reports/workbook.html"


def _context(user: Any, form: WorkbookForm) -> dict[str, Any]:
    jobs = workbook_jobs(user=user)
    return {"form": form, "jobs": jobs, "is_working": any(job.is_open for job in jobs), "closes": closes_of(user=user)}
