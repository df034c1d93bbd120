"""One report: reading it, and what its owner does with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.views import actor, done, refuse
from dealership.org.policy import policy
from dealership.org.reach import home_store
from reviews.choices import ReviewKind
from reviews.forms import WordsForm
from reviews.models import Review
from reviews.selectors.lists import (
    day_lists,
    owners_to_date,
    plan_and_results,
    promised_tomorrow,
    team_reports,
)
from reviews.selectors.reports import cards, last_word, review_get, review_mine
from reviews.services.opening import review_open_own
from reviews.services.writing import review_refresh, review_submit, review_write

PAGE = "reviews/review_detail.html"


def page_context(request: HttpRequest, review: Review) -> dict[str, Any]:
    """Everything the page of a report shows."""
    user = actor(request)
    card = cards(user=user, reviews=[review])[0]
    context: dict[str, Any] = {"card": card, "review": review, "words_form": WordsForm.of(review, user)}
    if review.kind == ReviewKind.EVENING:
        context |= {
            "team": team_reports(user=user, review=review),
            "promised": promised_tomorrow(user=user, review=review),
        }
    else:
        context["lists"] = day_lists(user=user, review=review)
    return context


def _mine(request: HttpRequest, kind: ReviewKind) -> HttpResponse:
    user = actor(request)
    review = review_mine(user=user, kind=kind)
    if review is None:
        context = {"kind": kind, "earlier": last_word(user=user), "day": periods.today()}
        return render(request, "reviews/review_none.html", context)
    context = page_context(request, review)
    return render(request, PAGE, {**context, "earlier": last_word(user=user)})


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """我的日报 of today, or why there is none."""
    return _mine(request, ReviewKind.DAY)


@require_safe
def evening(request: HttpRequest) -> HttpResponse:
    """The manager's own evening report."""
    return _mine(request, ReviewKind.EVENING)


@require_POST
def open_own(request: HttpRequest) -> HttpResponse:
    """Open my report of today when the morning job has not."""
    user = actor(request)
    store = home_store(user)
    if store is None:
        raise DomainError("no_store", _("您没有任职门店，不需要提交日报。"))
    review = review_open_own(by=user, store=store)
    return redirect("reviews:detail", review.pk)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One report within reach."""
    return render(request, PAGE, page_context(request, review_get(user=actor(request), pk=pk)))


@require_safe
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """营业日报表 on A4."""
    user = actor(request)
    review = review_get(user=user, pk=pk)
    context = page_context(request, review)
    if review.kind == ReviewKind.DAY:
        context["plan"] = list(plan_and_results(user=user, review=review))
        context["owned_own"], context["owned_other"] = owners_to_date(user=user, review=review)
        context["sheet_name"] = _(policy("register.activity", review.store_id))
    return render(request, "reviews/review_print.html", context)


@require_POST
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Recompute my figures: the tiles again (htmx), or back to the page."""
    user = actor(request)
    review_refresh(by=user, review_id=pk)
    if not request.htmx:
        return redirect("reviews:detail", pk)
    card = cards(user=user, reviews=[review_get(user=user, pk=pk)])[0]
    return render(request, "reviews/parts/figures.html", {"card": card, "review": card.review, "fresh": True})


@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the words: while typing (htmx) or by the button."""
    user = actor(request)
    form = WordsForm(request.POST, user=user)
    error: DomainError | None = None
    if form.is_valid():
        try:
            review = review_write(by=user, review_id=pk, version=form.cleaned_data["version"], words=form.words)
        except DomainError as refusal:
            error = refusal
        else:
            return _written(request, review)
    return _not_written(request, pk, form, error)


def _written(request: HttpRequest, review: Review) -> HttpResponse:
    if request.htmx:
        return render(request, "reviews/parts/saved.html", {"review": review, "at": periods.now()})
    done(request, _("已保存。"))
    return redirect("reviews:detail", review.pk)


def _not_written(request: HttpRequest, pk: int, form: WordsForm, error: DomainError | None) -> HttpResponse:
    if request.htmx:
        texts = [error.message] if error else [text for texts in form.errors.values() for text in texts]
        status = error.status if error else 422
        return render(request, "reviews/parts/saved.html", {"errors": texts}, status=status)
    context = page_context(request, review_get(user=actor(request), pk=pk))
    return refuse(request, PAGE, {**context, "words_form": form}, form, error)


@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the report in."""
    user = actor(request)
    form = WordsForm(request.POST, user=user)
    error: DomainError | None = None
    if form.is_valid():
        try:
            review = review_submit(by=user, review_id=pk, version=form.cleaned_data["version"], words=form.words)
        except DomainError as refusal:
            error = refusal
        else:
            done(request, _("已提交（迟交）。") if review.is_late else _("已提交。"))
            return redirect("reviews:detail", pk)
    return _not_written(request, pk, form, error)
