"""The month page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealership.core.errors import NotAllowed
from dealership.core.scoping import reach_for
from dealership.core.views import actor
from dealership.org.reach import can
from reports.boards.month import month_page
from reports.filters import MonthForm


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """A month's figures with target, comparison and charts."""
    user = actor(request)
    if reach_for(user, "figure").is_empty:
        raise NotAllowed
    form = MonthForm(request.GET, user=user)
    if not form.is_valid():
        return render(request, "reports/month.html", {"form": form}, status=422)
    asked = form.cleaned_data
    whose = {"store_id": asked["store"].pk, "month": asked["month"], "person_id": asked["person"]}
    page = month_page(reader=user, **whose, part=asked["part"])
    may_export = can(user, "workbook.make", asked["store"].pk)
    context = {"form": form, "page": page, "month": asked["month"], "may_export": may_export}
    context["has_targets"] = asked["part"] == "results"
    return render(request, "reports/month.html", context)
