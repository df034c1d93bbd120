"""培育池: who is warmed up by marketing, invitations to campaigns, back to the consultant."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.filters import NurtureFilter
from leads.forms.evaluation import NurtureInviteForm, NurtureReturnForm
from leads.selectors.choices import sees_others
from leads.selectors.evaluation import lines_of
from leads.selectors.nurture import DEFAULT_ORDERING, ORDERINGS, nurture_get, nurture_list
from leads.services.campaign import NURTURE, campaign_invite_cards
from leads.services.nurture import nurture_return
from leads.views.base import Page, back_to
from leads.views.bulk import chosen

LIST, RETURN = "leads/nurture_list.html", "leads/nurture_return.html"
SORTS = {
    "-entered_at": gettext_lazy("最近进入"),
    "entered_at": gettext_lazy("最早进入"),
    "-score": gettext_lazy("得分最高"),
}


class NurtureList(Page):
    """The pool with its filters in the address; ticked customers are invited by a POST to the same address."""

    resource = "nurture"

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, LIST, {"form": NurtureInviteForm(user=request.user), **self.listed(request)})

    def post(self, request: HttpRequest) -> HttpResponse:
        require(request.user, NURTURE)
        form, ids = NurtureInviteForm(request.POST, user=request.user), chosen(request)
        if not form.is_valid():
            return refuse(request, LIST, self.listed(request, ids), form)
        campaign = form.cleaned_data["campaign"]
        try:
            count = campaign_invite_cards(by=request.user, campaign_id=campaign.pk, prospect_ids=ids)
        except DomainError as error:
            return refuse(request, LIST, self.listed(request, ids), form, error)
        done(request, invited(count, len(ids)))
        return redirect(request.get_full_path())

    def listed(self, request: HttpRequest, ids: list[int] | None = None) -> dict[str, Any]:
        """One page of the filtered pool; ticked ones stay ticked."""
        filters = NurtureFilter(request.GET, queryset=nurture_list(user=request.user), request=request)
        sort = request.GET.get("sort", "")
        sort = sort if sort in ORDERINGS else DEFAULT_ORDERING
        return {
            "filter": filters,
            "page": page_of(request, filters.qs, ORDERINGS[sort]),
            "sort": sort,
            "sorts": SORTS,
            "ticked": set(ids or []),
            "sees_others": sees_others(request.user),
            "may_nurture": can(request.user, NURTURE),
        }


def invited(count: int, asked: int) -> str:
    """How many were new, and why the others were not."""
    if count == asked:
        return _("已邀请 %(count)d 位客户。") % {"count": count}
    told = {"count": count, "rest": asked - count}
    return _("已邀请 %(count)d 位客户；另外 %(rest)d 位此前已邀请、不属于该门店、已结束或客户不接受联系。") % told


class NurtureReturn(Page):
    """退回顾问, with a reason."""

    resource = "nurture"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        stay = nurture_get(user=request.user, stay_id=pk)
        require(request.user, NURTURE, stay.store_id)
        return render(request, RETURN, {"form": NurtureReturnForm(user=request.user), **shown(request, stay)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        stay = nurture_get(user=request.user, stay_id=pk)
        require(request.user, NURTURE, stay.store_id)
        form = NurtureReturnForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, RETURN, shown(request, stay), form)
        try:
            nurture_return(by=request.user, stay_id=pk, reason=form.cleaned_data["reason"])
        except DomainError as error:
            return refuse(request, RETURN, shown(request, stay), form, error)
        done(request, _("已退回顾问，顾问须在明天前联系客户。"))
        return redirect(back_to(request, reverse("leads:nurture_list")))


def shown(request: HttpRequest, stay: Any) -> dict[str, Any]:
    """The customer and why the evaluation sent them here."""
    next_url = back_to(request, reverse("leads:nurture_list"))
    return {"stay": stay, "card": stay.prospect, "lines": lines_of(stay.evaluation), "next": next_url}
