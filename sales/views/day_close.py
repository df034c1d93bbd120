"""日结: one page per store and day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.audit.services import once
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.forms import DomainForm
from dealership.core.views import done, put_refusal_on_form, refuse
from dealership.org.models import Store
from dealership.org.reach import can
from sales import forms
from sales.choices import DayCloseState
from sales.filters import day_of
from sales.models import DayClose
from sales.selectors.choices import store_for, stores_seen_by
from sales.selectors.day_close import day_close_get, day_closes_waiting, day_picture, recent_days
from sales.services import day_close as services
from sales.views.base import Act, Page, offers

PAGE = "sales/day_close.html"


def _may_answer(user: Any, row: DayClose) -> bool:
    waits = row.state == DayCloseState.SUBMITTED and row.submitted_by_id != user.pk
    return waits and can(user, "payment.reconcile", row.store_id)


def _form(form: type[DomainForm]) -> Any:
    return lambda user, row, data: form(data, user=user, initial={"version": row.version})


_ACTS = (
    Act("confirm", gettext_lazy("确认日结"), _form(forms.NoteForm),
        lambda by, row, d: services.day_close_confirm(by=by, day_close_id=row.pk, version=d["version"]),
        _may_answer, gettext_lazy("日结已确认，无差异方式的收款已对账。"), tone="success",
        hint=gettext_lazy("确认后不可修改；无差异的付款方式，其当日收款一并记为已对账。")),
    Act("return", gettext_lazy("退回重报"), _form(forms.ReasonForm),
        lambda by, row, d: services.day_close_return(
            by=by, day_close_id=row.pk, reason=d["reason"], version=d["version"]),
        _may_answer, gettext_lazy("已退回出纳。"), tone="danger"),
)  # fmt: skip
DAY_CLOSE_ACTS = {act.name: act for act in _ACTS}


def page_context(
    request: HttpRequest,
    store: Store,
    day: dt.date,
    form: DomainForm | None = None,
    bound: tuple[str, DomainForm] | None = None,
) -> dict[str, Any]:
    """What the page of one store's day shows: the count to fill in, every count made, the days around it."""
    user = request.user
    picture = day_picture(user=user, store=store, day=day)
    may_count = can(user, "payment.clear", store.pk) and day <= periods.today()
    form = form or (forms.DayCloseForm(user=user) if may_count else None)
    rows = [
        {"line": line, "counted": form[f"counted_{line.method}"], "reason": form[f"reason_{line.method}"]}
        if form
        else {"line": line}
        for line in picture.lines
    ]
    newest = picture.newest
    return {
        "store": store, "day": day, "picture": picture, "rows": rows, "form": form, "may_count": may_count,
        "offers": offers(user, newest, DAY_CLOSE_ACTS, bound) if newest else [],
        "days": recent_days(user=user, store=store, until=periods.today()), "stores": stores_seen_by(user),
        "waiting": [row for row in day_closes_waiting(user=user)[:20] if (row.store_id, row.day) != (store.pk, day)],
    }  # fmt: skip


class DayClosePage(Page):
    """Receipts per way of payment beside what was counted; the cashier counts, the accountant confirms."""

    resource = "day_close"

    def get(self, request: HttpRequest) -> HttpResponse:
        store, day = self._where(request)
        return render(request, PAGE, page_context(request, store, day))

    def post(self, request: HttpRequest) -> HttpResponse:
        store, day = self._where(request, "payment.clear")
        form = forms.DayCloseForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, PAGE, page_context(request, store, day, form), form)
        try:
            once(
                by=request.user, action="day_close.submit", key=form.cleaned_data["idempotency_key"],
                create=lambda: services.day_close_submit(
                    by=request.user, store=store, day=day, lines=form.lines(), note=form.cleaned_data["note"]),
                find=lambda pk: day_close_get(user=request.user, day_close_id=pk),
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, PAGE, page_context(request, store, day, form), form, error)
        done(request, _("日结已提交，等待财务确认。"))
        return redirect(address(store, day))

    def _where(self, request: HttpRequest, act: str = "") -> tuple[Store, dt.date]:
        text = request.GET.get("store", "")
        return store_for(request.user, act, int(text) if text.isdecimal() else None), day_of(request.GET.get("day", ""))


def address(store: Store, day: dt.date) -> str:
    """The page of a store's day."""
    return f"{reverse('sales:day_close')}?store={store.pk}&day={day}"


class DayCloseAct(Page):
    """The accountant's answer."""

    resource = "day_close"

    def post(self, request: HttpRequest, day_close_id: int, act: str) -> HttpResponse:
        row = day_close_get(user=request.user, day_close_id=day_close_id)
        chosen = DAY_CLOSE_ACTS.get(act)
        if chosen is None:
            raise Http404
        form = chosen.form(request.user, row, request.POST)
        try:
            if form.is_valid():
                chosen.run(request.user, row, form.cleaned_data)
                done(request, chosen.done)
                return redirect(address(row.store, row.day))
        except DomainError as error:
            if error.status in (403, 404):
                raise
            put_refusal_on_form(form, error)
            context = page_context(request, row.store, row.day, bound=(act, form))
            return render(request, PAGE, context, status=error.status)
        return render(request, PAGE, page_context(request, row.store, row.day, bound=(act, form)), status=422)
