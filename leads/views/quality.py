"""跟进质量 and 抽查."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError, NotFound
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.policy import policy
from dealership.org.reach import can, require
from leads.choices import QualityIssue
from leads.forms.spot_check import SpotCheckForm
from leads.selectors.calendar import month_asked
from leads.selectors.choices import stores_seen_by
from leads.selectors.quality import quality_of, suspicious
from leads.selectors.spot_check import spot_check_get, spot_check_list
from leads.services.spot_check import spot_check_record
from leads.views.base import Page


def _store(request: HttpRequest) -> Any:
    """The store asked for when within reach, else the first one."""
    stores = list(stores_seen_by(request.user))
    if not stores:
        raise NotFound
    wanted = request.GET.get("store", "")
    return next((store for store in stores if str(store.pk) == wanted), stores[0])


class QualityList(Page):
    """Per person: contacts, what looks written rather than done, score, truth rate of spot checks."""

    resource = "follow_up"

    def get(self, request: HttpRequest) -> HttpResponse:
        store, month = _store(request), month_asked(request.GET.get("month", ""))
        weights = policy("quality.weights", store)
        rows = quality_of(user=request.user, store=store, period=month)
        context = {
            "store": store,
            "month": month,
            "rows": [(row, row.score(weights)) for row in rows],
            "issues": QualityIssue.choices,
            "limits": policy("quality.limits", store),
            "may_check": can(request.user, "spot_check.record", store.pk),
        }
        return render(request, "leads/quality_list.html", context)


class QualityRows(Page):
    """The follow-ups behind one number."""

    resource = "follow_up"

    def get(self, request: HttpRequest, person: int, issue: str) -> HttpResponse:
        if issue not in QualityIssue.values:
            raise NotFound
        store, month = _store(request), month_asked(request.GET.get("month", ""))
        rows = suspicious(user=request.user, store=store, period=month, person_id=person, issue=issue)
        context = {"rows": rows, "month": month, "store": store, "label": QualityIssue(issue).label}
        return render(request, "leads/quality_rows.html", context)


class SpotCheckList(Page):
    """The samples, open ones first."""

    resource = "prospect"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = spot_check_list(user=request.user)
        state = request.GET.get("state", "open")
        rows = rows.exclude(result="") if state == "done" else rows.filter(result="")
        context = {"page": page_of(request, rows, ("-week", "-id")), "state": state}
        context["may_check"] = can(request.user, "spot_check.record")
        return render(request, "leads/spot_check_list.html", context)


class SpotCheckDetail(Page):
    """What was written, and what the customer says."""

    template = "leads/spot_check_detail.html"

    def context(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        check = spot_check_get(user=request.user, pk=pk)
        is_open = not check.result and check.owner_id != request.user.pk
        may_check = is_open and can(request.user, "spot_check.record", check.store_id)
        return {"check": check, "may_check": may_check, "done_on": periods.local_date(check.follow_up.done_at)}

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render(request, self.template, {**self.context(request, pk), "form": SpotCheckForm(user=request.user)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = self.context(request, pk)
        require(request.user, "spot_check.record", context["check"].store_id)
        form = SpotCheckForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, context, form)
        told = {name: form.cleaned_data[name] for name in ("result", "grade_found", "note", "called_at")}
        try:
            spot_check_record(by=request.user, check_id=pk, **told)
        except DomainError as error:
            return refuse(request, self.template, context, form, error)
        done(request, _("抽查结果已记录。"))
        return redirect("leads:spot_check_list")
