"""Logging a contact from the card, the board and the Today list: two taps and a text."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.audit.services import once
from dealership.core.errors import DomainError
from dealership.core.templatetags.ui import day
from dealership.core.views import done, refuse
from dealership.org.reach import require
from leads.choices import ContactChannel, FollowUpOutcome
from leads.forms import FollowUpForm
from leads.models import FollowUp, Prospect
from leads.policies import can_regrade, gradable, grade_horizons
from leads.selectors.prospect import follow_up_get, open_tasks, prospect_attended, prospect_reached
from leads.services.follow_up import follow_up_log
from leads.views.base import Page, back_to
from leads.views.prospect import stale

TEMPLATE = "leads/follow_up_form.html"


class FollowUpNew(Page):
    """The form; `grade` in the address comes from the board's “move to”."""

    def context(self, request: HttpRequest, card: Prospect) -> dict[str, Any]:
        next_url = back_to(request, reverse("leads:prospect_detail", args=[card.pk]))
        tasks = open_tasks(user=request.user, prospect=card)
        shown = {"horizons": grade_horizons(card.store_id, gradable()), "regrade": can_regrade(card)}
        return {"card": card, "tasks": tasks, "next": next_url, **shown}

    def again(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        """What a refused form is shown with."""
        return self.context(request, prospect_attended(user=request.user, prospect_id=pk))

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_attended(user=request.user, prospect_id=pk)
        require(request.user, "follow_up.log", card.store_id)
        wanted = request.GET.get("grade", "")
        grade = wanted if wanted in gradable() else card.grade
        initial = {"version": card.version, "grade": grade, "outcome": request.GET.get("outcome", "")}
        form = FollowUpForm(user=request.user, initial=initial)
        return render(request, TEMPLATE, {**self.context(request, card), "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_reached(user=request.user, prospect_id=pk)
        require(request.user, "follow_up.log", card.store_id)
        form = FollowUpForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, TEMPLATE, self.again(request, pk), form)
        try:
            row = save(request, card, form)
        except DomainError as error:
            return stale(request, TEMPLATE, self.again(request, pk), form, error)
        said(request, row)
        return redirect(back_to(request, reverse("leads:prospect_detail", args=[pk])))


class NoAnswer(Page):
    """未接通: two taps, no text."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_reached(user=request.user, prospect_id=pk)
        require(request.user, "follow_up.log", card.store_id)
        data = request.POST.copy()
        data.update({"outcome": FollowUpOutcome.NO_ANSWER, "channel": ContactChannel.PHONE})
        form = FollowUpForm(data, user=request.user)
        if not form.is_valid():
            raise DomainError("bad_choice", _("未能登记，请打开客户卡填写跟进。"))
        said(request, save(request, card, form))
        return redirect(back_to(request, reverse("leads:prospect_detail", args=[pk])))


def save(request: HttpRequest, card: Prospect, form: FollowUpForm) -> FollowUp:
    """Log it once per form."""
    row, _replay = once(
        by=request.user, action="follow_up.log", key=form.cleaned_data["idempotency_key"],
        create=lambda: follow_up_log(by=request.user, prospect_id=card.pk, **form.told()),
        find=lambda pk: follow_up_get(follow_up_id=pk),
    )  # fmt: skip
    return row


def said(request: HttpRequest, row: FollowUp) -> None:
    """Confirm with the next date: that of the nearest task, which after a refusal is the second follow-up."""
    done(request, _("跟进已登记，下次跟进 %(day)s。") % {"day": day(row.prospect.next_follow_up_at)})
