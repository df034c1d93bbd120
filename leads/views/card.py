"""建卡: a customer who has not come to the store yet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.audit.services import once
from dealership.core.errors import DomainError
from dealership.core.views import done, refuse
from dealership.org.reach import has_role
from dealership.org.roles import SELLING_ROLES
from leads.forms.card import CardForm
from leads.models import Prospect
from leads.policies import grade_horizons
from leads.selectors.choices import store_for
from leads.selectors.prospect import prospect_get
from leads.selectors.referrer import referrer_found
from leads.services.card import card_register
from leads.views.base import Page

FORM = "leads/card_form.html"


class CardNew(Page):
    """Phone first, with the same look-up as at the door."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.store = store_for(request.user, "prospect.change")
        return super().dispatch(request, *args, **kwargs)

    def context(self, request: HttpRequest) -> dict[str, Any]:
        sells = has_role(request.user, SELLING_ROLES, self.store.pk)
        return {"store": self.store, "user_sells": sells, "horizons": grade_horizons(self.store.pk)}

    def get(self, request: HttpRequest) -> HttpResponse:
        form = CardForm(user=request.user, store=self.store)
        return render(request, FORM, {**self.context(request), "form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CardForm(request.POST, user=request.user, store=self.store)
        if not form.is_valid():
            return refuse(request, FORM, self.context(request), form)
        try:
            card = self.save(request, form)
        except DomainError as error:
            return refuse(request, FORM, self.context(request), form, error)
        done(request, _("已建卡，首次回访时间已安排。"))
        return redirect("leads:prospect_detail", card.pk)

    def save(self, request: HttpRequest, form: CardForm) -> Prospect:
        told = form.told()
        told["referred_by"] = referrer_found(user=request.user, store=self.store, text=told["referred_by"])
        card, _replay = once(
            by=request.user, action="prospect.create", key=form.cleaned_data["idempotency_key"],
            create=lambda: card_register(by=request.user, store=self.store, **told),
            find=lambda pk: prospect_get(user=request.user, prospect_id=pk),
        )  # fmt: skip
        return card
