"""The one shape of a refusal for programs (RFC 9457), used by the API and by the error handlers outside it."""

from __future__ import annotations

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

PROBLEM = "application/problem+json"
# The database went away: in the middle of a statement, or before the connection could be used again (F10).
DATABASE_AWAY = (OperationalError, InterfaceError)
TITLES = {
    400: _("请求格式不正确"),
    401: _("请先登录"),
    403: _("没有权限"),
    404: _("没有找到"),
    405: _("不支持的操作"),
    409: _("与现有数据冲突"),
    415: _("不支持的格式"),
    422: _("不符合业务规则"),
    429: _("操作太频繁"),
    500: _("系统出错"),
    503: _("暂时不可用"),
}
CODES = {400: "malformed", 401: "not_authenticated", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed"}
CODES |= {415: "unsupported_media_type", 429: "too_many_requests"}
DETAILS = {
    401: _("登录状态无效或已过期，请重新登录后再试。"),
    403: _("您的岗位没有此项操作的权限，如需办理请联系展厅经理。"),
    404: _("没有找到该记录，可能已被删除或不在您的查看范围内。"),
    405: _("该地址不支持这种操作。"),
    415: _("请使用 application/json 提交。"),
    429: _("操作太频繁，请稍候再试。"),
    500: _("系统出错了，这次操作没有保存，错误已记录。请稍后重试或联系系统管理员。"),
}


def wants_json(request: HttpRequest) -> bool:
    """Everything below /api/ answers JSON, also when no view was found."""
    return request.path.startswith("/api/")


def problem_body(
    status: int,
    code: str,
    detail: str,
    fields: dict[str, list[str]] | None = None,
    current: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """`type`, `title`, `status`, `code`, `detail`, `fields` and, for a conflict, the `current` values."""
    body: dict[str, Any] = {
        "type": f"/api/v1/docs/#problem-{code}",
        "title": str(TITLES.get(status, _("未能完成"))),
        "status": status,
        "code": code,
        "detail": detail,
        "fields": fields or {},
    }
    if current:
        body["current"] = current
    return body


def problem_json(status: int, code: str, detail: str) -> JsonResponse:
    """A problem outside the REST framework: unknown address, defect, lost database."""
    body = problem_body(status, code, detail)
    return JsonResponse(body, status=status, content_type=PROBLEM, json_dumps_params={"ensure_ascii": False})


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 with a time to come again; rendered without the request, so that nothing asks the database once more."""
    if wants_json(request):
        response: HttpResponse = problem_json(503, "unavailable", str(_("系统暂时无法访问数据库，请稍后重试。")))
    else:
        response = HttpResponse(render_to_string("core/unavailable.html"), status=503)
    response.headers["Retry-After"] = "10"
    return response
