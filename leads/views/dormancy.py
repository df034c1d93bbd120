"""休眠客户 with their wake dates, 失控客户, and the second follow-up given to somebody else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.filters import LossFilter, ProspectFilter
from leads.forms.loss import SecondForm
from leads.selectors.choices import sees_others
from leads.selectors.loss import (
    DORMANT_ORDER,
    LOST_SIGHT_ORDER,
    dormant_list,
    open_second_of,
    out_of_control_list,
)
from leads.selectors.prospect import prospect_get
from leads.services.dormancy import dormancy_wake
from leads.services.second import second_assign
from leads.views.base import Page, back_to

SECOND = "leads/second_form.html"


class DormantList(Page):
    """Cards at rest, the next to wake first."""

    resource = "loss_application"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = LossFilter(request.GET, queryset=dormant_list(user=request.user), request=request)
        page = page_of(request, filters.qs, DORMANT_ORDER)
        context = {"filter": filters, "page": page, "sees_others": sees_others(request.user)}
        context["may_wake"] = can(request.user, "prospect.change")
        return render(request, "leads/dormant_list.html", context)


class DormancyWake(Page):
    """唤醒 by hand."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        prospect_get(user=request.user, prospect_id=pk)
        dormancy_wake(by=request.user, prospect_id=pk)
        done(request, _("客户已唤醒，今天请联系。"))
        return redirect(back_to(request, reverse("leads:prospect_detail", args=[pk])))


class OutOfControlList(Page):
    """失控客户: the longest forgotten first; the manager gives them away or gives them up."""

    resource = "prospect"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = ProspectFilter(request.GET, queryset=out_of_control_list(user=request.user), request=request)
        page = page_of(request, filters.qs, LOST_SIGHT_ORDER)
        context = {"filter": filters, "page": page, "now": periods.now(), "sees_others": sees_others(request.user)}
        context["may_decide"] = can(request.user, "prospect.reassign")
        context["may_log"] = can(request.user, "follow_up.log")
        return render(request, "leads/out_of_control_list.html", context)


class SecondAssign(Page):
    """安排二次追踪."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.reassign", card.store_id)
        form = SecondForm(user=request.user, store=card.store)
        return render(request, SECOND, {"card": card, "second": open_second_of(card), "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.reassign", card.store_id)
        form = SecondForm(request.POST, user=request.user, store=card.store)
        context = {"card": card, "second": open_second_of(card)}
        if not form.is_valid():
            return refuse(request, SECOND, context, form)
        try:
            second_assign(by=request.user, prospect_id=pk, person=form.cleaned_data["person"])
        except DomainError as error:
            return refuse(request, SECOND, context, form, error)
        done(request, _("已安排 %(name)s 做二次追踪。") % {"name": form.cleaned_data["person"]})
        return redirect("leads:prospect_detail", pk)
