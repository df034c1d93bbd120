"""门店与小组, 客户来源."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.views import actor, done, refuse
from dealership.org import selectors
from dealership.org.forms import SourceForm, StoreForm, StoreNewForm, TeamForm
from dealership.org.models import Store
from dealership.org.reach import can, may_add_store, require
from dealership.org.services import structure


@require_safe
def store_list(request: HttpRequest) -> HttpResponse:
    """Stores within reach with their teams."""
    require(actor(request), "settings.view")
    stores = selectors.stores(user=actor(request)).prefetch_related("teams").order_by("code")
    may = {"may_change": can(actor(request), "store.change"), "may_add": may_add_store(actor(request))}
    return render(request, "org/stores.html", {"stores": stores, **may})


@require_http_methods(["GET", "HEAD", "POST"])
def store_new(request: HttpRequest) -> HttpResponse:
    """A new store of the group."""
    if not may_add_store(actor(request)):
        raise NotAllowed
    form = StoreNewForm(request.POST or None, user=actor(request))
    if request.method != "POST":
        return render(request, "org/store_new.html", {"form": form})
    if not form.is_valid():
        return refuse(request, "org/store_new.html", {}, form)
    data = {name: form.cleaned_data[name] for name in ("code", "name", "short_name", "brand", "address")}
    try:
        store = structure.store_create(by=actor(request), group=selectors.groups(user=actor(request)).get(), **data)
    except DomainError as error:
        return refuse(request, "org/store_new.html", {}, form, error)
    done(request, _("门店已建立。请设置小组并添加人员。"))
    return redirect("org:store", store.pk)


def _store(request: HttpRequest, pk: int) -> Store:
    require(actor(request), "settings.view")
    store = selectors.stores(user=actor(request)).prefetch_related("teams").filter(pk=pk).first()
    if store is None:
        raise NotFound
    return store


@require_http_methods(["GET", "HEAD", "POST"])
def store_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Names and address of a store; its teams."""
    store = _store(request, pk)
    names = ("name", "short_name", "address")
    initial = {name: getattr(store, name) for name in names} | {"version": store.version}
    form = StoreForm(request.POST or None, user=actor(request), initial=initial)
    may = can(actor(request), "store.change", pk)
    context: dict[str, Any] = {"store": store, "team_form": TeamForm(user=actor(request)), "may_change": may}
    if request.method != "POST":
        return render(request, "org/store_detail.html", {**context, "form": form})
    require(actor(request), "store.change", pk)
    if not form.is_valid():
        return refuse(request, "org/store_detail.html", context, form)
    data = {name: form.cleaned_data[name] for name in (*names, "version")}
    try:
        structure.store_change(by=actor(request), store_id=pk, **data)
    except DomainError as error:
        return refuse(request, "org/store_detail.html", context, form, error)
    done(request, _("门店资料已保存。"))
    return redirect("org:store", pk)


@require_POST
def team_save(request: HttpRequest, pk: int) -> HttpResponse:
    """A new team, or another name for the one in `team`."""
    store = _store(request, pk)
    require(actor(request), "store.change", pk)
    form = TeamForm(request.POST, user=actor(request))
    team = request.POST.get("team", "")
    context = {"store": store, "team_form": form, "may_change": True}
    if not form.is_valid():
        return refuse(request, "org/store_detail.html", context, form)
    team_id = int(team) if team.isdecimal() and len(team) < 19 else None
    try:
        structure.team_save(by=actor(request), store_id=pk, name=form.cleaned_data["name"], team_id=team_id)
    except DomainError as error:
        return refuse(request, "org/store_detail.html", context, form, error)
    done(request, _("小组已保存。"))
    return redirect("org:store", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def sources(request: HttpRequest) -> HttpResponse:
    """The source dictionary with a form for a new one."""
    require(actor(request), "settings.view")
    rows = selectors.lead_sources(user=actor(request))
    form = SourceForm(request.POST or None, user=actor(request))
    context = {"rows": rows, "may_change": can(actor(request), "policy.change")}
    if request.method != "POST":
        return render(request, "org/sources.html", {**context, "form": form})
    return _save_source(request, form, context, None)


@require_http_methods(["GET", "HEAD", "POST"])
def source_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, move or switch off a source; its code stays."""
    require(actor(request), "policy.change")
    row = selectors.lead_sources(user=actor(request)).filter(pk=pk).first()
    if row is None:
        raise NotFound
    initial = {name: getattr(row, name) for name in ("code", "name", "position", "is_active")}
    form = SourceForm(request.POST or None, user=actor(request), initial=initial)
    form.fields["code"].disabled = True
    context = {"row": row, "may_change": True}
    if request.method != "POST":
        return render(request, "org/sources.html", {**context, "form": form})
    return _save_source(request, form, context, pk)


def _save_source(request: HttpRequest, form: SourceForm, context: dict[str, Any], pk: int | None) -> HttpResponse:
    require(actor(request), "policy.change")
    if not form.is_valid():
        return refuse(request, "org/sources.html", context, form)
    group = selectors.groups(user=actor(request)).get()
    data = {name: form.cleaned_data[name] for name in ("code", "name", "position", "is_active")}
    try:
        structure.source_save(by=actor(request), group=group, source_id=pk, **data)
    except DomainError as error:
        return refuse(request, "org/sources.html", context, form, error)
    done(request, _("来源已保存。"))
    return redirect("org:sources")
