"""保有客户: delivered cars and their care tasks (read)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.paging import page_of
from dealership.org.policy import policy
from leads.filters import OwnerFilter
from leads.selectors.owner import ORDERING, owner_facts, owner_get, owner_list
from leads.selectors.timeline import customer_timeline
from leads.views.base import Page


class OwnerList(Page):
    """Owners, newest hand-over first."""

    resource = "owned_vehicle"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = OwnerFilter(request.GET, queryset=owner_list(user=request.user), request=request)
        page = page_of(request, filters.qs, ORDERING)
        return render(request, "leads/owner_list.html", {"filter": filters, "page": page, "day": periods.today()})


class OwnerDetail(Page):
    """The C card: car, hand-over, care calls, the whole story."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        vehicle = owner_get(user=request.user, vehicle_id=pk)
        timeline = customer_timeline(user=request.user, customer_id=vehicle.customer_id)
        context = {"vehicle": vehicle, "timeline": timeline, "day": periods.today()}
        context["facts"] = owner_facts(user=request.user, car=vehicle)
        context["card_name"] = _(policy("register.owner_card", vehicle.store))
        return render(request, "leads/owner_detail.html", context)
