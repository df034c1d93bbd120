"""Pages of stock."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.audit.services import once
from dealership.core.errors import DomainError
from dealership.core.forms import DomainForm
from dealership.core.paging import page_of
from dealership.core.views import done, put_refusal_on_form, refuse
from dealership.org.reach import can, sees_profit
from sales import forms
from sales.choices import STOCK_STATUSES, VehicleStatus
from sales.filters import VehicleFilter
from sales.models import Vehicle
from sales.selectors.choices import store_for
from sales.selectors.vehicle import allocations_of, vehicle_get, vehicle_list, with_age
from sales.services import vehicle as cars
from sales.views.base import Act, Page, offers

V = VehicleStatus
ORDERING = ("age_key", "id")
FORM = "sales/vehicle_form.html"


def oldest_first(rows: QuerySet[Vehicle]) -> QuerySet[Vehicle]:
    """Cars in the store before cars on their way; a key that is never null, for the cursor."""
    return rows.annotate(age_key=Coalesce("arrived_on", dt.date(2999, 12, 31)))


def stock_filters(request: HttpRequest) -> QueryDict:
    """The address's filters; without a state or a search what stands in the store or is on its way is meant."""
    given = request.GET.copy()
    if not given.getlist("status") and not given.get("q"):
        given.setlist("status", [str(state) for state in (*STOCK_STATUSES, V.IN_TRANSIT, V.ON_ORDER)])
    return given


class VehicleList(Page):
    """Stock: the oldest first, with age band, certificate, place and who holds it."""

    resource = "vehicle"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = oldest_first(vehicle_list(user=request.user))
        filters = VehicleFilter(stock_filters(request), queryset=rows, request=request)
        page = page_of(request, filters.qs, ORDERING)
        with_age(page.rows)
        context = {
            "filter": filters, "page": page, "sees_profit": sees_profit(request.user),
            "may_add": can(request.user, "vehicle.manage"), "chosen": request.GET.getlist("status"), "states": V,
        }  # fmt: skip
        return render(request, "sales/vehicle_list.html", context)


def _may(act: str, *states: str) -> Any:
    return lambda user, car: car.status in states and can(user, act, car.store_id)


def _plain(form: type[DomainForm]) -> Any:
    return lambda user, car, data: form(data, user=user, initial={"version": car.version})


def _facts_form(user: Any, car: Vehicle, data: Any) -> DomainForm:
    with_cost = sees_profit(user, car.store_id)
    names = "location certificate_status usage key_count interior engine_no produced_on dealer_cost rebate version"
    initial = {name: getattr(car, name) for name in names.split()}
    return forms.VehicleFactsForm(data, user=user, with_cost=with_cost, initial=initial)


def _facts(by: Any, car: Vehicle, data: dict[str, Any]) -> Vehicle:
    changes = {name: value for name, value in data.items() if name not in ("version", "idempotency_key")}
    if "rebate" in changes:
        changes["rebate"] = changes["rebate"] or 0
    return cars.vehicle_change(by=by, vehicle_id=car.pk, version=data["version"], changes=changes)


def _may_release(user: Any, car: Vehicle) -> bool:
    holds = car.locked_by_id == user.pk or can(user, "vehicle.manage", car.store_id)
    return holds and _may("vehicle.lock", V.LOCKED)(user, car)


