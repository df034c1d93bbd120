"""意向客户: list, grade board, the card, its facts, hand-over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.policy import policy
from dealership.org.reach import can, require
from leads import policies
from leads.choices import LIVE_STATUSES, ProspectStatus, TaskKind
from leads.evaluation_choices import Verdict
from leads.filters import ProspectFilter
from leads.forms import FollowUpForm, ProspectForm, ReassignForm
from leads.loss_choices import LossState
from leads.models import FollowUpTask, Prospect
from leads.selectors.cancellation import is_fresh
from leads.selectors.choices import sees_others
from leads.selectors.drive import running_drives
from leads.selectors.loss import last_application_of
from leads.selectors.nurture import warms_up
from leads.selectors.own_timeline import CANCELLED
from leads.selectors.prospect import (
    DEFAULT_ORDERING,
    ORDERINGS,
    open_tasks,
    prospect_attended,
    prospect_board,
    prospect_get,
    prospect_rows,
    whole_board,
)
from leads.selectors.stand_in import is_stand_in
from leads.selectors.timeline import Entry, customer_timeline
from leads.services.prospect import prospect_change, prospect_reassign
from leads.views.base import Page, back_to

EDIT = "leads/prospect_form.html"
SORTS = {
    "next_follow_up_at": gettext_lazy("下次跟进最近"),
    "-card_created_at": gettext_lazy("最新建卡"),
    "-grade_since": gettext_lazy("最近调级"),
}


def filters_of(request: HttpRequest) -> QueryDict:
    """The address's filters; without a status the live cards are meant."""
    given = request.GET.copy()
    if not any(given.getlist("status")):
        given.setlist("status", [] if given.get("q") else [status.value for status in LIVE_STATUSES])
    return given


class ProspectList(Page):
    """Table on the desk, cards on the phone, from one queryset."""

    resource = "prospect"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = ProspectFilter(filters_of(request), queryset=prospect_rows(user=request.user), request=request)
        sort = request.GET.get("sort", "")
        sort = sort if sort in ORDERINGS else DEFAULT_ORDERING
        page = page_of(request, filters.qs, ORDERINGS[sort])
        context = {
            "filter": filters,
            "page": page,
            "sort": sort,
            "sorts": SORTS,
            "now": periods.now(),
            "today_code": str(periods.today()),
            "may_log": can(request.user, "follow_up.log"),
            "sees_others": sees_others(request.user),
        }
        partial = request.htmx and request.htmx.target == "rows"
        return render(request, "leads/_prospect_rows.html" if partial else "leads/prospect_list.html", context)


class ProspectBoard(Page):
    """Columns by grade with counts; moving opens the follow-up form, because a regrade needs a contact."""

    resource = "prospect"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = ProspectFilter(request.GET, queryset=prospect_rows(user=request.user), request=request)
        columns = prospect_board(filters.qs) if request.GET else whole_board(user=request.user)
        context = {"filter": filters, "columns": columns, "now": periods.now(), "grades": policies.gradable()}
        context |= {"may_log": can(request.user, "follow_up.log"), "sees_others": sees_others(request.user)}
        return render(request, "leads/prospect_board.html", context)


