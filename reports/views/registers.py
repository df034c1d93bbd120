"""三表两卡 on screen, on paper and as Excel files: one register object each."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dealership.audit.services import record_export
from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.core.views import actor, done
from dealership.org.models import Store
from dealership.org.reach import can
from leads.selectors.choices import sees_others, sellers_between
from leads.selectors.owner import owner_get
from leads.selectors.prospect import prospect_get
from leads.services.register_day import register_day_confirm, register_day_sign
from reports.forms import RegisterForm
from reports.registers.activity import activity_register
from reports.registers.cards import owner_card, prospect_card
from reports.registers.file import register_file
from reports.registers.grades import grade_register
from reports.registers.progress import progress_register
from reports.registers.register import Register, card_name
from reports.registers.visits import visit_register

KINDS = ("visits", "grades", "progress", "activity")
RESOURCES = {"visits": "visit", "grades": "prospect", "progress": "prospect", "activity": "follow_up"}
BY_DAY = ("visits", "activity")
BY_PERSON = ("grades", "activity")


@dataclass(frozen=True)
class Asked:
    """What the address asks for: store, person (where the table is one person's), period."""

    kind: str
    store: Store
    person: Any
    people: list[Any]
    period: Period
    form: RegisterForm


@require_safe
def register_first(request: HttpRequest) -> HttpResponseBase:
    """The menu's entry: the first table the person reaches."""
    for kind in KINDS:
        if _reaches(actor(request), kind):
            return redirect("reports:register", kind)
    raise NotAllowed


@require_safe
def register(request: HttpRequest, kind: str) -> HttpResponseBase:
    """One table; `as=xlsx` is the file. A wrong choice is named and the default shown."""
    asked = _asked(request, kind, request.GET)
    if request.GET.get("as") == "xlsx":
        return _file(request, kind, asked.store, _made(actor(request), asked))
    return _page(request, asked)


def _page(request: HttpRequest, asked: Asked, error: DomainError | None = None) -> HttpResponse:
    """The table; after a refused signature with its sentence on top and the weather as typed."""
    names = [(name, card_name(name, asked.store)) for name in KINDS if _reaches(actor(request), name)]
    context = {
        "asked": asked,
        "register": _made(actor(request), asked),
        "names": names,
        "today": periods.today(),
        "is_wide": asked.kind != "activity",
        "error": error,
        "weather": request.POST.get("weather", ""),
    }
    status = error.status if error else 200
    return render(request, "reports/register.html", context | _signing(actor(request), asked), status=status)


@require_safe
def prospect_sheet(request: HttpRequest, pk: int) -> HttpResponseBase:
    """意向客户管理卡 on paper."""
    card = prospect_get(user=actor(request), prospect_id=pk)
    made = prospect_card(user=actor(request), prospect_id=pk)
    if request.GET.get("as") == "xlsx":
        return _file(request, "prospect_card", card.store, made)
    return render(request, "reports/register_card.html", {"register": made})


@require_safe
def owner_sheet(request: HttpRequest, pk: int) -> HttpResponseBase:
    """保有客户管理卡 on paper."""
    car = owner_get(user=actor(request), vehicle_id=pk)
    made = owner_card(user=actor(request), vehicle_id=pk)
    if request.GET.get("as") == "xlsx":
        return _file(request, "owner_card", car.store, made)
    return render(request, "reports/register_card.html", {"register": made})


@require_POST
def register_sign(request: HttpRequest, act: str) -> HttpResponseBase:
    """前台签字 or 经理确认 of a day of the visit register."""
    user, form = actor(request), RegisterForm(request.POST, user=actor(request))
    if not form.is_valid() or form.cleaned_data["store"] is None:
        raise NotFound
    store, day = form.cleaned_data["store"], form.cleaned_data["day"] or periods.today()
    try:
        _sign(act, by=user, store=store, day=day, weather=request.POST.get("weather", ""))
    except DomainError as error:
        if error.status not in (409, 422):
            raise
        return _page(request, _asked(request, "visits", request.POST), error)
    done(request, "已签字。" if act == "sign" else "已确认。")
    answer = redirect("reports:register", "visits")
    answer["Location"] += f"?store={store.pk}&day={day}"
    return answer


def _sign(act: str, *, by: Any, store: Store, day: dt.date, weather: str) -> None:
    if act == "sign":
        register_day_sign(by=by, store=store, day=day, weather=weather)
    elif act == "confirm":
        register_day_confirm(by=by, store=store, day=day)
    else:
        raise Http404


def _reaches(user: Any, kind: str) -> bool:
    return not reach_for(user, RESOURCES[kind]).is_empty


def _asked(request: HttpRequest, kind: str, words: QueryDict) -> Asked:
    if kind not in KINDS:
        raise Http404
    user = actor(request)
    if not _reaches(user, kind):
        raise NotAllowed
    form = RegisterForm(words, user=user)
    form.is_valid()
    store = form.cleaned_data.get("store") or form.first_store()
    if store is None:
        raise NotFound
    period = _period(form, kind)
    people = sellers_between(store, period.start, period.end) if kind in BY_PERSON else []
    if not sees_others(user):
        people = [person for person in people if person.pk == user.pk]
    return Asked(kind, store, _person(form, people, user), people, period, form)


def _person(form: RegisterForm, people: list[Any], user: Any) -> Any:
    """The person asked for when they may be shown, else oneself, else the first of the store."""
    wanted = form.cleaned_data.get("person")
    known = {person.pk: person for person in people}
    return known.get(wanted) or known.get(user.pk) or next(iter(people), None)


def _period(form: RegisterForm, kind: str) -> Period:
    day: dt.date | None = form.cleaned_data.get("day")
    month: Period | None = form.cleaned_data.get("month")
    if kind == "visits" and month is not None and day is None:
        return month
    if kind in BY_DAY:
        return Period.day(day or periods.today())
    return month or Period.containing("month", day or periods.today())


def _made(user: Any, asked: Asked) -> Register:
    if asked.kind == "visits":
        return visit_register(user=user, store=asked.store, period=asked.period)
    if asked.kind == "progress":
        return progress_register(user=user, store=asked.store, month=asked.period)
    if asked.person is None:
        raise DomainError("no_seller", "该门店还没有在职的销售顾问。")
    if asked.kind == "grades":
        return grade_register(user=user, store=asked.store, person=asked.person, month=asked.period)
    return activity_register(user=user, store=asked.store, person=asked.person, day=asked.period.start)


def _signing(user: Any, asked: Asked) -> dict[str, bool]:
    is_day = asked.kind == "visits" and asked.period.kind == "day"
    store = asked.store.pk
    return {
        "may_sign": is_day and can(user, "register.sign", store),
        "may_confirm": is_day and can(user, "register.confirm", store),
    }


def _file(request: HttpRequest, kind: str, store: Store, made: Register) -> FileResponse:
    name, content = register_file(user=actor(request), store=store, register=made)
    record_export(by=actor(request), kind=f"register.{kind}", filename=name, rows=len(made.rows), store_id=store.pk)
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name)
