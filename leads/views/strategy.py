"""客户策略卡 and 客户月评卡 of a card."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.periods import Period
from dealership.core.views import done, refuse
from dealership.org.reach import require
from leads.forms.strategy import MonthReviewForm, StrategyForm, month_review_form
from leads.models import Prospect
from leads.selectors.prospect import prospect_get
from leads.selectors.strategy import month_reviews_of, strategy_of
from leads.services.strategy import month_review_save, strategy_save
from leads.views.base import Page
from leads.views.prospect import stale


def _editable(request: HttpRequest, pk: int) -> Prospect:
    card = prospect_get(user=request.user, prospect_id=pk)
    require(request.user, "prospect.change", card.store_id)
    return card


class StrategyEdit(Page):
    """Needs, decision makers, competitor, objection, next tactic, offer limit."""

    template = "leads/strategy_form.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = _editable(request, pk)
        row = strategy_of(user=request.user, prospect=card)
        return render(request, self.template, {"card": card, "form": StrategyForm(user=request.user, row=row)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = _editable(request, pk)
        form = StrategyForm(request.POST, user=request.user, row=None)
        if not form.is_valid():
            return refuse(request, self.template, {"card": card}, form)
        try:
            version = form.cleaned_data["version"]
            strategy_save(by=request.user, prospect_id=pk, version=version, details=form.details())
        except DomainError as error:
            return stale(request, self.template, {"card": card}, form, error)
        done(request, _("策略卡已保存。"))
        return redirect("leads:prospect_detail", pk)


def _asked(request: HttpRequest) -> Period:
    """The month of the address, else this one."""
    form = MonthReviewForm({"month": request.GET.get("month", "")}, user=request.user)
    form.full_clean()
    return form.cleaned_data.get("month") or Period.containing("month", periods.today())


class MonthReviews(Page):
    """The reviews written so far and this month's."""

    template = "leads/month_review_form.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = _editable(request, pk)
        written = self.written(request, card)
        month = _asked(request)
        row = next((row for row in written["reviews"] if row.month == month.start), None)
        form = month_review_form(user=request.user, month=month, row=row)
        return render(request, self.template, {"form": form, **written})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = _editable(request, pk)
        form = MonthReviewForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, self.written(request, card), form)
        try:
            month_review_save(by=request.user, prospect_id=pk, **form.details())
        except DomainError as error:
            form.see()
            return stale(request, self.template, self.written(request, card), form, error)
        done(request, _("月评卡已保存。"))
        return redirect("leads:month_reviews", pk)

    def written(self, request: HttpRequest, card: Prospect) -> dict[str, Any]:
        return {"card": card, "reviews": month_reviews_of(user=request.user, prospect=card)}
