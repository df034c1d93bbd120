"""The superiors' pages: the team's day, the history, and what is written beside a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed
from dealership.core.paging import page_of
from dealership.core.views import actor, done, refuse
from dealership.org.reach import can
from reviews.filters import ReviewFilter
from reviews.forms import JudgeForm
from reviews.selectors.reports import LIST_ORDER, review_get, review_list, store_of, stores_seen, team_day
from reviews.services.judging import (
    review_comment_once,
    review_lock,
    review_mark_reviewed,
    review_remind,
    review_return,
)
from reviews.views.report import PAGE, page_context


def _day_of(request: HttpRequest) -> dt.date:
    try:
        return dt.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return periods.today()


def _store_id(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """团队日报: who is missing, whose report waits, one under another."""
    user = actor(request)
    if not can(user, "review.comment"):
        raise NotAllowed
    found = team_day(user=user, day=_day_of(request), store_id=_store_id(request.GET.get("store")))
    day = found.day
    context = {
        "team": found,
        "stores": stores_seen(user),
        "previous": day - dt.timedelta(days=1),
        "next": day + dt.timedelta(days=1) if day < periods.today() else None,
        "may_remind": day == periods.today() and can(user, "review.return", found.store.pk),
    }
    return render(request, "reviews/review_team.html", context)


@require_POST
def remind(request: HttpRequest) -> HttpResponse:
    """催交: one notice to everybody whose report of today is open."""
    store = store_of(actor(request), _store_id(request.POST.get("store")))
    count = review_remind(by=actor(request), store=store)
    done(request, _("已提醒 %(count)s 人提交。") % {"count": count})
    return redirect("reviews:team")


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Earlier reports within reach; filters in the URL."""
    found = ReviewFilter(request.GET, queryset=review_list(user=actor(request)))
    rows = found.qs if found.is_valid() else found.queryset
    return render(request, "reviews/review_list.html", {"page": page_of(request, rows, LIST_ORDER), "filter": found})


Judge = Callable[[JudgeForm, int], Any]


def _judge(request: HttpRequest, pk: int, act: Judge, text: str) -> HttpResponse:
    """Run one act of the comment form; a refusal shows the report with the words as typed."""
    form = JudgeForm(request.POST, user=actor(request))
    error: DomainError | None = None
    if form.is_valid():
        try:
            act(form, pk)
        except DomainError as refusal:
            error = refusal
        else:
            done(request, text)
            return redirect(_back(request, pk))
    context = page_context(request, review_get(user=actor(request), pk=pk))
    return refuse(request, PAGE, {**context, "judge": form}, form, error)


def _back(request: HttpRequest, pk: int) -> str:
    """The list one came from, at this report; only addresses of this host."""
    address = request.POST.get("next", "")
    if address and url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return f"{address}#r{pk}"
    return f"/reviews/{pk}/"


@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Write beside the report or one line."""
    by = actor(request)

    def act(form: JudgeForm, pk: int) -> None:
        given = form.cleaned_data
        review_comment_once(by=by, review_id=pk, text=given["text"], line=given["line"], key=given["idempotency_key"])

    return _judge(request, pk, act, _("已点评。"))


@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the report for completion."""
    by = actor(request)

    def act(form: JudgeForm, pk: int) -> None:
        review_return(by=by, review_id=pk, text=form.cleaned_data["text"], version=form.cleaned_data["version"])

    return _judge(request, pk, act, _("已退回补充。"))


@require_POST
def mark_reviewed(request: HttpRequest, pk: int) -> HttpResponse:
    """Finish the review of a report."""
    by = actor(request)

    def act(form: JudgeForm, pk: int) -> None:
        review_mark_reviewed(by=by, review_id=pk, version=form.cleaned_data["version"], text=form.cleaned_data["text"])

    return _judge(request, pk, act, _("已完成点评。"))


@require_POST
def lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock a report ahead of the clock."""
    by = actor(request)

    def act(form: JudgeForm, pk: int) -> None:
        review_lock(by=by, review_id=pk, version=form.cleaned_data["version"])

    return _judge(request, pk, act, _("已锁定。"))
