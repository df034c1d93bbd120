"""Pages of deals: list, board, quote, the whole deal on one page, papers, print."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from dealership.audit.services import once
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.forms import DomainForm
from dealership.core.masking import mask_id
from dealership.core.paging import page_of
from dealership.core.views import done, put_refusal_on_form, refuse
from dealership.org.reach import can, require, sees_profit
from leads.selectors.cancellation import may_apply_after_cancellation
from sales.choices import DealStatus, DepositKind, DocumentKind, DocumentState
from sales.filters import DealFilter
from sales.forms import DealForm, LineFormSet, lines_of
from sales.models import Deal
from sales.selectors.deal import NEXT_STEP, card_for_deal, deal_board, deal_file, deal_get, deal_rows, live_deal_id
from sales.selectors.vehicle import certificate_warning, fifo_warning, with_age
from sales.services import deal as deals
from sales.services.deal.draft import require_hand
from sales.services.deal.quote import deal_quote, quote_of
from sales.views.base import Page, offers
from sales.views.deal_acts import DEAL_ACTS

FORM = "sales/deal_form.html"
ORDERING = ("-id",)
_ENDED = (DealStatus.CLOSED, DealStatus.CANCELLED, DealStatus.VOID)


def live_filters(request: HttpRequest) -> QueryDict:
    """The address's filters; without a state or a search the deals still worked on are meant."""
    given = request.GET.copy()
    if not given.getlist("status") and not given.get("q"):
        given.setlist("status", [state.value for state in DealStatus if state not in (*_ENDED, DealStatus.DELIVERED)])
    return given


class DealList(Page):
    """Table on the desk, cards on the phone, from one queryset."""

    resource = "deal"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = DealFilter(live_filters(request), queryset=deal_rows(user=request.user), request=request)
        page = page_of(request, filters.qs, ORDERING)
        for row in page.rows:
            row.next_step = NEXT_STEP.get(row.status)
        context = {"filter": filters, "page": page, "states": DealStatus, "chosen": request.GET.getlist("status")}
        return render(request, "sales/deal_list.html", context)


class DealBoard(Page):
    """Columns by state with counts."""

    resource = "deal"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = DealFilter(request.GET, queryset=deal_rows(user=request.user), request=request)
        return render(request, "sales/deal_board.html", {"filter": filters, "columns": deal_board(filters.qs)})


class DealPage(Page):
    """The whole deal on one page; the state's next step is the main button."""

    resource = "deal"

    def get(self, request: HttpRequest, deal_id: int) -> HttpResponse:
        deal = deal_get(user=request.user, deal_id=deal_id)
        return render(request, "sales/deal_page.html", page_context(request, deal))


def page_context(request: HttpRequest, deal: Deal, bound: tuple[str, DomainForm] | None = None) -> dict[str, Any]:
    """What the deal page shows; `bound` is the form of an act that was refused."""
    user = request.user
    car = deal.vehicle
    if car is not None:
        with_age([car])
    own = deal.is_worked_by(user) or can(user, "deal.change_any", deal.store_id)
    return {
        "deal": deal,
        "car": car,
        "file": deal_file(user=user, deal=deal),
        "offers": offers(user, deal, DEAL_ACTS, bound),
        "next_step": NEXT_STEP.get(deal.status),
        "buyer_id": mask_id(deal.buyer_id_number or ""),
        "quote": quote_of(deal) if deal.status == DealStatus.DRAFT else None,
        "certificate_warning": certificate_warning(car) if deal.delivered_at is None else "",
        "sees_profit": sees_profit(user, deal.store_id),
        "may_edit": deal.status == DealStatus.DRAFT and own and can(user, "deal.change", deal.store_id),
        "may_papers": can(user, "deal.documents", deal.store_id) and deal.status not in (*_ENDED, DealStatus.DRAFT),
        "document_states": DocumentState.choices,
        "may_lose": deal.status == DealStatus.CANCELLED
        and may_apply_after_cancellation(user=user, prospect_id=deal.prospect_id),
    }


