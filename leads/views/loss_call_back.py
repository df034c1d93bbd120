"""战败确认回访: the list of those waiting and one call."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import require
from leads.forms.loss import CallBackForm
from leads.models import LossApplication
from leads.selectors.loss import ORDERINGS, call_get, calls_of, calls_waiting, loss_get
from leads.services.loss_call_back import loss_call_back, loss_call_back_ask, loss_number
from leads.services.loss_decision import require_decider
from leads.views.base import Page

TEMPLATE = "leads/loss_call.html"


class LossCalls(Page):
    """Sampled losses that wait for a call."""

    resource = "loss_call_back"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = page_of(request, calls_waiting(user=request.user), ORDERINGS["due_at"])
        return render(request, "leads/loss_calls.html", {"page": page, "now": periods.now()})


class LossCall(Page):
    """One customer to hear: what was claimed, the attempts, the form."""

    def context(self, request: HttpRequest, row: LossApplication) -> dict[str, object]:
        return {
            "row": row,
            "calls": calls_of(row),
            "now": periods.now(),
            "plain": None,
        }

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = call_get(user=request.user, application_id=pk)
        require(request.user, "loss.call_back", row.store_id)
        return render(request, TEMPLATE, {**self.context(request, row), "form": CallBackForm(user=request.user)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = call_get(user=request.user, application_id=pk)
        require(request.user, "loss.call_back", row.store_id)
        form = CallBackForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, TEMPLATE, self.context(request, row), form)
        result, note = form.cleaned_data["result"], form.cleaned_data["note"]
        try:
            loss_call_back(by=request.user, application_id=pk, result=result, note=note)
        except DomainError as error:
            return refuse(request, TEMPLATE, self.context(request, row), form, error)
        done(request, _("回访已登记，审批人可以看到。"))
        return redirect("leads:loss_calls")


class LossCallAsk(Page):
    """请先回访: the decider puts an application on the list."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = loss_get(user=request.user, application_id=pk)
        require_decider(request.user, row)
        loss_call_back_ask(by=request.user, application_id=row.pk)
        done(request, _("已通知客服和 DCC 回访，结果登记后您再审批。"))
        return redirect("leads:loss_detail", row.pk)


class LossNumber(LossCall):
    """The plain number for the call, logged."""

    http_method_names = ("post",)  # type: ignore[assignment]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = call_get(user=request.user, application_id=pk)
        require(request.user, "loss.call_back", row.store_id)
        if request.POST.get("purpose") != "call":
            raise DomainError("bad_purpose", _("号码只在回访时显示，请在回访页面点“显示号码”。"))
        plain = loss_number(by=request.user, application_id=pk, ip=request.META.get("REMOTE_ADDR"))
        context = {**self.context(request, row), "plain": plain, "form": CallBackForm(user=request.user)}
        return render(request, TEMPLATE, context)
