"""试乘试驾: the day's calendar, booking from a free slot, the list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.audit.services import once
from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed
from dealership.core.paging import page_of
from dealership.core.scoping import reach_for
from dealership.core.views import done, refuse
from dealership.org.calendar import is_open
from dealership.org.models import Store
from dealership.org.reach import can, home_store, require
from leads.filters import DriveFilter
from leads.forms.drive import BookForm, MoveForm
from leads.models import Prospect, TestDrive
from leads.selectors.choices import sees_others, stores_seen_by
from leads.selectors.drive import (
    ORDERING,
    bookable_cards,
    calendar_of,
    demo_car_get,
    drive_get,
    drive_list,
    when,
)
from leads.selectors.prospect import prospect_get
from leads.services.drive import drive_book, drive_move
from leads.views.base import Page
from leads.views.prospect import stale

BOOK = "leads/drive_book.html"
MOVE = "leads/drive_move.html"


def day_of(request: HttpRequest) -> dt.date:
    """The day of the address; today when it is missing or broken."""
    try:
        return dt.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return periods.today()


def store_of(request: HttpRequest) -> Store:
    """The store asked for within reach, else the one the person works in, else the first they see."""
    stores = stores_seen_by(request.user)
    asked = request.GET.get("store", "")
    store = stores.filter(pk=int(asked[:9])).first() if asked.isdecimal() else home_store(request.user)
    store = store or stores.first()
    if store is None:
        raise NotAllowed
    return store


def card_of(request: HttpRequest) -> Prospect | None:
    """The card a drive is booked for, when the address or the form names one; 404 out of reach."""
    asked = request.POST.get("prospect") or request.GET.get("prospect") or ""
    return prospect_get(user=request.user, prospect_id=int(asked[:12])) if asked.isdecimal() else None


class DriveCalendar(Page):
    """Cars × half hours of a day; a free slot is a link to booking."""

    resource = "demo_car"

    def get(self, request: HttpRequest) -> HttpResponse:
        day, store, card = day_of(request), store_of(request), card_of(request)
        rows = calendar_of(user=request.user, store=store, day=day)
        context = {
            "day": day,
            "days": [periods.today() + dt.timedelta(days=offset) for offset in range(7)],
            "yesterday": day - dt.timedelta(days=1),
            "tomorrow": day + dt.timedelta(days=1),
            "store": store,
            "stores": list(stores_seen_by(request.user)[:50]),
            "card": card,
            "rows": rows,
            "is_open": is_open(day, store.pk),
            "may_book": can(request.user, "drive.book", store.pk) and is_open(day, store.pk),
            "may_manage": can(request.user, "demo_car.manage", store.pk),
            "sees_drives": not reach_for(request.user, "test_drive").is_empty,
        }
        return render(request, "leads/drive_calendar.html", context)


class DriveList(Page):
    """Every booking and what became of it, newest first."""

    resource = "test_drive"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = DriveFilter(request.GET, queryset=drive_list(user=request.user), request=request)
        page = page_of(request, filters.qs, ORDERING)
        context = {"filter": filters, "page": page, "sees_others": sees_others(request.user)}
        return render(request, "leads/drive_list.html", context)


class DriveNew(Page):
    """The tapped slot: with a card one tap confirms it, without one the customer is chosen first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        card = card_of(request)
        require(request.user, "drive.book", card.store_id if card else None)
        context = self.context(request, card)
        if card is None:
            return render(request, "leads/drive_choose.html", context)
        form = BookForm(user=request.user, store=card.store, initial=told_by(request))
        return render(request, BOOK, {**context, "form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        card = card_of(request)
        require(request.user, "drive.book", card.store_id if card else None)
        if card is None:
            raise DomainError("card_missing", _("请先选择客户，再预约试驾。"))
        form = BookForm(request.POST, user=request.user, store=card.store)
        if not form.is_valid():
            return refuse(request, BOOK, self.context(request, card), form)
        try:
            drive = book(request, card, form)
        except DomainError as error:
            return refuse(request, BOOK, self.context(request, card), form, error)
        done(request, _("已预约：%(when)s，%(car)s。") % {"when": when(drive.starts_at), "car": drive.car})
        return redirect("leads:drive_detail", drive.pk)

    def context(self, request: HttpRequest, card: Prospect | None) -> dict[str, Any]:
        """Who can be chosen, and the car and time of the slot."""
        store = card.store if card else store_of(request)
        cards = [] if card else bookable_cards(user=request.user, store_id=store.pk, text=request.GET.get("q", "")[:40])
        return {"card": card, "cards": cards, "store": store, "slot": told_by(request)}


def told_by(request: HttpRequest) -> dict[str, Any]:
    """Car and time of the slot in the address; what cannot be read is left out."""
    told: dict[str, Any] = {}
    asked = request.GET.get("car", "")
    if asked.isdecimal():
        told["car"] = demo_car_get(user=request.user, car_id=int(asked[:12]))
    try:
        moment = dt.datetime.fromisoformat(request.GET.get("at", ""))
        told["starts_at"] = moment if moment.tzinfo else moment.replace(tzinfo=periods.ZONE)
    except ValueError:
        pass
    return told


def book(request: HttpRequest, card: Prospect, form: BookForm) -> TestDrive:
    """Book once per form."""
    drive, _replay = once(
        by=request.user, action="drive.book", key=form.cleaned_data["idempotency_key"],
        create=lambda: drive_book(by=request.user, prospect_id=card.pk, **form.told()),
        find=lambda pk: drive_get(user=request.user, drive_id=pk),
    )  # fmt: skip
    return drive


class DriveMove(Page):
    """改约."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        require(request.user, "drive.book", drive.store_id)
        minutes = int((drive.ends_at - drive.starts_at).total_seconds() // 60)
        initial = {"version": drive.version, "car": drive.car_id, "starts_at": drive.starts_at, "minutes": minutes}
        form = MoveForm(user=request.user, store=drive.store, initial=initial)
        return render(request, MOVE, {"drive": drive, "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        require(request.user, "drive.book", drive.store_id)
        form = MoveForm(request.POST, user=request.user, store=drive.store)
        if not form.is_valid():
            return refuse(request, MOVE, {"drive": drive}, form)
        try:
            moved = drive_move(by=request.user, drive_id=pk, **form.told())
        except DomainError as error:
            return stale(request, MOVE, {"drive": drive}, form, error)
        done(request, _("已改约到 %(when)s。") % {"when": when(moved.starts_at)})
        return redirect("leads:drive_detail", pk)
