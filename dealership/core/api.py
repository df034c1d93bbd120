"""The API's frame: cursor pages, one error shape (RFC 9457), idempotent creation, thin view bases."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core.errors import DomainError
from dealership.core.problems import CODES, DETAILS, PROBLEM, problem_body
from dealership.core.services import translate_database_error


class CursorPages(CursorPagination):
    """Keyset pages for API and screens alike; `page_size` up to 200; order columns must not be null."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: str | tuple[str, ...] = "-id"


def problem(
    status_code: int,
    code: str,
    detail: str,
    fields: dict[str, list[str]] | None = None,
    current: dict[str, Any] | None = None,
) -> Response:
    """One problem+json answer."""
    body = problem_body(status_code, code, detail, fields, current)
    return Response(body, status=status_code, content_type=PROBLEM)


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF exception handler: every refusal has the same shape and a Chinese sentence."""
    if isinstance(error, DatabaseError) and (refusal := translate_database_error(error)):
        error = refusal
    if isinstance(error, DomainError):
        return problem(error.status, error.code, error.message, error.fields, error.current)
    if isinstance(error, Http404):
        return problem(404, "not_found", DETAILS[404])
    if isinstance(error, PermissionDenied):
        return problem(403, "not_allowed", DETAILS[403])
    if isinstance(error, exceptions.ValidationError):
        fields = flatten_errors(error.detail)
        told = (_sentence(name, texts[0]) for name, texts in fields.items() if texts)
        return problem(400, "malformed", next(told, _("请检查填写内容。")), fields)
    if isinstance(error, exceptions.APIException):
        return _framework_problem(error)
    return None


def _sentence(field: str, text: str) -> str:
    """The refusal of one field, which is named: “该字段是必填项。” alone helps nobody."""
    return text if field == "non_field_errors" or field in text else f"{field}：{text}"


def _framework_problem(error: exceptions.APIException) -> Response:
    """What DRF itself refuses: sign-in, method, media type, throttling."""
    status_code = error.status_code
    codes = error.get_codes()
    code = CODES.get(status_code, codes if isinstance(codes, str) else "error")
    answer = problem(status_code, code, DETAILS.get(status_code, str(error.detail)))
    if wait := getattr(error, "wait", None):
        answer.headers["Retry-After"] = str(int(wait) + 1)
    if header := getattr(error, "auth_header", None):
        answer.headers["WWW-Authenticate"] = header
    return answer


def flatten_errors(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested serializer errors as `{"lines.0.amount": ["…"]}`."""
    if isinstance(detail, list) and all(not isinstance(item, (dict, list)) for item in detail):
        return {prefix or "non_field_errors": [str(item) for item in detail]}
    found: dict[str, list[str]] = {}
    items = detail.items() if isinstance(detail, dict) else enumerate(detail)
    for name, inner in items:
        found.update(flatten_errors(inner, f"{prefix}.{name}" if prefix else str(name)))
    return found


class VersionField(serializers.IntegerField):
    """The version an update was based on; a stale one answers 409."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, **kwargs)


def created(data: Any, *, replay: bool) -> Response:
    """201 for a new row, 200 with `Idempotent-Replay: true` when the key had already been answered."""
    if replay:
        return Response(data, status=status.HTTP_200_OK, headers={"Idempotent-Replay": "true"})
    return Response(data, status=status.HTTP_201_CREATED)


def idempotency_key(request: Request) -> uuid.UUID | None:
    """The request's `Idempotency-Key`, a UUID; 400 for anything else."""
    text = request.headers.get("Idempotency-Key")
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise exceptions.ValidationError({"Idempotency-Key": [_("Idempotency-Key 请使用 UUID。")]}) from None
