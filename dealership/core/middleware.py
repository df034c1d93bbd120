"""Request frame: security headers, request memory, session timeouts, domain refusals as answers."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from dealership.core import periods, request_cache
from dealership.core.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]


class SecurityHeadersMiddleware:
    """Headers Django does not set itself; signed-in answers are never stored by a cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers["Cache-Control"] = "no-store"
        return response


class RequestScopeMiddleware:
    """One fresh request memory per request (policies and reach are read once)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_cache.begin()
        try:
            return self.get_response(request)
        finally:
            request_cache.end()


class SessionTimeoutMiddleware:
    """Idle sessions end after `SESSION_IDLE_SECONDS`; the absolute end is the cookie age (S06)."""

    KEY = "last_seen"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and "Authorization" not in request.headers:
            seen = int(periods.now().timestamp())
            last = request.session.get(self.KEY)
            if last is not None and seen - last > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif last is None or seen - last > 60:
                request.session[self.KEY] = seen
        return self.get_response(request)


class DomainErrorMiddleware:
    """A refusal no view caught becomes a clear page or problem+json; a lost database a 503, never a traceback."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DomainError):
            return refusal_response(request, error)
        if isinstance(error, OperationalError):
            response = (
                render(request, "core/unavailable.html", status=503)
                if not _wants_json(request)
                else JsonResponse(
                    {
                        "title": "unavailable",
                        "status": 503,
                        "code": "unavailable",
                        "detail": "系统暂时无法访问数据库，请稍后重试。",
                    },
                    status=503,
                    content_type="application/problem+json",
                )
            )
            response.headers["Retry-After"] = "10"
            return response
        return None


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def refusal_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page for a refusal raised outside a form (404, 403, 409, 422)."""
    return render(request, "core/refusal.html", {"error": error}, status=error.status)
