"""批量操作: tick, look at what would happen, do it, see what happened to each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dealership.core.errors import DomainError
from dealership.core.views import refuse
from dealership.org.reach import can, require
from leads.filters import ProspectFilter
from leads.forms.bulk import BulkForm
from leads.selectors.prospect import DEFAULT_ORDERING, ORDERINGS, prospect_list
from leads.services.bulk import MOST, act_of, bulk_run
from leads.views.base import Page, back_to
from leads.views.prospect import filters_of


class ProspectBulk(Page):
    """The filtered list with boxes to tick; `step=preview` rehearses, `step=do` does."""

    resource = "prospect"
    template = "leads/prospect_bulk.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        require(request.user, "follow_up.log")
        form = BulkForm(**offered(request))
        return render(request, self.template, {"form": form, **self.listed(request)})

    def post(self, request: HttpRequest) -> HttpResponse:
        require(request.user, "follow_up.log")
        form = BulkForm(request.POST, **offered(request))
        ids = chosen(request)
        if not form.is_valid():
            return refuse(request, self.template, self.listed(request, ids), form)
        is_preview = request.POST.get("step") != "do"
        try:
            act = act_of(by=request.user, name=form.cleaned_data["act"], told=form.told())
            outcomes = bulk_run(by=request.user, ids=ids, act=act, rehearse=is_preview, seen=seen(request))
        except DomainError as error:
            return refuse(request, self.template, self.listed(request, ids), form, error)
        good = sum(outcome.is_done for outcome in outcomes)
        context = {"form": form, "outcomes": outcomes, "is_preview": is_preview, "good": good}
        context |= {"bad": len(outcomes) - good, "back": back_to(request, reverse("leads:prospect_list"))}
        return render(request, "leads/prospect_bulk_outcome.html", context)

    def listed(self, request: HttpRequest, ids: list[int] | None = None) -> dict[str, Any]:
        """The first MOST cards of the filters in the address; ticked ones stay ticked."""
        filters = ProspectFilter(filters_of(request), queryset=prospect_list(user=request.user), request=request)
        rows = list(filters.qs.order_by(*ORDERINGS[DEFAULT_ORDERING])[: MOST + 1])
        return {"rows": rows[:MOST], "is_cut": len(rows) > MOST, "most": MOST, "ticked": set(ids or [])}


def chosen(request: HttpRequest) -> list[int]:
    """The ticked ids; anything that is no id is not a card."""
    return [int(text) for text in request.POST.getlist("id") if is_number(text)]


def seen(request: HttpRequest) -> dict[int, int]:
    """The versions the preview showed, by card (`seen` = `id:version`)."""
    pairs = (text.partition(":") for text in request.POST.getlist("seen"))
    return {int(pk): int(version) for pk, _colon, version in pairs if is_number(pk) and is_number(version)}


def is_number(text: str) -> bool:
    """What a form of ours could have sent as an id."""
    return text.isascii() and text.isdigit() and len(text) < 19


def offered(request: HttpRequest) -> dict[str, Any]:
    """For whom the form is, and which acts they may do."""
    may = {name: can(request.user, act) for name, act in (("reassign", "prospect.reassign"), ("lose", "loss.apply"))}
    return {"user": request.user, "may_reassign": may["reassign"], "may_lose": may["lose"]}
