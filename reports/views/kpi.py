"""指标口径 and the rows behind a figure."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealership.core import periods
from dealership.core.errors import NotAllowed
from dealership.core.paging import page_of
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from reports.drilling import Drill, drill
from reports.figures import readable_kpis
from reports.forms import FigureForm
from reports.registry import groups
from reports.selectors.drill import shown
from reports.views.links import page_of_row


@require_safe
def kpi_list(request: HttpRequest) -> HttpResponse:
    """Every definition the reader may see, in plain Chinese, with the way to its rows."""
    if reach_for(request.user, "figure").is_empty:
        raise NotAllowed
    stores = Store.objects.visible_to(request.user).values_list("pk", flat=True)
    seen = {kpi.key for kpi in readable_kpis(request.user, stores)}
    found = [(title, [kpi for kpi in kpis if kpi.key in seen]) for title, kpis in groups()]
    return render(request, "reports/kpi_list.html", {"groups": [(title, kpis) for title, kpis in found if kpis]})


@require_safe
def kpi_rows(request: HttpRequest, key: str) -> HttpResponse:
    """Exactly the rows a figure counts, within the reader's reach, each with its page."""
    form = FigureForm(request.GET, user=request.user)
    if not form.is_valid():
        return render(request, "reports/kpi_rows.html", {"form": form}, status=422)
    denominator = form.cleaned_data["side"] == "denominator"
    found = drill(reader=request.user, asked=form.asked(key), denominator=denominator)
    return render(request, "reports/kpi_rows.html", {"form": form, **_context(request, form, found)})


def _context(request: HttpRequest, form: FigureForm, found: Drill) -> dict[str, Any]:
    asked = form.cleaned_data
    context: dict[str, Any] = {"drill": found, "kpi": found.kpi, "value": found.kpi.show(found.figure.value)}
    month = Period.containing("month", periods.today())
    context["periods"] = [Period.day(periods.today()), month, month.previous()]
    context["people"] = people_in(form.store_ids(), SELLING_ROLES)
    context["side"] = asked["side"] or "numerator"
    if found.sections:
        section = found.sections[min(asked["section"] or 0, len(found.sections) - 1)]
        page = page_of(request, section.rows, section.ordering, size=50)
        lines = [shown(row, section.measure) for row in page.rows]
        context |= {"section": section, "page": page}
        context["lines"] = [(line, page_of_row(line.kind, line.target_id)) for line in lines]
    return context
