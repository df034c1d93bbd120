"""Request frame: security headers, request memory, session timeouts, domain refusals as answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from dealership.core import periods, request_cache
from dealership.core.errors import DomainError
from dealership.core.problems import DATABASE_AWAY, problem_json, unavailable, wants_json

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


class PageCompressionMiddleware(GZipMiddleware):
    """Pages and JSON travel compressed (with Django's random padding against BREACH); files are sent as they are."""

    KINDS = frozenset({"text/html", "application/json", "application/problem+json"})

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in self.KINDS else response


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


class LanguageMiddleware(LocaleMiddleware):
    """Chinese unless the person chose another language in the profile; the browser's own wish does not count."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)
        translation.activate(chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page needs a signed-in person unless it says otherwise; htmx is sent to the sign-in page whole.

    API views authenticate themselves (401) and are marked by the framework.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        response = super().handle_no_permission(request, view_func)
        htmx = getattr(request, "htmx", None)
        if not htmx:
            return response
        back = htmx.current_url_abs_path or reverse(settings.LOGIN_REDIRECT_URL)
        target = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': back})}"
        return HttpResponse(status=401, headers={"HX-Redirect": target})


class SessionTimeoutMiddleware:
    """A session ends after `SESSION_IDLE_SECONDS` without a request, and `SESSION_COOKIE_AGE` after sign-in (S06)."""

    KEY = "last_seen"
    SINCE = "signed_in_at"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and "Authorization" not in request.headers:
            seen = int(periods.now().timestamp())
            last, since = request.session.get(self.KEY, seen), request.session.get(self.SINCE, seen)
            if seen - last > settings.SESSION_IDLE_SECONDS or seen - since > settings.SESSION_COOKIE_AGE:
                logout(request)
            elif self.SINCE not in request.session or seen - last > 60:
                request.session[self.KEY], request.session[self.SINCE] = seen, since
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
        return unavailable(request) if isinstance(error, DATABASE_AWAY) else None


def refusal_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page or problem for a refusal raised outside a form (404, 403, 409, 422)."""
    if wants_json(request):
        return problem_json(error.status, error.code, error.message)
    return render(request, "core/refusal.html", {"error": error}, status=error.status)
