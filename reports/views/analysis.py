"""战败分析, 来源分析 and the cards behind its numbers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealership.core.errors import NotAllowed
from dealership.core.paging import page_of
from dealership.core.scoping import reach_for
from dealership.core.views import actor
from reports.boards.losses import loss_page
from reports.boards.sources import source_block
from reports.filters import GradeWeekForm, MonthForm
from reports.selectors.grade_weeks import cards_of_week


@require_safe
def losses(request: HttpRequest) -> HttpResponse:
    """A month's losses of a store or person; for those who reach figures and applications."""
    user = actor(request)
    if reach_for(user, "figure").is_empty or reach_for(user, "loss_application").is_empty:
        raise NotAllowed
    form = MonthForm(request.GET, user=user)
    if not form.is_valid():
        return render(request, "reports/losses.html", {"form": form}, status=422)
    asked = form.cleaned_data
    page = loss_page(reader=user, store_id=asked["store"].pk, month=asked["month"], person_id=asked["person"])
    return render(request, "reports/losses.html", {"form": form, "page": page, "month": asked["month"]})


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """A month's sources of a store; for those who see campaigns (marketing, managers)."""
    user = actor(request)
    if reach_for(user, "figure").is_empty or reach_for(user, "campaign").is_empty:
        raise NotAllowed
    form = MonthForm(request.GET, user=user)
    if not form.is_valid():
        return render(request, "reports/sources.html", {"form": form}, status=422)
    asked = form.cleaned_data
    table = source_block(reader=user, store=asked["store"], month=asked["month"])
    return render(request, "reports/sources.html", {"form": form, "table": table, "month": asked["month"]})


@require_safe
def grade_rows(request: HttpRequest) -> HttpResponse:
    """The H cards of one Monday: all, ordered within seven days, or neither ordered nor seen."""
    user = actor(request)
    if reach_for(user, "figure").is_empty or reach_for(user, "prospect").is_empty:
        raise NotAllowed
    form = GradeWeekForm(request.GET, user=user)
    if not form.is_valid():
        return render(request, "reports/grade_rows.html", {"form": form}, status=422)
    asked = form.cleaned_data
    rows = cards_of_week(
        reader=user, store_id=asked["store"].pk, monday=asked["week"], person_id=asked["person"], side=asked["side"]
    )
    page = page_of(request, rows.select_related("customer", "owner"), ("-pk",), size=50)
    return render(request, "reports/grade_rows.html", {"form": form, "page": page, "asked": asked})
