"""排班: the week or month of a store, planned cell by cell; leave asked for and decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.periods import Period
from dealership.core.views import actor, done, refuse
from dealership.org.choices import DutyKind, LeaveState
from dealership.org.forms import LeaveForm
from dealership.org.models import Store
from dealership.org.reach import can, require
from dealership.org.rota import (
    leave_list,
    leave_waiting,
    rota,
    rota_person,
    rota_replacement,
    rota_store,
    sellers_of,
)
from dealership.org.selectors import stores
from dealership.org.services import duty as writes

PAGE = "org/rota.html"
LISTED = 8


@require_safe
def rota_page(request: HttpRequest) -> HttpResponse:
    """Everybody's days for who plans them, one's own for the others."""
    store = _store(request)
    form = LeaveForm(user=actor(request), initial={"first_day": periods.today(), "last_day": periods.today()})
    grid_only = request.htmx and request.htmx.target == "rota-grid"  # type: ignore[attr-defined]
    return render(request, "org/_rota_grid.html" if grid_only else PAGE, {**_context(request, store), "form": form})


@require_POST
def rota_set(request: HttpRequest) -> HttpResponse:
    """One tap on a cell: what the brush says, for that person and day."""
    store = _store(request)
    user_id, day = _cell(request.POST.get("cell", ""))
    person = rota_person(store=store, user_id=user_id)
    brush, told = request.POST.get("kind", ""), {"by": actor(request), "store": store, "user": person, "day": day}
    if brush == "default":
        writes.duty_clear(**told)
    elif brush == "replace":
        taker = request.POST.get("replacement", "")
        chosen = rota_replacement(store=store, user_id=int(taker)) if taker.isdecimal() else None
        writes.duty_hand_over(**told, replacement=chosen)
    else:
        writes.duty_set(**told, kind=brush)
    return _shown_again(request, store)


@require_POST
def rota_copy(request: HttpRequest) -> HttpResponse:
    """Last week again."""
    store = _store(request)
    number = writes.rota_copy_week(by=actor(request), store=store, monday=_period(request).start)
    done(request, _("已照上周排好 %(n)s 天，请假和已排的日子没有改动。") % {"n": number})
    return redirect(_back(request, store))


@require_POST
def leave_new(request: HttpRequest) -> HttpResponse:
    """Ask for days off."""
    store = _store(request)
    require(actor(request), "leave.ask", store.pk)
    form = LeaveForm(request.POST, user=actor(request))
    if not form.is_valid():
        return refuse(request, PAGE, _context(request, store), form)
    asked = {name: form.cleaned_data[name] for name in ("first_day", "last_day", "reason")}
    try:
        writes.leave_ask(by=actor(request), store=store, **asked)
    except DomainError as error:
        return refuse(request, PAGE, _context(request, store), form, error)
    done(request, _("请假已提交，等待批准。"))
    return redirect("rota:page")


@require_POST
def leave_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse."""
    approve = request.POST.get("approve") == "yes"
    row = writes.leave_decide(by=actor(request), leave_id=pk, approve=approve)
    done(request, _("%(name)s的请假%(state)s。") % {"name": row.user.name, "state": row.get_state_display()})
    return redirect(_back(request, row.store))


@require_POST
def leave_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one's own request."""
    row = writes.leave_withdraw(by=actor(request), leave_id=pk)
    done(request, _("请假已撤回。"))
    return redirect(_back(request, row.store))


def _store(request: HttpRequest) -> Store:
    require(actor(request), "leave.ask")
    asked = request.POST.get("store") or request.GET.get("store") or ""
    return rota_store(actor(request), int(asked) if asked.isdecimal() else None)


def _period(request: HttpRequest) -> Period:
    """The week (or month, `view=month`) of the day in `from`; without one this week."""
    given = request.POST if request.method == "POST" else request.GET
    kind = "month" if given.get("view") == "month" else "week"
    try:
        day = dt.date.fromisoformat(given.get("from", ""))
        return Period.containing(kind, day).next().previous()  # a date at the end of time has no next period
    except (ValueError, OverflowError):
        return Period.containing(kind, periods.today())


def _cell(text: str) -> tuple[int, dt.date]:
    user_id, _colon, day = text.partition(":")
    try:
        return int(user_id[:18]), dt.date.fromisoformat(day)
    except ValueError:
        raise DomainError("bad_cell", _("没有这一天，请刷新排班表后再点。")) from None


def _context(request: HttpRequest, store: Store) -> dict[str, Any]:
    user, period = actor(request), _period(request)
    plans = can(user, "duty.manage", store.pk)
    return {
        "store": store,
        "stores": stores(user=user) if plans else [],
        "period": period,
        "days": list(period.days()),
        "rows": rota(user=user, store=store, period=period),
        "today": periods.today(),
        "plans": plans,
        "brushes": [kind for kind in DutyKind if kind != DutyKind.LEAVE] + [DutyKind.LEAVE],
        "brush": request.POST.get("kind") or DutyKind.REST,
        "taker": request.POST.get("replacement", ""),
        "sellers": sellers_of(store) if plans else [],
        "waiting": leave_waiting(user=user, store=store) if plans else [],
        "mine": [_own(row) for row in leave_list(user=user, store=store).filter(user=user)[:LISTED]],
    }


def _own(row: Any) -> tuple[Any, bool]:
    """A request of one's own, and whether it can still be taken back."""
    return row, row.state in (LeaveState.ASKED, LeaveState.APPROVED) and row.last_day >= periods.today()


def _back(request: HttpRequest, store: Store) -> str:
    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()}):
        return target
    period = _period(request)
    return f"{reverse('rota:page')}?store={store.pk}&view={period.kind}&from={period.start}"


def _shown_again(request: HttpRequest, store: Store) -> HttpResponse:
    """The grid after a tap; without scripts the page again."""
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "org/_rota_grid.html", _context(request, store))
    return redirect(_back(request, store))
