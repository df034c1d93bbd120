"""Forms of claims, transfers and hand-overs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm, PhoneInput
from dealership.org.models import Store
from leads.choices import ClaimWish
from leads.forms import CHECK, offer
from leads.models import Prospect
from leads.selectors.choices import sellers_in
from leads.selectors.leaver import holders_in


class ClaimForm(DomainForm):
    """撞单申请: the number is typed again, so that no customer's id is in the address."""

    phone = PhoneInput(label=_("客户手机号"), max_length=30)
    wish = forms.ChoiceField(label=_("申请"), choices=ClaimWish.choices, widget=forms.RadioSelect, initial="share")
    reason = CleanCharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class TransferForm(DomainForm):
    """The owner's wish to give a card away."""

    new_owner: Any = forms.ModelChoiceField(label=_("转给"), queryset=None)
    reason = CleanCharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, card: Prospect, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "new_owner", sellers_in(card.store).exclude(pk=card.owner_id))


class HandOverForm(DomainForm):
    """Whose customers, to whom, why. `moves` carries the simulated split from one step to the next."""

    person: Any = forms.ModelChoiceField(label=_("交出人"), queryset=None)
    takers: Any = forms.ModelMultipleChoiceField(
        label=_("接手人"), queryset=None, widget=forms.CheckboxSelectMultiple(attrs=CHECK), required=False
    )
    reason = CleanCharField(label=_("原因"), max_length=200, required=False)

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "person", holders_in(store))
        offer(self, "takers", sellers_in(store))
