"""公共池, 改派, 转移申请, 分配设置."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.policy import policy
from dealership.org.reach import can, require
from leads.filters import LeadFilter
from leads.forms.lead import AssigneeForm, LeadGiveForm
from leads.selectors.choices import store_for
from leads.selectors.lead import POOL_ORDERING, lead_get, lead_pool
from leads.selectors.lead_desk import desk
from leads.services.lead_assign import assignees_set, lead_assign, lead_pick
from leads.services.lead_transfer import lead_transfer_ask
from leads.views.base import Page

GIVE = "leads/lead_give.html"


class LeadPool(Page):
    """Leads that are nobody's, the longest waiting first, with 领取."""

    resource = "lead"

    def get(self, request: HttpRequest) -> HttpResponse:
        return pool_page(request)


def pool_page(request: HttpRequest, error: DomainError | None = None) -> HttpResponse:
    """The pool as it is now; with the sentence of a refused pick on top."""
    filters = LeadFilter(request.GET, queryset=lead_pool(user=request.user), request=request)
    context = {
        "filter": filters,
        "page": page_of(request, filters.qs, POOL_ORDERING),
        "may_pick": can(request.user, "lead.pick"),
        "may_assign": can(request.user, "lead.assign"),
        "error": error,
    }
    return render(request, "leads/lead_pool.html", context, status=error.status if error else 200)


class LeadPick(Page):
    """领取: the first of two wins."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            lead_pick(by=request.user, lead_id=pk)
        except DomainError as error:
            if error.status not in (409, 422):
                raise
            return pool_page(request, error)
        done(request, _("已领取，请尽快首次联系。"))
        return redirect("leads:lead_detail", pk)


class LeadAssign(Page):
    """改派 by a manager or the leader of the desk."""

    act = "lead.assign"
    words: dict[str, Any] = {"title": gettext_lazy("分配线索"), "button": gettext_lazy("分配")}

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, self.act, lead.store_id)
        form = LeadGiveForm(user=request.user, lead=lead)
        return render(request, GIVE, {"lead": lead, "form": form, **self.words})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, self.act, lead.store_id)
        form = LeadGiveForm(request.POST, user=request.user, lead=lead)
        context = {"lead": lead, **self.words}
        if not form.is_valid():
            return refuse(request, GIVE, context, form)
        try:
            self.save(request, pk, form.told())
        except DomainError as error:
            return refuse(request, GIVE, context, form, error)
        return redirect("leads:lead_list")

    def save(self, request: HttpRequest, pk: int, told: dict[str, Any]) -> None:
        lead_assign(by=request.user, lead_id=pk, **told)
        done(request, _("已分配给 %(name)s，对方已收到通知。") % {"name": told["new_owner"]})


class LeadTransfer(LeadAssign):
    """申请转移 by the owner."""

    act = "lead.work"
    words: dict[str, Any] = {"title": gettext_lazy("申请转移线索"), "button": gettext_lazy("提交申请")}

    def save(self, request: HttpRequest, pk: int, told: dict[str, Any]) -> None:
        lead_transfer_ask(by=request.user, lead_id=pk, **told)
        done(request, _("已提交转移申请，等待展厅经理审批。"))


class LeadSettings(Page):
    """分配设置: weights, caps and opt-out per person."""

    template = "leads/lead_settings.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.store = store_for(request.user, "lead.settings")
        return super().dispatch(request, *args, **kwargs)

    def context(self, lines: list[Any]) -> dict[str, Any]:
        minutes = policy("lead.first_response_minutes", self.store)
        return {"lines": lines, "store": self.store, "minutes": minutes, "hours": policy("showroom.hours", self.store)}

    def lines(self, request: HttpRequest) -> list[Any]:
        """(person in the round, their form) for everybody of the store."""
        found = []
        for person in desk(self.store):
            shown = {"weight": person.own_weight, "cap": person.own_cap, "is_opted_out": person.is_opted_out}
            data = request.POST if request.method == "POST" else None
            found.append((person, AssigneeForm(data, user=request.user, prefix=f"p{person.key}", initial=shown)))
        return found

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, self.template, self.context(self.lines(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        lines = self.lines(request)
        if not all(form.is_valid() for _person, form in lines):
            return render(request, self.template, self.context(lines), status=422)
        assignees_set(by=request.user, store=self.store, rows=[(person.user, form.told()) for person, form in lines])
        done(request, _("分配设置已保存，从下一条线索起生效。"))
        return redirect("leads:lead_settings")