class DealAct(Page):
    """One act posted from the deal page; a refusal shows the page again with the form as typed."""

    resource = "deal"

    def get(self, request: HttpRequest, deal_id: int, act: str) -> HttpResponse:
        """Reloading after a refusal comes back to the deal."""
        return redirect("sales:deal_page", deal_get(user=request.user, deal_id=deal_id).pk)

    def post(self, request: HttpRequest, deal_id: int, act: str) -> HttpResponse:
        deal = deal_get(user=request.user, deal_id=deal_id)
        chosen = DEAL_ACTS.get(act)
        if chosen is None:
            raise Http404
        form = chosen.form(request.user, deal, request.POST)
        if not form.is_valid():
            return render(request, "sales/deal_page.html", page_context(request, deal, (act, form)), status=422)
        try:
            chosen.run(request.user, deal, form.cleaned_data)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            put_refusal_on_form(form, error)
            fresh = deal_get(user=request.user, deal_id=deal_id)
            context = page_context(request, fresh, (act, form))
            return render(request, "sales/deal_page.html", context, status=error.status)
        done(request, chosen.done)
        return redirect("sales:deal_page", deal_id)


class DealDocument(Page):
    """Tick one paper."""

    resource = "deal"

    def post(self, request: HttpRequest, deal_id: int) -> HttpResponse:
        kind, state = request.POST.get("kind", ""), request.POST.get("state", "")
        try:
            deals.document_set(by=request.user, deal_id=deal_id, kind=kind, state=state)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            deal = deal_get(user=request.user, deal_id=deal_id)
            context = {**page_context(request, deal), "paper_error": error.message}
            return render(request, "sales/deal_page.html", context, status=error.status)
        name = DocumentKind(kind).label if kind in DocumentKind.values else ""
        done(request, _("%(name)s：%(state)s") % {"name": name, "state": DocumentState(state).label})
        return redirect("sales:deal_page", deal_id)


@method_decorator(sensitive_post_parameters("buyer_id_number"), name="dispatch")
class DealNew(Page):
    """A quote from the prospect's card; a card with a running deal leads to that."""

    resource = "prospect"  # the row of the address is a card

    def get(self, request: HttpRequest, prospect_id: int) -> HttpResponse:
        card = card_for_deal(user=request.user, prospect_id=prospect_id)
        require(request.user, "deal.create", card.store_id)
        if deal_id := live_deal_id(user=request.user, card=card):
            return redirect("sales:deal_page", deal_id)
        initial = {
            "buyer_name": card.customer.name, "payment_mode": "full", "deposit_kind": DepositKind.PREPAYMENT,
            "deposit_amount": deals.default_deposit(store_id=card.store_id),
        }  # fmt: skip
        form = DealForm(user=request.user, brand_id=card.store.brand_id, initial=initial)
        return render(request, FORM, {"form": form, "lines": LineFormSet(prefix="line"), "card": card})

    def post(self, request: HttpRequest, prospect_id: int) -> HttpResponse:
        card = card_for_deal(user=request.user, prospect_id=prospect_id)
        require(request.user, "deal.create", card.store_id)
        form = DealForm(request.POST, user=request.user, brand_id=card.store.brand_id)
        lines = LineFormSet(request.POST, prefix="line")
        context = {"lines": lines, "card": card}
        if not (form.is_valid() and lines.is_valid()):
            return refuse(request, FORM, context, form)
        try:
            deal, _again = once(
                by=request.user, action="deal.create", key=form.cleaned_data["idempotency_key"],
                create=lambda: deals.deal_create(
                    by=request.user, prospect_id=prospect_id, lines=lines_of(lines), **form.terms()),
                find=lambda pk: deal_get(user=request.user, deal_id=pk),
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, FORM, context, form, error)
        done(request, _("报价已保存，核对后请提交订单。"))
        return redirect("sales:deal_page", deal.pk)


