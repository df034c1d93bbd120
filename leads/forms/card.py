"""The form of a card without a visit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm, PhoneInput
from dealership.org.models import Store
from leads.choices import OPEN_GRADES, CardChannel
from leads.forms import TITLES, offer
from leads.selectors.choices import sellers_in, series_of, sources_of

WAYS = [(CardChannel.DCC, _("来电、网络")), (CardChannel.OTHER, _("转介绍、其他"))]


class CardForm(DomainForm):
    """Phone first; the owner is asked only of people who do not sell themselves."""

    phone = PhoneInput(label=_("手机号"), max_length=30)
    name = CleanCharField(label=_("姓名"), required=False, max_length=40)
    gender = forms.ChoiceField(label=_("称呼"), choices=TITLES, required=False, widget=forms.RadioSelect)
    channel = forms.ChoiceField(label=_("建卡方式"), choices=WAYS, initial=CardChannel.DCC, widget=forms.RadioSelect)
    grade = forms.ChoiceField(
        label=_("意向级别"),
        choices=[(grade.value, grade.value) for grade in OPEN_GRADES],
        required=False,
        widget=forms.RadioSelect,
    )
    series: Any = forms.ModelChoiceField(label=_("意向车型"), queryset=None, required=False)
    source: Any = forms.ModelChoiceField(label=_("来源"), queryset=None, required=False)
    referred_by = CleanCharField(label=_("转介绍人（手机号或姓名）"), required=False, max_length=40)
    next_follow_up_at = DateTimeInput(label=_("首次回访"), required=False)
    received_by: Any = forms.ModelChoiceField(label=_("归属顾问"), queryset=None, required=False)

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "series", series_of(store))
        offer(self, "source", sources_of(store))
        offer(self, "received_by", sellers_in(store))

    def told(self) -> dict[str, Any]:
        """The arguments of `card_register`; the referrer is still the text as typed."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "idempotency_key")}
        data["owner"] = data.pop("received_by")
        return data
