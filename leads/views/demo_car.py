"""试驾车: the cars customers may drive, kept by the showroom manager and the sales admin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.audit.services import once
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.forms.drive import DemoCarForm
from leads.selectors.choices import store_for
from leads.selectors.drive import CAR_ORDERING, demo_car_get, demo_car_list
from leads.services.demo_car import demo_car_change, demo_car_create
from leads.views.base import Page
from leads.views.prospect import stale

ACT = "demo_car.manage"
FORM = "leads/demo_car_form.html"


class DemoCarList(Page):
    """Cars with insurance and what may be done."""

    resource = "demo_car"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = page_of(request, demo_car_list(user=request.user), CAR_ORDERING)
        context = {"page": page, "today": periods.today(), "may_manage": can(request.user, ACT)}
        return render(request, "leads/demo_car_list.html", context)


class DemoCarNew(Page):
    """A new demo car."""

    def get(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, ACT)
        return render(request, FORM, {"form": DemoCarForm(user=request.user, store=store), "store": store})

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, ACT)
        form = DemoCarForm(request.POST, user=request.user, store=store)
        if not form.is_valid():
            return refuse(request, FORM, {"store": store}, form)
        try:
            once(
                by=request.user, action="demo_car.create", key=form.cleaned_data["idempotency_key"],
                create=lambda: demo_car_create(by=request.user, store=store, **form.details()),
                find=lambda pk: demo_car_get(user=request.user, car_id=pk),
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, FORM, {"store": store}, form, error)
        done(request, _("试驾车已保存。"))
        return redirect("leads:demo_car_list")


class DemoCarEdit(Page):
    """Change a demo car or take it out of use."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        car = demo_car_get(user=request.user, car_id=pk)
        require(request.user, ACT, car.store_id)
        form = DemoCarForm(user=request.user, store=car.store, car=car)
        return render(request, FORM, {"form": form, "store": car.store, "car": car})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        car = demo_car_get(user=request.user, car_id=pk)
        require(request.user, ACT, car.store_id)
        form, context = DemoCarForm(request.POST, user=request.user, store=car.store), {"store": car.store, "car": car}
        if not form.is_valid():
            return refuse(request, FORM, context, form)
        try:
            version = form.cleaned_data["version"]
            demo_car_change(by=request.user, car_id=pk, version=version, details=form.details())
        except DomainError as error:
            return stale(request, FORM, context, form, error)
        done(request, _("试驾车已保存。"))
        return redirect("leads:demo_car_list")
