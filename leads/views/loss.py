"""战败与休眠: asking, the list with its clock, one application with its whole story, the three answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.approvals.services import may_decide
from dealership.audit.services import once
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.filters import LossFilter
from leads.forms.loss import DormancyForm, LossDecisionForm, LossForm
from leads.loss_choices import BOUGHT_REASONS, LossDecision, LossKind, LossState
from leads.models import LossApplication, Prospect, StatusChange
from leads.selectors.cancellation import fresh_cancellation, told_of
from leads.selectors.choices import sees_others
from leads.selectors.loss import (
    DEFAULT_ORDERING,
    ORDERINGS,
    calls_of,
    calls_waiting,
    last_application_of,
    loss_get,
    loss_list,
    manager_contacts,
    open_second_of,
)
from leads.selectors.prospect import prospect_get
from leads.selectors.timeline import customer_timeline
from leads.services.loss import dormancy_apply, loss_apply, loss_withdraw
from leads.services.loss_decision import loss_decide, require_decider
from leads.views.base import Page

APPLY, DETAIL = "leads/loss_form.html", "leads/loss_detail.html"
STORY = 15
COMPETITOR_FACTS = ("competitor_brand", "competitor_model", "competitor_price", "competitor_dealer")


class LossList(Page):
    """战败申请: filters and the clock in the address."""

    resource = "loss_application"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = LossFilter(request.GET, queryset=loss_list(user=request.user), request=request)
        sort = "due_at" if request.GET.get("state") == "pending" else DEFAULT_ORDERING
        page = page_of(request, filters.qs, ORDERINGS[sort])
        context = {"filter": filters, "page": page, "now": periods.now()}
        context["sees_others"] = sees_others(request.user)
        return render(request, "leads/loss_list.html", context)


class LossApply(Page):
    """申请战败."""

    def _context(self, request: HttpRequest, card: Prospect) -> dict[str, Any]:
        bought = " ".join(reason.value for reason in BOUGHT_REASONS)
        context = {"card": card, "second": open_second_of(card), "bought": bought, "title": _("申请战败")}
        return {**context, "cancelled": fresh_cancellation(card)}

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "loss.apply", card.store_id)
        context = self._context(request, card)
        form = LossForm(user=request.user, initial={"version": card.version, **known(card, context["cancelled"])})
        return render(request, APPLY, {**context, "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "loss.apply", card.store_id)
        form = LossForm(request.POST, user=request.user)
        return asked(request, card, form, loss_apply, self._context(request, card))


def known(card: Prospect, cancelled: StatusChange | None) -> dict[str, Any]:
    """What a cancelled order or a rejected application already told of the loss, for the seller to complete."""
    if cancelled is None:
        return told_before(card)
    told = told_of(card)
    return {"reason": told.reason, "explanation": told.words or _("已退订：%(why)s") % {"why": cancelled.reason}}


def told_before(card: Prospect) -> dict[str, Any]:
    """The competitor a rejected application named is not typed again; reason and words are told anew."""
    last = last_application_of(card)
    if last is None or last.kind != LossKind.LOSS or last.state != LossState.REJECTED:
        return {}
    return {name: getattr(last, name) for name in COMPETITOR_FACTS}


class DormancyApply(Page):
    """申请休眠."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "loss.apply", card.store_id)
        form = DormancyForm(user=request.user, card=card, initial={"version": card.version})
        context = {"card": card, "second": open_second_of(card), "title": _("申请休眠"), "form": form}
        return render(request, APPLY, context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "loss.apply", card.store_id)
        form = DormancyForm(request.POST, user=request.user, card=card)
        context = {"card": card, "second": open_second_of(card), "title": _("申请休眠")}
        return asked(request, card, form, dormancy_apply, context)


def asked(
    request: HttpRequest, card: Prospect, form: LossForm | DormancyForm, service: Any, context: dict[str, Any]
) -> HttpResponse:
    """Send an application once per form; a refusal shows the form as typed."""
    if not form.is_valid():
        return refuse(request, APPLY, context, form)
    try:
        row, _replay = once(
            by=request.user, action="loss.apply", key=form.cleaned_data["idempotency_key"],
            create=lambda: service(by=request.user, prospect_id=card.pk, **form.told()),
            find=lambda row_id: loss_get(user=request.user, application_id=row_id),
        )  # fmt: skip
    except DomainError as error:
        return refuse(request, APPLY, context, form, without_version(error))
    done(request, _("申请已提交，审批结果会通知您。"))
    return redirect("leads:loss_detail", row.pk)


def without_version(error: DomainError) -> DomainError:
    """The same refusal without values to compare: the card is shown beside the form."""
    return DomainError(error.code, error.message, error.fields, status=error.status)


class LossDetail(Page):
    """One application: what was asked, the proofs, the story, and the answer or the form to answer."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = loss_get(user=request.user, application_id=pk)
        form = LossDecisionForm(user=request.user, card=row.prospect, initial={"version": row.prospect.version})
        return render(request, DETAIL, {**story_of(request, row), "form": form})


def story_of(request: HttpRequest, row: LossApplication) -> dict[str, Any]:
    """What a decider needs to see before answering."""
    user, approval = request.user, row.approval
    return {
        "row": row,
        "card": row.prospect,
        "calls": calls_of(row),
        "contacts": manager_contacts(row),
        "timeline": customer_timeline(user=user, customer_id=row.customer_id)[:STORY],
        "now": periods.now(),
        "deciding": bool(row.is_pending and approval and may_decide(user, approval)),  # type: ignore[arg-type]
        "withdrawing": row.is_pending and row.applied_by_id == user.pk,
        "calling": can(user, "loss.call_back", row.store_id) and calls_waiting(user=user).filter(pk=row.pk).exists(),
    }


class LossDecide(Page):
    """同意、驳回或转给其他顾问."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = loss_get(user=request.user, application_id=pk)
        require_decider(request.user, row)
        form: Any = LossDecisionForm(request.POST, user=request.user, card=row.prospect)
        if not form.is_valid():
            return refuse(request, DETAIL, story_of(request, row), form)
        try:
            answered = loss_decide(by=request.user, application_id=pk, **form.told())
        except DomainError as error:
            row = loss_get(user=request.user, application_id=pk)
            if error.status == 409:
                form.data = form.data.copy()
                form.data["version"] = row.prospect.version
            return refuse(request, DETAIL, story_of(request, row), form, without_version(error))
        said = {LossDecision.AGREE: _("已同意。"), LossDecision.REJECT: _("已驳回，顾问明天须再跟进。")}
        done(request, said.get(LossDecision(form.cleaned_data["decision"]), _("已转给其他顾问，双方都已收到通知。")))
        return redirect("leads:loss_detail", answered.pk)


class LossWithdraw(Page):
    """撤回."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = loss_get(user=request.user, application_id=pk)
        loss_withdraw(by=request.user, application_id=row.pk)
        done(request, _("申请已撤回，请明天前再跟进客户。"))
        return redirect("leads:prospect_detail", row.prospect_id)
