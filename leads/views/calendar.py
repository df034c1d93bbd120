"""跟进日历."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dealership.core import periods
from dealership.core.periods import WEEKDAYS
from leads.selectors.calendar import DAY_SIZE, day_agenda, day_asked, day_drives, month_asked, month_grid
from leads.selectors.choices import sees_others, sellers_seen_by
from leads.views.base import Page


class FollowUpCalendar(Page):
    """A month of due contacts, appointments and test drives, and one day of it line by line."""

    resource = "follow_up"

    def get(self, request: HttpRequest) -> HttpResponse:
        month = month_asked(request.GET.get("month", ""))
        day = day_asked(request.GET.get("day", ""), month)
        text = request.GET.get("owner", "")
        owner = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        others = sees_others(request.user)
        agenda = day_agenda(user=request.user, day=day, owner_id=owner)
        context = {
            "month": month,
            "day": day,
            "owner": owner,
            "weeks": month_grid(user=request.user, month=month, owner_id=owner),
            "agenda": agenda,
            "is_cut": len(agenda) == DAY_SIZE,
            "drives": day_drives(user=request.user, day=day, owner_id=owner),
            "sellers": sellers_seen_by(request.user) if others else [],
            "weekdays": [name[1] for name in WEEKDAYS],
            "today": periods.today(),
            "now": periods.now(),
        }
        return render(request, "leads/calendar.html", context)