_ACTS = (
    Act("lock", gettext_lazy("锁定此车"), _plain(forms.NoteForm),
        lambda by, car, _data: cars.vehicle_lock(by=by, vehicle_id=car.pk),
        _may("vehicle.lock", V.IN_STOCK), gettext_lazy("已锁定，48小时内有效。"),
        hint=gettext_lazy("锁定期内其他人不能配走；到期自动释放。")),
    Act("release", gettext_lazy("解除锁定"), _plain(forms.NoteForm),
        lambda by, car, _data: cars.vehicle_release(by=by, vehicle_id=car.pk), _may_release,
        gettext_lazy("已解除锁定。"), tone="secondary"),
    Act("arrive", gettext_lazy("到库入库"), _plain(forms.ArriveForm),
        lambda by, car, d: cars.vehicle_arrive(
            by=by, vehicle_id=car.pk, arrived_on=d["arrived_on"], location=d["location"]),
        _may("vehicle.manage", V.ON_ORDER, V.IN_TRANSIT), gettext_lazy("已入库，库龄从到库日开始计算。")),
    Act("repair", gettext_lazy("质损已修复"), _plain(forms.NoteForm),
        lambda by, car, _data: cars.vehicle_repair(by=by, vehicle_id=car.pk),
        _may("vehicle.manage", V.DAMAGED), gettext_lazy("已恢复在库。")),
    Act("change", gettext_lazy("修改资料"), _facts_form, _facts,
        _may("vehicle.manage", *(state for state in V if state != V.DELIVERED)), gettext_lazy("车辆资料已保存。"),
        tone="secondary"),
    Act("damage", gettext_lazy("登记质损"), _plain(forms.DamageForm),
        lambda by, car, d: cars.vehicle_damage(by=by, vehicle_id=car.pk, note=d["note"]),
        _may("vehicle.manage", V.IN_STOCK), gettext_lazy("已登记质损，该车暂不能配车。"), tone="danger"),
)  # fmt: skip
VEHICLE_ACTS = {act.name: act for act in _ACTS}


def page_context(request: HttpRequest, car: Vehicle, bound: tuple[str, DomainForm] | None = None) -> dict[str, Any]:
    """What the page of one car shows."""
    with_age([car])
    return {
        "car": car,
        "allocations": allocations_of(user=request.user, vehicle=car),
        "offers": offers(request.user, car, VEHICLE_ACTS, bound),
        "sees_profit": sees_profit(request.user, car.store_id),
    }


class VehiclePage(Page):
    """One car: facts, age, who holds it, which orders had it."""

    resource = "vehicle"

    def get(self, request: HttpRequest, vehicle_id: int) -> HttpResponse:
        car = vehicle_get(user=request.user, vehicle_id=vehicle_id)
        return render(request, "sales/vehicle_page.html", page_context(request, car))


class VehicleAct(Page):
    """One act posted from the car's page."""

    resource = "vehicle"

    def get(self, request: HttpRequest, vehicle_id: int, act: str) -> HttpResponse:
        """Reloading after a refusal comes back to the car."""
        return redirect("sales:vehicle_page", vehicle_get(user=request.user, vehicle_id=vehicle_id).pk)

    def post(self, request: HttpRequest, vehicle_id: int, act: str) -> HttpResponse:
        car = vehicle_get(user=request.user, vehicle_id=vehicle_id)
        chosen = VEHICLE_ACTS.get(act)
        if chosen is None:
            raise Http404
        form = chosen.form(request.user, car, request.POST)
        template = "sales/vehicle_page.html"
        if not form.is_valid():
            return render(request, template, page_context(request, car, (act, form)), status=422)
        try:
            chosen.run(request.user, car, form.cleaned_data)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            put_refusal_on_form(form, error)
            fresh = vehicle_get(user=request.user, vehicle_id=vehicle_id)
            context = page_context(request, fresh, (act, form))
            return render(request, template, {**context, "current": error.current}, status=error.status)
        done(request, chosen.done)
        return redirect("sales:vehicle_page", vehicle_id)


class VehicleNew(Page):
    """Record a car."""

    resource = "vehicle"

    def get(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, "vehicle.manage")
        form = forms.VehicleForm(user=request.user, brand_id=store.brand_id)
        return render(request, FORM, {"form": form, "store": store})

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, "vehicle.manage")
        form = forms.VehicleForm(request.POST, user=request.user, brand_id=store.brand_id)
        if not form.is_valid():
            return refuse(request, FORM, {"store": store}, form)
        facts = {name: value for name, value in form.cleaned_data.items() if name not in ("version", "idempotency_key")}
        facts["rebate"] = facts["rebate"] or 0
        try:
            car, _again = once(
                by=request.user, action="vehicle.create", key=form.cleaned_data["idempotency_key"],
                create=lambda: cars.vehicle_create(by=request.user, store=store, **facts),
                find=lambda pk: vehicle_get(user=request.user, vehicle_id=pk),
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, FORM, {"store": store}, form, error)
        done(request, _("车辆已登记。"))
        return redirect("sales:vehicle_page", car.pk)
