"""来店/来电登记: the form at the door, the register, arrivals to complete."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.audit.services import once
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.scoping import reach_for
from dealership.core.views import done, refuse
from dealership.org.reach import can, has_role, require
from dealership.org.roles import SELLING_ROLES
from leads.choices import VisitPurpose
from leads.filters import VisitFilter
from leads.forms import AssignForm, PhoneForm, UncapturedForm, VisitCompleteForm, VisitForm
from leads.models import Visit
from leads.policies import grade_horizons
from leads.selectors.choices import sees_others, sellers_in, store_for
from leads.selectors.customer import customer_lookup
from leads.selectors.visit import ORDERING, incomplete_visits, visit_get, visit_registered, visit_rows
from leads.services.customer import owner_notify
from leads.services.visit import visit_assign, visit_complete, visit_leave, visit_register
from leads.views.base import Page, back_to

ACT = "visit.register"
FORM = "leads/visit_form.html"


class VisitNew(Page):
    """Register a party on one screen; 未留资 is one tap, an arrival can be left for the consultant."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.store = store_for(request.user, ACT)
        return super().dispatch(request, *args, **kwargs)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        sells = has_role(request.user, SELLING_ROLES, self.store.pk)
        return {"store": self.store, "user_sells": sells, "horizons": grade_horizons(self.store.pk), "visit": None}

    def get(self, request: HttpRequest) -> HttpResponse:
        form = VisitForm(user=request.user, store=self.store)
        return render(request, FORM, {**self.context(request), "form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        kind = request.POST.get("captured", "yes")
        if kind == "no":
            return self.uncaptured(request)
        form = VisitForm(request.POST, user=request.user, store=self.store)
        if not form.is_valid():
            return refuse(request, FORM, self.context(request), form)
        told = {**form.told(), "captured": None if kind == "later" else True}
        try:
            visit = self.save(request, form, told)
        except DomainError as error:
            return refuse(request, FORM, self.context(request), form, error)
        return registered(request, visit)

    def uncaptured(self, request: HttpRequest) -> HttpResponse:
        form = UncapturedForm(request.POST, user=request.user)
        if not form.is_valid():
            raise DomainError("bad_party_size", _("同行人数请填 1 到 30。"))
        size, channel = form.cleaned_data["party_size"], form.cleaned_data["channel"]
        told = {"captured": False, "party_size": size, "channel": channel, "purpose": VisitPurpose.PURCHASE}
        return registered(request, self.save(request, form, told))

    def save(self, request: HttpRequest, form: Any, told: dict[str, Any]) -> Visit:
        kind = request.POST.get("captured", "yes")[:10]
        visit, _replay = once(
            by=request.user, action=f"{ACT}.{kind}", key=form.cleaned_data["idempotency_key"],
            create=lambda: visit_register(by=request.user, store=self.store, **told),
            find=lambda pk: visit_registered(user=request.user, visit_id=pk),
        )  # fmt: skip
        return visit


def registered(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Where one goes after registering: my customer's card, else the register, saying what happened."""
    if visit.captured and visit.owner_id not in (None, request.user.pk) and visit.received_by_id == request.user.pk:
        done(request, _("已登记。该客户归属 %(owner)s，来访记在归属顾问名下并已通知。") % {"owner": visit.owner})
        return redirect("leads:visit_list")
    done(request, _("已登记：%(type)s") % {"type": visit.get_visit_type_display()})
    if visit.prospect_id is not None and visit.owner_id == request.user.pk:
        return redirect("leads:prospect_detail", visit.prospect_id)
    return redirect("leads:visit_list")


class VisitLookup(Page):
    """Whose number is this? Asked while typing, by POST so that numbers stay out of addresses and logs."""

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, ACT)
        form = PhoneForm(request.POST, user=request.user)
        found = None
        if form.is_valid():
            found = customer_lookup(user=request.user, store=store, phone=form.cleaned_data["phone"])
        context = {"found": found, "phone": request.POST.get("phone", "")}
        return render(request, "leads/_visit_lookup.html", context)


class OwnerNotify(Page):
    """通知归属顾问."""

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, ACT)
        form = PhoneForm(request.POST, user=request.user)
        if not form.is_valid():
            raise DomainError("bad_phone", _("电话号码不正确，请核对后再试。"))
        owner = owner_notify(by=request.user, store=store, phone=form.cleaned_data["phone"])
        return render(request, "leads/_visit_notified.html", {"owner": owner})


class VisitList(Page):
    """The register with its filters in the address; arrivals to complete stand on top."""

    resource = "visit"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = VisitFilter(request.GET, queryset=visit_rows(user=request.user), request=request)
        page = page_of(request, filters.qs, ORDERING)
        context = {
            "filter": filters,
            "page": page,
            "waiting": list(incomplete_visits(user=request.user)[:10]),
            "sees_others": sees_others(request.user),
            "may_leave": can(request.user, "visit.leave"),
            "may_assign": can(request.user, "visit.assign"),
            "may_complete": can(request.user, "visit.complete"),
            "sees_cards": not reach_for(request.user, "prospect").is_empty,
        }
        return render(request, "leads/visit_list.html", context)


class VisitComplete(Page):
    """完善登记: what reception left open."""

    def context(self, request: HttpRequest, visit: Visit) -> dict[str, Any]:
        sells = has_role(request.user, SELLING_ROLES, visit.store_id)
        return {"store": visit.store, "user_sells": sells, "horizons": grade_horizons(visit.store_id), "visit": visit}

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        visit = visit_get(user=request.user, visit_id=pk)
        require(request.user, "visit.complete", visit.store_id)
        initial = {"version": visit.version, "party_size": visit.party_size, "note": visit.note}
        initial |= {"received_by": visit.received_by, "purpose": visit.purpose}
        form = VisitCompleteForm(user=request.user, store=visit.store, initial=initial)
        return render(request, FORM, {**self.context(request, visit), "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        visit = visit_get(user=request.user, visit_id=pk)
        require(request.user, "visit.complete", visit.store_id)
        form = VisitCompleteForm(request.POST, user=request.user, store=visit.store)
        if not form.is_valid():
            return refuse(request, FORM, self.context(request, visit), form)
        told = {**form.told(), "captured": request.POST.get("captured", "yes") == "yes"}
        if not told["captured"]:
            told["phone"] = ""
        try:
            saved = visit_complete(by=request.user, visit_id=pk, version=form.cleaned_data["version"], **told)
        except DomainError as error:
            return refuse(request, FORM, self.context(request, visit), form, error)
        return registered(request, saved)


class VisitLeave(Page):
    """离店: one tap."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        visit_leave(by=request.user, visit_id=pk)
        done(request, _("已记录离店时间。"))
        return redirect(back_to(request, reverse("leads:visit_list")))


class VisitAssign(Page):
    """Give an arrival to a consultant."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        visit = visit_get(user=request.user, visit_id=pk)
        require(request.user, "visit.assign", visit.store_id)
        form = AssignForm(user=request.user, store=visit.store)
        context = {"form": form, "visit": visit, "sellers": sellers_in(visit.store)}
        return render(request, "leads/visit_assign.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        visit = visit_get(user=request.user, visit_id=pk)
        require(request.user, "visit.assign", visit.store_id)
        form = AssignForm(request.POST, user=request.user, store=visit.store)
        if not form.is_valid():
            return refuse(request, "leads/visit_assign.html", {"visit": visit}, form)
        visit_assign(by=request.user, visit_id=pk, received_by=form.cleaned_data["received_by"])
        done(request, _("已安排 %(name)s 接待。") % {"name": form.cleaned_data["received_by"]})
        return redirect("leads:visit_list")