@method_decorator(sensitive_post_parameters("buyer_id_number"), name="dispatch")
class DealEdit(Page):
    """Change a draft."""

    resource = "deal"

    def get(self, request: HttpRequest, deal_id: int) -> HttpResponse:
        deal = deal_get(user=request.user, deal_id=deal_id)
        require_hand(request.user, deal, "deal.change")
        if deal.status != DealStatus.DRAFT:
            return redirect("sales:deal_page", deal_id)
        names = "configuration colour deal_price payment_mode loan_amount deposit_kind deposit_amount".split()
        initial = {name: getattr(deal, name) for name in names} | {
            "promised_on": deal.promised_on, "buyer_name": deal.buyer_name, "version": deal.version,
            "buyer_id_number": deal.buyer_id_number,
        }  # fmt: skip
        form = DealForm(user=request.user, brand_id=deal.store.brand_id, initial=initial)
        rows = list(deal.lines.order_by("id").values("kind", "name", "list_price", "price", "cost"))
        lines = LineFormSet(prefix="line", initial=rows)
        return render(request, FORM, {"form": form, "lines": lines, "deal": deal, "card": deal.prospect})

    def post(self, request: HttpRequest, deal_id: int) -> HttpResponse:
        deal = deal_get(user=request.user, deal_id=deal_id)
        require_hand(request.user, deal, "deal.change")
        form = DealForm(request.POST, user=request.user, brand_id=deal.store.brand_id)
        lines = LineFormSet(request.POST, prefix="line")
        context = {"lines": lines, "deal": deal, "card": deal.prospect}
        if not (form.is_valid() and lines.is_valid()):
            return refuse(request, FORM, context, form)
        try:
            deals.deal_change(
                by=request.user, deal_id=deal_id, version=form.cleaned_data["version"], changes=form.terms(),
                lines=lines_of(lines),
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, FORM, context, form, error)
        done(request, _("订单已保存。"))
        return redirect("sales:deal_page", deal_id)


class DealQuote(Page):
    """Live totals while the quote is typed: concession against authority (htmx)."""

    resource = "prospect"  # the row of the address is a card

    def get(self, request: HttpRequest, prospect_id: int) -> HttpResponse:
        """Opened by hand it leads to the quote."""
        card = card_for_deal(user=request.user, prospect_id=prospect_id)
        require(request.user, "deal.create", card.store_id)
        return redirect("sales:deal_new", card.pk)

    def post(self, request: HttpRequest, prospect_id: int) -> HttpResponse:
        card = card_for_deal(user=request.user, prospect_id=prospect_id)
        require(request.user, "deal.create", card.store_id)
        form = DealForm(request.POST, user=request.user, brand_id=card.store.brand_id)
        lines = LineFormSet(request.POST, prefix="line")
        context: dict[str, Any] = {}
        if form.is_valid() and lines.is_valid():
            try:
                context["quote"] = deal_quote(
                    by=request.user, prospect_id=prospect_id, terms=form.terms(), lines=lines_of(lines)
                )
            except DomainError as error:
                context["problem"] = error.message
        return render(request, "sales/_quote.html", context)


class DealPrint(Page):
    """A4: the contract with the right word for the deposit, or the hand-over sheet."""

    resource = "deal"

    def get(self, request: HttpRequest, deal_id: int, paper: str) -> HttpResponse:
        deal = deal_get(user=request.user, deal_id=deal_id)
        if paper not in ("contract", "handover"):
            raise Http404
        if paper == "handover" and deal.invoiced_on is None:
            raise DomainError("not_invoiced", _("开票后才能打印交车确认单。"))
        context = {
            "deal": deal, "file": deal_file(user=request.user, deal=deal), "printed_at": periods.now(),
            "buyer_id": mask_id(deal.buyer_id_number or ""),
        }  # fmt: skip
        return render(request, f"sales/print_{paper}.html", context)


class FifoHint(Page):
    """Does giving this car to this order jump the queue? (htmx)"""

    resource = "deal"

    def get(self, request: HttpRequest, deal_id: int) -> HttpResponse:
        deal = deal_get(user=request.user, deal_id=deal_id)
        require(request.user, "vehicle.allocate", deal.store_id)
        form = DEAL_ACTS["allocate"].form(request.user, deal, request.GET)
        form.is_valid()
        car = form.cleaned_data.get("vehicle")
        text = fifo_warning(deal, car) if car else ""
        return render(request, "sales/_fifo.html", {"text": text, "certificate": certificate_warning(car)})