class ProspectDetail(Page):
    """The A card: facts, next step, one timeline."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_attended(user=request.user, prospect_id=pk)
        return render(request, "leads/prospect_detail.html", card_context(request, card))


def card_context(request: HttpRequest, card: Prospect) -> dict[str, Any]:
    """What the card page shows; acts the reader may not do are not offered."""
    user = request.user
    standing_in = is_stand_in(user, card)
    timeline = customer_timeline(user=user, customer_id=card.customer_id)
    tasks = open_tasks(user=user, prospect=card)
    return {
        "card": card,
        "card_name": _(policy("register.prospect_card", card.store_id)),
        "form": FollowUpForm(user=user, initial={"version": card.version}),
        "timeline": timeline,
        "tasks": tasks,
        "drives": running_drives(timeline),
        "grades": [entry for entry in reversed(timeline) if entry.grade],
        "now": periods.now(),
        "unmoved": policies.days_unmoved(card, periods.today()),
        "plain": None,
        "stands_in": standing_in,
        "warms_up": standing_in and warms_up(user, card),
        "referrer_open": card.referred_by is not None and (card.referred_by.owner_id == user.pk or sees_others(user)),
        "verdict_label": Verdict(card.evaluation_verdict).label if card.evaluation_verdict else "",
        "cancelled": _cancelled(card, timeline),
        **_giving_up(card, tasks, asked=any(entry.kind == "loss" for entry in timeline)),
        "may": {
            "log": can(user, "follow_up.log", card.store_id) and policies.can_be_followed(card),
            "edit": can(user, "prospect.change", card.store_id) and policies.can_edit(card) and not standing_in,
            "evaluate": can(user, "prospect.change", card.store_id) and policies.can_evaluate(card),
            "reassign": can(user, "prospect.reassign", card.store_id) and policies.can_edit(card),
            "drive": can(user, "drive.book", card.store_id) and policies.can_be_followed(card) and not standing_in,
            "deal": can(user, "deal.create", card.store_id) and policies.can_regrade(card) and not standing_in,
            "reveal": can(user, "customer.reveal", card.store_id),
            "lose": can(user, "loss.apply", card.store_id) and policies.can_apply_loss(card) and not standing_in,
            "rest": can(user, "loss.apply", card.store_id) and policies.can_apply_dormancy(card) and not standing_in,
            "wake": can(user, "prospect.change", card.store_id) and card.status == ProspectStatus.DORMANT,
        },
    }


def _cancelled(card: Prospect, timeline: list[Entry]) -> Entry | None:
    """The order's cancellation, while it is the card's last move and fresh; read off the story."""
    last = next((entry for entry in timeline if entry.kind == "status"), None)
    if last is None or last.state != CANCELLED or not policies.can_apply_loss(card):
        return None
    return last if is_fresh(last.at, card.store_id) else None


def _giving_up(card: Prospect, tasks: list[FollowUpTask], *, asked: bool) -> dict[str, Any]:
    """What stands on the card about a refusal and an application; without one in the story nothing is read."""
    last = last_application_of(card) if asked else None
    second = next((task for task in tasks if task.kind == TaskKind.SECOND), None)
    rejected = last is not None and last.state == LossState.REJECTED and card.status == ProspectStatus.ACTIVE
    return {
        "second": second,
        "application": last if last is not None and last.is_pending else None,
        "rejected": last if rejected else None,
    }


class ProspectEdit(Page):
    """Change what is known about the wish."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        form = ProspectForm(user=request.user, card=card, initial={"version": card.version})
        return render(request, EDIT, {"form": form, "card": card})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        form = ProspectForm(request.POST, user=request.user, card=card)
        if not form.is_valid():
            return refuse(request, EDIT, {"card": card}, form)
        try:
            prospect_change(
                by=request.user, prospect_id=pk, version=form.cleaned_data["version"], details=form.details()
            )
        except DomainError as error:
            return stale(request, EDIT, {"card": card}, form, error)
        done(request, _("客户卡已保存。"))
        return redirect("leads:prospect_detail", pk)


def stale(request: HttpRequest, template: str, context: dict[str, Any], form: Any, error: DomainError) -> HttpResponse:
    """A refused edit: both values are shown by their labels, and sending again is then based on the newest version."""
    if error.code != "stale":
        return refuse(request, template, context, form, error)
    labels = {"status": _("状态"), "planned": _("预约时间")}
    labels |= {name: str(field.label) for name, field in form.fields.items()}
    shown = {
        labels.get(name, name): _worded(form, name, value)
        for name, value in error.current.items()
        if name != "version" and str(value) not in _typed(form, name)
    }
    form.data = form.data.copy()
    form.data["version"] = error.current["version"]
    answer = DomainError(error.code, error.message, status=error.status)
    return refuse(request, template, {**context, "current": shown}, form, answer)


def _typed(form: Any, name: str) -> set[str]:
    """A field as sent and as chosen: a list sends the key of what it shows."""
    chosen = form.cleaned_data.get(name)
    return {str(form.data.get(name, "")), "" if chosen is None else str(chosen)}


def _worded(form: Any, name: str, value: Any) -> Any:
    """A present value as the form words it: 换购, not its code."""
    field = form.fields.get(name)
    is_coded = isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField)
    return dict(field.choices).get(value, value) if is_coded else value


class ProspectReassign(Page):
    """转移客户."""

    template = "leads/prospect_reassign.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.reassign", card.store_id)
        return render(request, self.template, {"card": card, "form": ReassignForm(user=request.user, card=card)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.reassign", card.store_id)
        form = ReassignForm(request.POST, user=request.user, card=card)
        if not form.is_valid():
            return refuse(request, self.template, {"card": card}, form)
        owner, reason = form.cleaned_data["new_owner"], form.cleaned_data["reason"]
        try:
            prospect_reassign(by=request.user, prospect_id=pk, new_owner=owner, reason=reason)
        except DomainError as error:
            return refuse(request, self.template, {"card": card}, form, error)
        done(request, _("已转给 %(name)s，双方都已收到通知。") % {"name": owner})
        return redirect(back_to(request, reverse("leads:prospect_detail", args=[pk])))
