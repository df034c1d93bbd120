"""今日H级客户: one customer at a time, contact logged in place, then the next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dealership.core import periods
from dealership.org.reach import can, require
from leads.forms import FollowUpForm
from leads.models import Prospect
from leads.policies import can_regrade, days_unmoved, gradable, grade_horizons
from leads.selectors.choices import sees_others, sellers_seen_by
from leads.selectors.focus import ALL, focus_at, focus_items, focus_owner, last_words
from leads.selectors.prospect import prospect_get
from leads.selectors.strategy import strategy_of
from leads.views.base import Page

TEMPLATE = "leads/focus.html"


def number(text: str | None) -> int | None:
    """An id of the address; what is none counts as not given."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


class FocusList(Page):
    """`card` in the address is the one in hand; a manager narrows to one consultant with `owner`."""

    resource = "follow_up"

    def get(self, request: HttpRequest) -> HttpResponse:
        require(request.user, "follow_up.log")
        owner_id = focus_owner(request.user, request.GET.get("owner", ""))
        focus = focus_at(focus_items(user=request.user, owner_id=owner_id), number(request.GET.get("card")))
        people = sellers_seen_by(request.user) if sees_others(request.user) else None
        context = {"focus": focus, "owner_id": owner_id, "people": people, "now": periods.now()}
        if focus.current is not None:
            card = prospect_get(user=request.user, prospect_id=focus.current.prospect_id)
            context |= self.in_hand(request, card, owner_id)
        return render(request, TEMPLATE, context)

    def in_hand(self, request: HttpRequest, card: Prospect, owner_id: int | None) -> dict[str, Any]:
        """What the caller needs to know of one customer, and the form to log the contact."""
        user = request.user
        back = reverse("leads:focus")
        return {
            "card": card,
            "form": FollowUpForm(user=user, initial={"version": card.version, "grade": card.grade}),
            "silent": FollowUpForm(user=user, auto_id=False, initial={"version": card.version}),
            "horizons": grade_horizons(card.store_id, gradable()),
            "regrade": can_regrade(card),
            "unmoved": days_unmoved(card, periods.today()),
            "contacts": last_words(prospect=card),
            "strategy": strategy_of(user=user, prospect=card),
            "next": f"{back}?owner={owner_id or ALL}" if request.GET.get("owner") else back,
            "plain": None,
            "may_reveal": can(user, "customer.reveal", card.store_id),
        }
