"""活动: what was spent on a source, whom the store invited, who came. For marketing and managers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.audit.services import once
from dealership.core.errors import DomainError
from dealership.core.money import ratio
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.campaign_choices import InviteAnswer
from leads.forms.campaign import CampaignFilter, CampaignForm, InviteForm
from leads.models import Campaign
from leads.selectors.campaign import INVITE_ORDERING, ORDERING, campaign_effect, campaign_get, campaign_list, invites_of
from leads.selectors.choices import store_for
from leads.services.campaign import ACT, campaign_change, campaign_create, campaign_invite, invite_mark
from leads.views.base import Page
from leads.views.prospect import stale

FORM, DETAIL = "leads/campaign_form.html", "leads/campaign_detail.html"


class CampaignList(Page):
    """Campaigns with cost, invited and attended, newest first."""

    resource = "campaign"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = page_of(request, campaign_list(user=request.user, **CampaignFilter(request.GET).told()), ORDERING)
        return render(request, "leads/campaign_list.html", {"page": page, "may_manage": can(request.user, ACT)})


class CampaignNew(Page):
    """A new campaign."""

    def get(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, ACT)
        return render(request, FORM, {"form": CampaignForm(user=request.user, store=store), "store": store})

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, ACT)
        form = CampaignForm(request.POST, user=request.user, store=store)
        if not form.is_valid():
            return refuse(request, FORM, {"store": store}, form)
        try:
            row = once(
                by=request.user, action="campaign.create", key=form.cleaned_data["idempotency_key"],
                create=lambda: campaign_create(by=request.user, store=store, **form.details()),
                find=lambda pk: campaign_get(user=request.user, campaign_id=pk),
            )[0]  # fmt: skip
        except DomainError as error:
            return refuse(request, FORM, {"store": store}, form, error)
        done(request, _("活动已保存。"))
        return redirect("leads:campaign_detail", row.pk)


class CampaignEdit(Page):
    """Change a campaign; the actual cost comes in here."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = campaign_get(user=request.user, campaign_id=pk)
        require(request.user, ACT, row.store_id)
        form = CampaignForm(user=request.user, store=row.store, campaign=row)
        return render(request, FORM, {"form": form, "store": row.store, "campaign": row})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = campaign_get(user=request.user, campaign_id=pk)
        require(request.user, ACT, row.store_id)
        form, context = CampaignForm(request.POST, user=request.user, store=row.store), {"store": row.store}
        if not form.is_valid():
            return refuse(request, FORM, {**context, "campaign": row}, form)
        try:
            version = form.cleaned_data["version"]
            campaign_change(by=request.user, campaign_id=pk, version=version, details=form.details())
        except DomainError as error:
            return stale(request, FORM, {**context, "campaign": row}, form, error)
        done(request, _("活动已保存。"))
        return redirect("leads:campaign_detail", pk)


class CampaignDetail(Page):
    """One campaign with its invited customers; inviting is posted to the same address."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = campaign_get(user=request.user, campaign_id=pk)
        form = InviteForm(user=request.user, store=row.store)
        return render(request, DETAIL, {"form": form, **_context(request, row)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = campaign_get(user=request.user, campaign_id=pk)
        require(request.user, ACT, row.store_id)
        form = InviteForm(request.POST, user=request.user, store=row.store)
        if not form.is_valid():
            return refuse(request, DETAIL, _context(request, row), form)
        told = form.cleaned_data
        try:
            count = campaign_invite(by=request.user, campaign_id=pk, grades=told["grades"], owner=told["owner"])
        except DomainError as error:
            return refuse(request, DETAIL, _context(request, row), form, error)
        done(request, _("已邀请 %(count)d 位客户。") % {"count": count})
        return redirect("leads:campaign_detail", pk)


class InviteMark(Page):
    """Answer or attendance of one invited customer."""

    def post(self, request: HttpRequest, pk: int, invite: int) -> HttpResponse:
        row = campaign_get(user=request.user, campaign_id=pk)
        require(request.user, ACT, row.store_id)
        ticked = {"yes": True, "no": False}.get(request.POST.get("attended", ""))
        answer = request.POST.get("answer", "")
        invite_mark(by=request.user, campaign_id=pk, invite_id=invite, answer=answer, attended=ticked)
        done(request, _("已登记。"))
        return redirect("leads:campaign_detail", pk)


def _context(request: HttpRequest, row: Campaign) -> dict[str, Any]:
    page = page_of(request, invites_of(user=request.user, campaign=row), INVITE_ORDERING, size=100)
    answers = InviteAnswer.choices
    effect = campaign_effect(user=request.user, campaign=row)
    return {
        "campaign": row,
        "effect": effect,
        "order_cost": ratio(row.cost_actual, effect.orders, 2),
        "page": page,
        "answers": answers,
        "may_manage": can(request.user, ACT, row.store_id),
    }
