"""操作记录, 号码查看记录, 导出记录."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealership.core.errors import NotAllowed
from dealership.core.paging import page_of
from dealership.core.scoping import reach_for
from dealership.core.views import actor
from dealership.org import selectors
from dealership.org.forms import AuditFilterForm


def _require_audit(request: HttpRequest) -> None:
    if reach_for(actor(request), "audit").is_empty:
        raise NotAllowed


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """What happened, newest first; filters stay in the address."""
    _require_audit(request)
    form = AuditFilterForm(request.GET, user=actor(request))
    filters = form.cleaned_data if form.is_valid() else {}
    page = page_of(request, selectors.audit_entries(user=actor(request), filters=filters), ("-id",), 50)
    return render(request, "org/audit.html", {"form": form, "page": page})


@require_safe
def reveals(request: HttpRequest) -> HttpResponse:
    """Who saw a plain number, of what, and why."""
    _require_audit(request)
    page = page_of(request, selectors.reveal_log(user=actor(request)), ("-id",), 50)
    return render(request, "org/reveals.html", {"page": page})


@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """Who took which file out, with how many rows."""
    _require_audit(request)
    page = page_of(request, selectors.export_log(user=actor(request)), ("-id",), 50)
    return render(request, "org/exports.html", {"page": page})
