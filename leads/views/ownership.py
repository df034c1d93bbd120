"""撞单申请, 转移申请, 离职交接."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import require
from leads.forms.ownership import ClaimForm, HandOverForm, TransferForm
from leads.selectors.choices import store_for
from leads.selectors.leaver import Split, hand_over_get, hand_over_list, items_by_taker, split
from leads.selectors.prospect import prospect_get
from leads.services.leaver import hand_over_do, hand_over_undo
from leads.services.ownership import claim_ask, transfer_ask
from leads.views.base import Page

HAND_OVER = "prospect.handover"


class Claim(Page):
    """A colleague's customer stands before me: ask to take over or to share."""

    template = "leads/claim_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        store_for(request.user, "prospect.claim")
        return render(request, self.template, {"form": ClaimForm(user=request.user)})

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, "prospect.claim")
        form = ClaimForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, {}, form)
        data = form.cleaned_data
        try:
            claim_ask(by=request.user, store=store, phone=data["phone"], wish=data["wish"], reason=data["reason"])
        except DomainError as error:
            return refuse(request, self.template, {}, form, error)
        done(request, _("已提交展厅经理裁定，结果会通知您。"))
        return redirect("approvals:list")


class TransferAsk(Page):
    """申请转移 by the owner."""

    template = "leads/transfer_form.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        return render(request, self.template, {"card": card, "form": TransferForm(user=request.user, card=card)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        form = TransferForm(request.POST, user=request.user, card=card)
        if not form.is_valid():
            return refuse(request, self.template, {"card": card}, form)
        data = form.cleaned_data
        try:
            transfer_ask(by=request.user, prospect_id=pk, new_owner=data["new_owner"], reason=data["reason"])
        except DomainError as error:
            return refuse(request, self.template, {"card": card}, form, error)
        done(request, _("已提交展厅经理审批。"))
        return redirect("leads:prospect_detail", pk)


class HandOverList(Page):
    """Hand-overs made, and the way to a new one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require(request.user, HAND_OVER)
        page = page_of(request, hand_over_list(user=request.user), ("-id",))
        return render(request, "leads/handover_list.html", {"page": page, "now": periods.now()})


class HandOverNew(Page):
    """One screen: whose, to whom, the simulated split, and doing it (`step=do`)."""

    template = "leads/handover_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, HAND_OVER)
        form = HandOverForm(user=request.user, store=store, initial={"person": request.GET.get("person", "")})
        return render(request, self.template, {"form": form, "store": store})

    def post(self, request: HttpRequest) -> HttpResponse:
        store = store_for(request.user, HAND_OVER)
        form = HandOverForm(request.POST, user=request.user, store=store)
        if not form.is_valid():
            return refuse(request, self.template, {"store": store}, form)
        person, takers = form.cleaned_data["person"], form.cleaned_data["takers"]
        shown = split(user=request.user, store=store, person=person, takers=takers)
        doing = request.POST.get("step") == "do"
        moves = moves_of(request.POST if doing else QueryDict(), shown)
        cards = [(card, moves["card_moves"].get(card.pk)) for card in shown.cards]
        context = {"store": store, "split": shown, "person": person, "cards": cards}
        if not doing:
            return render(request, self.template, {"form": form, **context})
        try:
            row = hand_over_do(
                by=request.user, store=store, person=person, reason=form.cleaned_data["reason"], **moves
            )  # fmt: skip
        except DomainError as error:
            return refuse(request, self.template, context, form, error)
        done(request, _("交接完成，接手人已收到通知。"))
        return redirect("leads:handover", row.pk)


def moves_of(typed: QueryDict, shown: Split) -> dict[str, dict[int, int]]:
    """The split with the manager's own choices per card (`card-<id>`), the rest as simulated."""

    def chosen(pk: int, default: int) -> int:
        text = typed.get(f"card-{pk}", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else default

    cards = {pk: chosen(pk, taker) for pk, taker in shown.card_moves.items()}
    return {"card_moves": cards, "lead_moves": shown.lead_moves, "file_moves": shown.file_moves}


class HandOverDetail(Page):
    """What went to whom, and the way back."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = hand_over_get(user=request.user, pk=pk)
        require(request.user, HAND_OVER, row.store_id)
        context: dict[str, Any] = {"row": row, "takers": items_by_taker(row), "now": periods.now()}
        return render(request, "leads/handover_detail.html", context)


class HandOverUndo(Page):
    """撤回交接."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        hand_over_undo(by=request.user, hand_over_id=pk)
        done(request, _("已撤回：没有被动过的客户已回到原顾问名下。"))
        return redirect("leads:handover", pk)
