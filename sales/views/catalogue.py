"""Pages that keep the catalogue: model lines, trim levels, colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.audit.services import once
from dealership.core.errors import DomainError, NotFound
from dealership.core.forms import DomainForm
from dealership.core.views import done, refuse
from dealership.org.models import Series
from dealership.org.reach import can, require
from sales import forms
from sales.models import Colour, Configuration
from sales.selectors.catalogue import brands_seen, catalogue, seen_of, series_seen
from sales.services import catalogue as services
from sales.views.base import Page

FORM = "sales/catalogue_form.html"


@dataclass(frozen=True)
class Kind:
    """One kind of row: its words, form and services; `under` names what a new one belongs to."""

    label: Any
    model: Any
    form: type[DomainForm]
    add: Callable[..., Any]
    change: Callable[..., Any]
    under: Callable[..., Any]


def _add_series(by: Any, parent: Any, data: dict[str, Any]) -> Series:
    return services.series_add(by=by, brand_id=parent.pk, **data)


def _add_configuration(by: Any, parent: Any, data: dict[str, Any]) -> Configuration:
    return services.configuration_add(by=by, series=parent, **data)


def _add_colour(by: Any, parent: Any, data: dict[str, Any]) -> Colour:
    return services.colour_add(by=by, brand_id=parent.pk, **data)


KINDS = {
    "series": Kind(
        gettext_lazy("车系"), Series, forms.SeriesForm, _add_series,
        lambda pk, **told: services.series_change(series_id=pk, **told), brands_seen,
    ),
    "configurations": Kind(
        gettext_lazy("配置"), Configuration, forms.ConfigurationForm, _add_configuration,
        lambda pk, **told: services.configuration_change(configuration_id=pk, **told), series_seen,
    ),
    "colours": Kind(
        gettext_lazy("颜色"), Colour, forms.ColourForm, _add_colour,
        lambda pk, **told: services.colour_change(colour_id=pk, **told), brands_seen,
    ),
}  # fmt: skip


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise Http404
    return KINDS[name]


def _one(rows: Any, pk: int) -> Any:
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def _facts(form: DomainForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name not in ("version", "idempotency_key")}


class Catalogue(Page):
    """Everything that can be sold, with what is off sale; changed by those who keep the price list."""

    resource = "catalogue"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"brands": catalogue(user=request.user), "may_change": can(request.user, "price.change")}
        return render(request, "sales/catalogue.html", context)


class CatalogueNew(Page):
    """A new row under its brand or model line."""

    resource = "catalogue"

    def get(self, request: HttpRequest, kind: str, parent_id: int) -> HttpResponse:
        chosen = _kind(kind)
        parent = _one(chosen.under(user=request.user), parent_id)
        require(request.user, "price.change")
        return render(request, FORM, {"kind": chosen, "parent": parent, "form": chosen.form(user=request.user)})

    def post(self, request: HttpRequest, kind: str, parent_id: int) -> HttpResponse:
        chosen = _kind(kind)
        parent = _one(chosen.under(user=request.user), parent_id)
        require(request.user, "price.change")
        form = chosen.form(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, FORM, {"kind": chosen, "parent": parent}, form)
        try:
            once(
                by=request.user, action=f"catalogue.{kind}", key=form.cleaned_data["idempotency_key"],
                create=lambda: chosen.add(request.user, parent, _facts(form)),
                find=lambda pk: _one(seen_of(chosen.model, user=request.user), pk),
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, FORM, {"kind": chosen, "parent": parent}, form, error)
        done(request, _("已新增。"))
        return redirect("sales:catalogue")


class CatalogueRow(Page):
    """Rename or correct one row."""

    resource = "catalogue"

    def get(self, request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
        chosen = _kind(kind)
        row = _one(seen_of(chosen.model, user=request.user), row_id)
        require(request.user, "price.change")
        names = [name for name in chosen.form.base_fields if name != "idempotency_key"]
        form = chosen.form(user=request.user, initial={name: getattr(row, name) for name in names})
        return render(request, FORM, {"kind": chosen, "row": row, "form": form})

    def post(self, request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
        chosen = _kind(kind)
        row = _one(seen_of(chosen.model, user=request.user), row_id)
        require(request.user, "price.change")
        form = chosen.form(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, FORM, {"kind": chosen, "row": row}, form)
        try:
            chosen.change(row_id, by=request.user, version=form.cleaned_data["version"], changes=_facts(form))
        except DomainError as error:
            return refuse(request, FORM, {"kind": chosen, "row": row}, form, error)
        done(request, _("已保存。"))
        return redirect("sales:catalogue")


class CatalogueSwitch(Page):
    """Take a row off sale or offer it again."""

    resource = "catalogue"

    def post(self, request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
        active = request.POST.get("is_active") == "1"
        version = request.POST.get("version", "")
        row = _kind(kind).change(
            row_id, by=request.user, version=int(version) if version.isdecimal() else None,
            changes={"is_active": active},
        )  # fmt: skip
        done(request, _("%(name)s 已恢复。") % {"name": row} if active else _("%(name)s 已停用。") % {"name": row})
        return redirect("sales:catalogue")
