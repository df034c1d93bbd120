"""Health for machines (`/healthz`) and for the system administrator."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dealership.core.views import actor, done
from dealership.jobs import health
from dealership.jobs.services import job_retry, jobs_in_trouble
from dealership.org.calendar import years_without_data
from dealership.org.reach import require


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """`{"status","database","broker",…}` with ok or red; 503 only when pages cannot work (no database)."""
    found = {part.key: "ok" if part.is_ok else "red" for part in health.parts()}
    status = "red" if "red" in found.values() else "ok"
    return JsonResponse({"status": status, **found}, status=503 if found["database"] == "red" else 200)


@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """Every part with a sentence, and the jobs that gave up."""
    require(actor(request), "job.manage")
    context = {"parts": health.parts(), "jobs": jobs_in_trouble(), "years": years_without_data()}
    return render(request, "jobs/health.html", context)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a job that gave up once more."""
    job_retry(by=actor(request), job_id=pk)
    done(request, _("已重新排队，稍后刷新查看结果。"))
    return redirect("jobs:health")
