"""What a page is compared with: a bare signed-in view, and its own template over rows already in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import Context, Template
from django.test import utils
from django.test.signals import template_rendered
from django.urls import resolve

Kept = tuple[Template, dict[Any, Any]]
_kept: dict[tuple[int | None, str], Kept] = {}
# Django's own test tools record contexts by changing the same private method; its stubs do not know it.
_templates: Any = Template
_tools: Any = utils


class CountStatements:
    """Adds how many statements an answer took, for how long, and the worker's own processor time to its headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        spent: list[float] = []
        statements = 0

        def counted(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            nonlocal statements
            # Several that were asked for ahead in one message are several (core/prepared.py).
            statements += sql.count("; EXECUTE ") + 1
            begun = time.perf_counter()
            try:
                return execute(sql, *args)
            finally:
                spent.append(time.perf_counter() - begun)

        began = time.thread_time()
        with connection.execute_wrapper(counted):
            response = self.get_response(request)
        response["X-Cpu-Ms"] = f"{(time.thread_time() - began) * 1000:.2f}"
        response["X-Statements"] = str(statements)
        response["X-Statement-Ms"] = f"{sum(spent) * 1000:.2f}"
        return response


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """Session and user, nothing else."""
    return HttpResponse("ok")


@login_required
def floor(request: HttpRequest) -> HttpResponse:
    """The template of `?of=/a/page/` behind the same middleware, its context kept from the first call."""
    address = request.GET["of"]
    key = (request.user.pk, address)
    if key not in _kept:
        _kept[key] = _context_of(request, address)
    template, context = _kept[key]
    return HttpResponse(template.render(Context(context)))


def _context_of(request: HttpRequest, address: str) -> Kept:
    """Call the page once and keep the outermost template with its context, querysets already read."""
    parts = urlsplit(address)
    found: list[Kept] = []

    def remember(template: Template, context: Context, **_: Any) -> None:
        found.append((template, context.flatten()))

    plain = _templates._render  # noqa: SLF001
    request.path = request.path_info = parts.path
    request.GET = QueryDict(parts.query)
    match = resolve(parts.path)
    template_rendered.connect(remember)
    _templates._render = _tools.instrumented_test_render  # noqa: SLF001
    try:
        match.func(request, *match.args, **match.kwargs)
    finally:
        _templates._render = plain  # noqa: SLF001
        template_rendered.disconnect(remember)
    return found[0]
