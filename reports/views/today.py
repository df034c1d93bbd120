"""The home page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealership.core.views import actor
from reports.today import today_page


@require_safe
@login_required
def today(request: HttpRequest) -> HttpResponse:
    """今日: what this person has to do now."""
    return render(request, "reports/today.html", {"today": today_page(actor(request))})
