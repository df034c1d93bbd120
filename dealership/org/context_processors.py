"""The chips on top of every settings page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from dealership.core.scoping import reach_for
from dealership.org.reach import can


def settings_tabs(request: HttpRequest) -> dict[str, Any]:
    """`settings_tabs`: (address, label, is this or a page below it open) of the settings pages a person may see."""
    return {"settings_tabs": SimpleLazyObject(lambda: _tabs(request.user, request.path))}


def _tabs(user: Any, path: str) -> list[tuple[str, str, bool]]:
    tabs: list[tuple[str, str]] = []
    if can(user, "settings.view"):
        tabs += [("org:people", _("人员与岗位")), ("org:stores", _("门店与小组")), ("org:policies", _("业务策略"))]
        tabs += [("org:calendar", _("工作日历")), ("org:sources", _("客户来源"))]
    if not reach_for(user, "audit").is_empty:
        tabs += [("org:audit", _("操作记录")), ("org:reveals", _("号码查看")), ("org:exports", _("导出记录"))]
    if can(user, "job.manage"):
        tabs.append(("jobs:health", _("系统状态")))
    named = [(reverse(name), label) for name, label in tabs]
    return [(url, label, path.startswith(url)) for url, label in named]
