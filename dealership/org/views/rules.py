"""业务策略, 工作日历."""

from __future__ import annotations

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
from dealership.org.calendar_lines import read_days
from dealership.org.choices import DayKind
from dealership.org.forms import CalendarForm, PolicyFilterForm
from dealership.org.policy import DEFAULTS
from dealership.org.policy_forms import PolicyForm
from dealership.org.policy_labels import GROUPS, group_of, label_of, shown
from dealership.org.reach import can, require
from dealership.org.services import rules


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Every key with the value in force today for the chosen store."""
    require(actor(request), "settings.view")
    form = PolicyFilterForm(request.GET, user=actor(request))
    store = form.cleaned_data["store"] if form.is_valid() else None
    found = selectors.policies_in_force(user=actor(request), store=store)
    groups: dict[Any, list[tuple[Any, ...]]] = {title: [] for title, _prefixes in GROUPS}
    for key, value, changed in found:
        groups[group_of(key)].append((key, label_of(key), shown(key, value), changed))
    return render(request, "org/policies.html", {"form": form, "store": store, "groups": groups.items()})


def _policy_context(request: HttpRequest, key: str) -> dict[str, Any]:
    rows = [(row, shown(key, row.value)) for row in selectors.policy_rows(user=actor(request), key=key)]
    current = selectors.policy_now(user=actor(request), key=key)
    context: dict[str, Any] = {"key": key, "label": label_of(key), "rows": rows, "today": periods.today()}
    context |= {"default": shown(key, DEFAULTS[key]), "current": current}
    return context | {"may_change": can(actor(request), "policy.change")}


@require_http_methods(["GET", "HEAD", "POST"])
def policy_detail(request: HttpRequest, key: str) -> HttpResponse:
    """The dated rows of one key, and the form of a new one."""
    require(actor(request), "settings.view")
    if key not in DEFAULTS:
        raise NotFound
    context = _policy_context(request, key)
    initial = {"effective_from": periods.today()}
    form = PolicyForm(
        request.POST or None, user=actor(request), key=key, current=context.pop("current"), initial=initial
    )
    if request.method != "POST":
        return render(request, "org/policy_detail.html", {**context, "form": form})
    require(actor(request), "policy.change")
    if not form.is_valid():
        return refuse(request, "org/policy_detail.html", context, form)
    try:
        _save_policy(request, form)
    except DomainError as error:
        return refuse(request, "org/policy_detail.html", context, form, error)
    done(request, _("策略已保存，到生效日期自动启用。"))
    return redirect("org:policy", key)


def _save_policy(request: HttpRequest, form: PolicyForm) -> None:
    where = {name: form.cleaned_data[name] for name in ("store", "effective_from")}
    group = selectors.groups(user=actor(request)).first()
    rules.policy_set(by=actor(request), key=form.key, value=form.value(), group=group, **where)


@require_POST
def policy_withdraw(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take back a value that is not in force yet."""
    require(actor(request), "policy.change")
    rules.policy_withdraw(by=actor(request), key=key, row_id=pk)
    done(request, _("已撤回。"))
    return redirect("org:policy", key)


def _calendar_context(request: HttpRequest) -> dict[str, Any]:
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and 2000 <= int(text[:5]) <= 2100 else periods.today().year
    context: dict[str, Any] = {"year": year, "rows": selectors.calendar_days(user=actor(request), year=year)}
    context |= {"missing": years_without_data(), "has_data": has_national_data(year)}
    return context | {"may_change": can(actor(request), "policy.change"), "before": year - 1, "after": year + 1}


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Days that differ from the national calendar, with a warning for years nobody has data of (T06).

    A POST shows what it would change; only with `confirm` is it saved.
    """
    require(actor(request), "settings.view")
    form = CalendarForm(request.POST or None, user=actor(request))
    context = _calendar_context(request)
    if request.method != "POST":
        return render(request, "org/calendar.html", {**context, "form": form})
    require(actor(request), "policy.change")
    if not form.is_valid():
        return refuse(request, "org/calendar.html", context, form)
    if "confirm" not in request.POST:
        return _calendar_preview(request, form, context)
    return _calendar_save(request, form, context)


def _calendar_preview(request: HttpRequest, form: CalendarForm, context: dict[str, Any]) -> HttpResponse:
    lines = selectors.calendar_preview(store=form.cleaned_data["store"], lines=form.cleaned_data["lines"])
    bad = [line for line, _was in lines if line.fault]
    context |= {"preview": lines, "bad": bad, "changes": sum(was != line.kind for line, was in lines if not line.fault)}
    context |= {"kinds": dict(DayKind.choices)}
    return render(request, "org/calendar.html", {**context, "form": form}, status=422 if bad else 200)


def _calendar_save(request: HttpRequest, form: CalendarForm, context: dict[str, Any]) -> HttpResponse:
    store, lines = form.cleaned_data["store"], form.cleaned_data["lines"]
    try:
        number = rules.calendar_save(by=actor(request), store=store, lines=lines)
    except DomainError as error:
        return refuse(request, "org/calendar.html", context, form, error)
    done(request, _("已保存 %s 天。") % number)
    return redirect(f"{request.path}?year={read_days(lines)[0].day:%Y}")


@require_POST
def calendar_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to the national calendar for one day."""
    require(actor(request), "policy.change")
    year = rules.calendar_remove(by=actor(request), row_id=pk)
    done(request, _("已恢复为国家日历。"))
    response = redirect("org:calendar")
    response["Location"] += f"?year={year}"
    return response
