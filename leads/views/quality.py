"""跟进质量."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dealership.core.errors import NotFound
from dealership.org.policy import policy
from dealership.org.reach import can
from leads.choices import QualityIssue
from leads.selectors.calendar import month_asked
from leads.selectors.choices import stores_seen_by
from leads.selectors.quality import quality_of, suspicious
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
