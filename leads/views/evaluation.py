"""意向评估 of a card: five taps, the score and where it comes from, the history."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy

from dealership.audit.services import once
from dealership.core.errors import DomainError
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads import policies
from leads.evaluation_choices import Verdict
from leads.forms.evaluation import EvaluationForm
from leads.models import Prospect, ProspectEvaluation
from leads.selectors.evaluation import evaluation_get, evaluations_of, lines_of
from leads.selectors.prospect import prospect_attended, prospect_get
from leads.selectors.stand_in import is_stand_in
from leads.services.evaluation import evaluation_save
from leads.views.base import Page

TEMPLATE = "leads/evaluation.html"
SHOWN = 12
SAID = {
    Verdict.MEETS: gettext_lazy("评估已保存：%(score)s 分，达标。"),
    Verdict.BELOW: gettext_lazy("评估已保存：%(score)s 分，未达标，客户已进入培育池，归属和跟进不变。"),
    Verdict.OPEN: gettext_lazy("评估已保存：目前 %(score)s 分，补齐其余各项后才有结论。"),
}


class Evaluation(Page):
    """The form with the last answers, and what they were worth; who only works on the card for its owner reads it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_attended(user=request.user, prospect_id=pk)
        context = self.context(request, card)
        form = EvaluationForm(user=request.user, last=context["last"])
        return render(request, TEMPLATE, {**context, "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        form = EvaluationForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, TEMPLATE, self.context(request, card), form)
        try:
            row = saved(request, card, form)
        except DomainError as error:
            return refuse(request, TEMPLATE, self.context(request, card), form, error)
        done(request, str(SAID[Verdict(row.verdict)]) % {"score": row.score})
        return redirect("leads:evaluation", pk)

    def context(self, request: HttpRequest, card: Prospect) -> dict[str, Any]:
        rows = list(evaluations_of(user=request.user, prospect=card)[:SHOWN])
        may = can(request.user, "prospect.change", card.store_id) and policies.can_evaluate(card)
        may = may and not is_stand_in(request.user, card)
        last = rows[0] if rows else None
        return {"card": card, "rows": rows, "last": last, "lines": lines_of(last) if last else [], "may_evaluate": may}


def saved(request: HttpRequest, card: Prospect, form: EvaluationForm) -> ProspectEvaluation:
    """Once per form."""
    row, _replay = once(
        by=request.user, action="evaluation.save", key=form.cleaned_data["idempotency_key"],
        create=lambda: evaluation_save(by=request.user, prospect_id=card.pk, **form.told()),
        find=lambda pk: evaluation_get(evaluation_id=pk),
    )  # fmt: skip
    return row
