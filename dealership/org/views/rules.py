"""业务策略, 工作日历."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealership.core import periods
from dealership.core.errors import DomainError, NotFound
from dealership.core.views import actor, done, refuse
from dealership.org import selectors
from dealership.org.calendar import has_national_data, years_without_data
from dealership.org.forms import CalendarForm, PolicyFilterForm, PolicyForm
from dealership.org.policy import DEFAULTS, policy
from dealership.org.policy_labels import label_of
from dealership.org.reach import can, require
from dealership.org.services import rules


def shown(value: Any) -> str:
    """A policy value as it is edited: plain text, or JSON for tables."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Every key with the value in force today for the chosen store."""
    require(actor(request), "settings.view")
    form = PolicyFilterForm(request.GET, user=actor(request))
    store = form.cleaned_data["store"] if form.is_valid() else None
    found = selectors.policies_in_force(store=store)
    rows = [(key, label_of(key), shown(value), changed) for key, value, changed in found]
    return render(request, "org/policies.html", {"form": form, "store": store, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def policy_detail(request: HttpRequest, key: str) -> HttpResponse:
    """The dated rows of one key, and a new one."""
    require(actor(request), "settings.view")
    if key not in DEFAULTS:
        raise NotFound
    initial = {"value": shown(policy(key)), "effective_from": periods.today()}
    form = PolicyForm(request.POST or None, user=actor(request), initial=initial)
    rows = [(row, shown(row.value)) for row in selectors.policy_rows(user=actor(request), key=key)]
    context: dict[str, Any] = {"key": key, "label": label_of(key), "rows": rows, "default": shown(DEFAULTS[key])}
    context |= {"may_change": can(actor(request), "policy.change"), "today": periods.today()}
    if request.method != "POST":
        return render(request, "org/policy_detail.html", {**context, "form": form})
    require(actor(request), "policy.change")
    if not form.is_valid():
        return refuse(request, "org/policy_detail.html", context, form)
    data = form.cleaned_data
    group = selectors.groups(user=actor(request)).first()
    where = {"group": group, "store": data["store"], "effective_from": data["effective_from"]}
    try:
        rules.policy_set(by=actor(request), key=key, text=data["value"], **where)
    except DomainError as error:
        return refuse(request, "org/policy_detail.html", context, form, error)
    done(request, _("策略已保存，到生效日期自动启用。"))
    return redirect("org:policy", key)


@require_POST
def policy_withdraw(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take back a value that is not in force yet."""
    require(actor(request), "policy.change")
    rules.policy_withdraw(by=actor(request), key=key, row_id=pk)
    done(request, _("已撤回。"))
    return redirect("org:policy", key)


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Days that differ from the national calendar, with a warning for years nobody has data of (T06)."""
    require(actor(request), "settings.view")
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and 2000 <= int(text[:5]) <= 2100 else periods.today().year
    form = CalendarForm(request.POST or None, user=actor(request))
    context: dict[str, Any] = {"year": year, "rows": selectors.calendar_days(user=actor(request), year=year)}
    context |= {"missing": years_without_data(), "has_data": has_national_data(year)}
    context |= {"may_change": can(actor(request), "policy.change"), "before": year - 1, "after": year + 1}
    if request.method != "POST":
        return render(request, "org/calendar.html", {**context, "form": form})
    require(actor(request), "policy.change")
    if not form.is_valid():
        return refuse(request, "org/calendar.html", context, form)
    store, lines = form.cleaned_data["store"], form.cleaned_data["lines"]
    try:
        number = rules.calendar_save(by=actor(request), store=store, lines=lines)
    except DomainError as error:
        return refuse(request, "org/calendar.html", context, form, error)
    done(request, _("已保存 %s 天。") % number)
    return redirect(f"{request.path}?year={year}")


@require_POST
def calendar_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to the national calendar for one day."""
    require(actor(request), "policy.change")
    year = rules.calendar_remove(by=actor(request), row_id=pk)
    done(request, _("已恢复为国家日历。"))
    response = redirect("org:calendar")
    response["Location"] += f"?year={year}"
    return response
