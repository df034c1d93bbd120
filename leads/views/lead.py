"""线索: list, one lead with its one-tap outcomes, entry by hand, 建卡."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.audit.services import once
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, has_role, require
from dealership.org.roles import SELLING_ROLES
from leads.choices import OPEN_LEAD_STATES, AttemptOutcome, LeadState
from leads.filters import LeadFilter
from leads.forms import RevealForm
from leads.forms.lead import AttemptForm, LeadConvertForm, LeadForm, LeadInvalidForm
from leads.models import Lead
from leads.selectors.choices import sees_others, store_for
from leads.selectors.lead import (
    DEFAULT_ORDERING,
    ORDERINGS,
    attempt_found,
    lead_found,
    lead_get,
    lead_list,
    lead_shown_to,
    lead_story,
    with_clocks,
)
from leads.services.lead import lead_attempt_log, lead_mark_invalid, lead_reveal
from leads.services.lead_convert import lead_convert
from leads.services.lead_intake import LeadRow, Outcome, Taken, lead_create
from leads.views.base import Page, back_to

SORTS = {"due": gettext_lazy("最急的在前"), "-received_at": gettext_lazy("最新收到")}
REVEAL = "leads/_lead_reveal.html"


def filters_of(request: HttpRequest) -> QueryDict:
    """The address's filters; without a state the unprocessed leads are meant."""
    given = request.GET.copy()
    if not any(given.getlist("state")):
        given.setlist("state", [] if given.get("q") else [state.value for state in OPEN_LEAD_STATES])
    return given


class LeadList(Page):
    """Running clocks first."""

    resource = "lead"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = LeadFilter(filters_of(request), queryset=lead_list(user=request.user), request=request)
        sort = request.GET.get("sort", "")
        sort = sort if sort in SORTS else DEFAULT_ORDERING
        page = page_of(request, filters.qs, ORDERINGS[sort])
        context = {
            "filter": filters, "page": page, "rows": with_clocks(page.rows), "sort": sort, "sorts": SORTS,
            "states": LeadState.choices, "sees_others": sees_others(request.user),
            "may_create": can(request.user, "lead.create"),
            "may_pool": can(request.user, "lead.pick") or can(request.user, "lead.assign"),
        }  # fmt: skip
        partial = request.htmx and request.htmx.target == "rows"
        return render(request, "leads/_lead_rows.html" if partial else "leads/lead_list.html", context)


class LeadNew(Page):
    """录入线索."""

    template = "leads/lead_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.store = store_for(request.user, "lead.create")
            self.may_hold = has_role(request.user, SELLING_ROLES, self.store.pk)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        form = LeadForm(user=request.user, store=self.store, may_hold=self.may_hold)
        return render(request, self.template, {"form": form, "store": self.store})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LeadForm(request.POST, user=request.user, store=self.store, may_hold=self.may_hold)
        if not form.is_valid():
            return refuse(request, self.template, {"store": self.store}, form)
        try:
            taken = self.save(request, form)
        except DomainError as error:
            return refuse(request, self.template, {"store": self.store}, form, error)
        return answered(request, taken)

    def save(self, request: HttpRequest, form: LeadForm) -> Taken:
        row, answers = LeadRow(**form.facts()), list[Taken]()

        def create() -> Lead:
            answers.append(lead_create(by=request.user, store=self.store, row=row, owner=form.owner()))
            return lead_found(lead_id=answers[0].lead_id)

        key = form.cleaned_data["idempotency_key"]
        lead, _replay = once(
            by=request.user, action="lead.create", key=key, create=create, find=lambda pk: lead_found(lead_id=pk)
        )
        return Taken(0, answers[0].outcome if answers else Outcome.REPLAYED, lead)


def answered(request: HttpRequest, taken: Taken) -> HttpResponse:
    """Say what became of the number; the lead's page when it is within reach."""
    done(request, taken_words(taken))
    lead = taken.lead
    if lead is None or not lead_shown_to(user=request.user, lead_id=lead.pk):
        return redirect("leads:lead_list")
    return redirect("leads:lead_detail", lead.pk)


def taken_words(taken: Taken) -> str:
    """One sentence: new and whose, or known and whose."""
    lead = taken.lead
    owner = str(lead.owner) if lead is not None and lead.owner else _("暂无人负责")
    if taken.outcome == Outcome.MERGED:
        return _("该号码本店已有档案，归属 %(owner)s，已通知归属顾问跟进。") % {"owner": owner}
    if taken.outcome in (Outcome.REPEATED, Outcome.REPLAYED):
        return _("该号码的线索已经收过（%(owner)s），没有重复新建，已记下再次留资。") % {"owner": owner}
    if lead is not None and lead.owner is None:
        text = _("线索已录入。现在没有可接收的同事，已放入公共池等待分配。")
    else:
        text = _("线索已录入，由 %(owner)s 跟进。") % {"owner": owner}
    return text + (_("注意：集团其他门店已有该客户档案。") if lead is not None and lead.is_elsewhere else "")


