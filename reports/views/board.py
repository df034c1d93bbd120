"""The live board."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dealership.core.errors import NotAllowed
from dealership.core.scoping import reach_for
from dealership.core.views import actor
from reports.boards.board import board_of
from reports.filters import StoreForm


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Today and the month so far, live, within reach."""
    user = actor(request)
    if reach_for(user, "figure").is_empty:
        raise NotAllowed
    form = StoreForm(request.GET, user=user)
    if not form.is_valid():
        return render(request, "reports/board.html", {"form": form}, status=422)
    shown = board_of(reader=user, store_id=form.cleaned_data["store"].pk)
    return render(request, "reports/board.html", {"form": form, "board": shown})
