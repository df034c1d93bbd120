"""Queues of the desk: allocation, delivery; and the price list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from sales.forms import PriceForm
from sales.selectors.catalogue import coming_prices, orders_hit_by_drop, price_list
from sales.selectors.deal import allocation_queue, delivery_queue, with_candidates, with_papers
from sales.services.catalogue import price_set, price_withdraw
from sales.views.base import Page


class AllocationList(Page):
    """Orders without a car, the oldest first, with the oldest fitting cars."""

    resource = "vehicle"

    def get(self, request: HttpRequest) -> HttpResponse:
        require(request.user, "vehicle.allocate")
        page = page_of(request, allocation_queue(user=request.user), ("ordered_at", "id"), size=20)
        with_candidates(page.rows)
        return render(request, "sales/allocation_list.html", {"page": page})


class DeliveryList(Page):
    """Cars to prepare and hand over, by promised day, with what is missing."""

    resource = "deal"

    def get(self, request: HttpRequest) -> HttpResponse:
        require(request.user, "deal.documents")
        page = page_of(request, delivery_queue(user=request.user), ("due_key", "id"), size=20)
        with_papers(page.rows)
        return render(request, "sales/delivery_list.html", {"page": page})


class PriceList(Page):
    """Prices in force, prices to come, and open orders hit by a drop."""

    resource = "catalogue"
    template = "sales/price_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, self.template, self._context(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        require(request.user, "price.change")
        form = PriceForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, self._context(request), form)
        data = form.cleaned_data
        try:
            price_set(
                by=request.user, configuration_id=data["configuration"].pk, effective_from=data["effective_from"],
                msrp=data["msrp"], consultant_authority=data["consultant_authority"],
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, self.template, self._context(request), form, error)
        done(request, _("新价格已登记，自生效日起用于新报价。"))
        return redirect("sales:price_list")

    def _context(self, request: HttpRequest) -> dict[str, object]:
        entries = price_list(user=request.user)
        may_change = can(request.user, "price.change")
        return {
            "entries": entries,
            "coming": coming_prices(user=request.user),
            "hit": orders_hit_by_drop(user=request.user, entries=entries),
            "may_change": may_change,
            "form": PriceForm(user=request.user) if may_change else None,
        }


class PriceWithdraw(Page):
    """Take back a price that is not in force yet."""

    resource = "catalogue"

    def post(self, request: HttpRequest, price_id: int) -> HttpResponse:
        price_withdraw(by=request.user, price_id=price_id)
        done(request, _("未生效的价格已撤回。"))
        return redirect("sales:price_list")