class LeadDetail(Page):
    """One lead: the clock, what to do now, everything that happened."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        context = {
            "lead": lead, "story": lead_story(lead=lead), "plain": None, "may": acts_on(request.user, lead),
            "form": AttemptForm(user=request.user), "silent": AttemptForm(user=request.user), "now": periods.now(),
        }  # fmt: skip
        return render(request, "leads/lead_detail.html", context)


def acts_on(user: Any, lead: Lead) -> dict[str, bool]:
    """What the page offers this reader in the lead's state."""
    held = lead.state == LeadState.ASSIGNED
    open_ = lead.state in OPEN_LEAD_STATES and lead.state != LeadState.TRANSFER_PENDING
    return {
        "work": held and can(user, "lead.work", lead.store_id),
        "pick": lead.is_in_pool and can(user, "lead.pick", lead.store_id),
        "assign": open_ and can(user, "lead.assign", lead.store_id),
        "transfer": held and lead.owner_id == user.pk and can(user, "lead.work", lead.store_id),
        "reveal": can(user, "customer.reveal", lead.store_id),
    }


class LeadAttemptNew(Page):
    """打通了 / 未接通: one tap."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, "lead.work", lead.store_id)
        form = AttemptForm(request.POST, user=request.user)
        if not form.is_valid():
            raise DomainError("bad_choice", _("未能登记，请刷新页面后重新点选结果。"))
        row, _replay = once(
            by=request.user, action="lead.attempt", key=form.cleaned_data["idempotency_key"],
            create=lambda: lead_attempt_log(by=request.user, lead_id=pk, **form.told()),
            find=lambda row_id: attempt_found(attempt_id=row_id),
        )  # fmt: skip
        reached = row.outcome == AttemptOutcome.REACHED
        done(request, _("已登记打通，请建卡或判为非意向。") if reached else _("已登记未接通，请换个时间再打。"))
        return redirect(back_to(request, reverse("leads:lead_detail", args=[pk])))


class LeadInvalid(Page):
    """无意向: why."""

    template = "leads/lead_invalid.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, "lead.work", lead.store_id)
        form = LeadInvalidForm(user=request.user, initial={"version": lead.version})
        return render(request, self.template, {"lead": lead, "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, "lead.work", lead.store_id)
        form = LeadInvalidForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, {"lead": lead}, form)
        try:
            saved = lead_mark_invalid(by=request.user, lead_id=pk, **form.told())
        except DomainError as error:
            return refuse(request, self.template, {"lead": lead}, form, error)
        done(request, _("已判为非意向：%(reason)s。") % {"reason": saved.get_invalid_reason_display()})
        return redirect("leads:lead_list")


class LeadConvert(Page):
    """建卡."""

    template = "leads/lead_convert.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, "lead.work", lead.store_id)
        return render(request, self.template, {"lead": lead, "form": LeadConvertForm(user=request.user, lead=lead)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, "lead.work", lead.store_id)
        form = LeadConvertForm(request.POST, user=request.user, lead=lead)
        if not form.is_valid():
            return refuse(request, self.template, {"lead": lead}, form)
        try:
            saved = lead_convert(by=request.user, lead_id=pk, **form.told())
        except DomainError as error:
            return refuse(request, self.template, {"lead": lead}, form, error)
        if saved.state == LeadState.MERGED:
            done(request, _("该号码已有档案，线索已并入原档案，并通知归属顾问。"))
            return redirect("leads:lead_detail", pk)
        done(request, _("已建卡，请按时首次回访。"))
        return redirect("leads:prospect_detail", saved.prospect_id)


class LeadReveal(Page):
    """The plain number, after a reason, logged (R-PIPL)."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = lead_get(user=request.user, lead_id=pk)
        require(request.user, "customer.reveal", lead.store_id)
        form = RevealForm({**request.POST.dict(), "field": "phone"}, user=request.user)
        if not form.is_valid():
            context = {"lead": lead, "plain": None, "error": _("请填写查看原因。")}
            return render(request, REVEAL, context, status=422)
        reason, ip = form.cleaned_data["reason"], request.META.get("REMOTE_ADDR")
        try:
            plain = lead_reveal(by=request.user, lead_id=pk, reason=reason, ip=ip)
        except DomainError as error:
            return render(request, REVEAL, {"lead": lead, "plain": None, "error": error.message}, status=error.status)
        return render(request, REVEAL, {"lead": lead, "plain": plain})
