"""The reader of the API: a plain page made from the schema, so that it needs no script and no foreign style."""

from __future__ import annotations

import functools
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core.problems import DETAILS, TITLES

PREFIX = "/api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")


@functools.cache
def openapi() -> dict[str, Any]:
    """The schema depends on the code alone, so it is made once per process."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@extend_schema(exclude=True)
@api_view(["GET"])
def schema(request: Request) -> Response:
    """OpenAPI 3 as JSON, for signed-in people and their scripts."""
    return Response(openapi(), content_type="application/vnd.oai.openapi+json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every call with its parameters, request and answer fields; the error codes at the end."""
    problems = [(status, TITLES[status], DETAILS.get(status, "")) for status in TITLES]
    return render(request, "core/api_docs.html", {"sections": sections(openapi()), "problems": problems})


def sections(schema: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Calls grouped by the first part of their path, in the order of the schema."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        name = path.removeprefix(PREFIX).split("/", 1)[0]
        for method in METHODS:
            if method in item:
                found.setdefault(name, []).append(_call(schema, path, method, item[method]))
    return list(found.items())


def _call(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = []
    for status, answer in operation.get("responses", {}).items():
        content = answer.get("content", {}).get("application/json", {}).get("schema", {})
        answers.append((status, _fields(schema, content)))
    return {
        "method": method.upper(),
        "path": path,
        "text": operation.get("description", ""),
        "parameters": [row for row in operation.get("parameters", []) if row["in"] == "query"],
        "body": _fields(schema, body),
        "answers": answers,
    }


def _fields(schema: dict[str, Any], part: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(name, type, is it required) of a schema part; lists and pages show the fields of their rows."""
    part = _resolve(schema, part)
    if part.get("type") == "array":
        return _fields(schema, part["items"])
    properties = part.get("properties", {})
    if set(properties) >= {"results", "next", "previous"}:
        return _fields(schema, properties["results"])
    required = part.get("required", [])
    return [(name, _type(schema, field), name in required) for name, field in properties.items()]


def _type(schema: dict[str, Any], field: dict[str, Any]) -> str:
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    for several in ("allOf", "oneOf", "anyOf"):
        if several in field:
            return " | ".join(_type(schema, _resolve(schema, one)) for one in field[several])
    if "$ref" in field:
        return _type(schema, _resolve(schema, field))
    kind = str(field.get("format") or field.get("type") or "any")
    return f"[{_type(schema, field.get('items', {}))}]" if kind == "array" else kind


def _resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]]
    return found
