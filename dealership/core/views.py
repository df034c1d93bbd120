"""Form frame of the pages, error pages and the CSRF refusal."""

from __future__ import annotations

import sys
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults

from dealership.core.errors import Conflict, DomainError
from dealership.core.problems import DATABASE_AWAY, DETAILS, problem_json, unavailable, wants_json


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page open for too long or a foreign origin: say how to go on, keep nothing half done."""
    if wants_json(request):
        return problem_json(403, "csrf", _("请求来源不符，没有保存。"))
    error = DomainError("csrf", _("页面已过期或来源不符，本次提交没有保存。请返回上一页刷新后再提交。"), status=403)
    return render(request, "core/refusal.html", {"error": error}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 for people and for programs."""
    if wants_json(request):
        return problem_json(404, "not_found", DETAILS[404])
    return defaults.page_not_found(request, exception or Exception())


def server_error(request: HttpRequest) -> HttpResponse:
    """A defect: it is in the log; the answer says that nothing was saved. A lost database is not one (F10).

    Errors of the middleware (session, sign-in) arrive here and nowhere else.
    """
    if isinstance(sys.exc_info()[1], DATABASE_AWAY):
        return unavailable(request)
    if wants_json(request):
        return problem_json(500, "server_error", DETAILS[500])
    return defaults.server_error(request)


def actor(request: HttpRequest) -> Any:
    """The signed-in person of a page (`SignInMiddleware` lets nobody else through)."""
    return request.user


def put_refusal_on_form(form: forms.BaseForm, error: DomainError) -> None:
    """Show a service's refusal where it belongs: named fields beside the input, the sentence on top."""
    placed = False
    for name, texts in error.fields.items():
        if name in form.fields:
            placed = True
            for text in texts:
                form.add_error(name, text)
    if not placed:
        form.add_error(None, error.message)


def refuse(
    request: HttpRequest, template: str, context: dict[str, Any], form: forms.BaseForm, error: DomainError | None = None
) -> HttpResponse:
    """The form again as it was typed: 422, or 409 with the present values for a stale save."""
    status = 422
    if error is not None:
        put_refusal_on_form(form, error)
        status = error.status
        if isinstance(error, Conflict):
            context["current"] = error.current
    return render(request, template, {**context, "form": form}, status=status)


def done(request: HttpRequest, text: str) -> None:
    """A short confirmation shown on the next page."""
    messages.success(request, text)
