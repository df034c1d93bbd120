"""Pages of deals."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dealership.core.errors import NotFound
from sales.selectors.deal import deal_one


@login_required
def deal_page(request: HttpRequest, deal_id: int) -> HttpResponse:
    """The whole deal on one page."""
    deal = deal_one(user=request.user, deal_id=deal_id)
    if deal is None:
        raise NotFound
    return render(request, "sales/deal_page.html", {"deal": deal})
