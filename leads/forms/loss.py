"""Forms of losses, dormancy and call-backs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.forms import CleanCharField, DomainForm, MoneyInput
from dealership.org.models import Store
from dealership.org.policy import policy
from leads.forms import AREA, offer
from leads.loss_choices import BOUGHT_REASONS, CallBackResult, LossDecision, LossReason
from leads.models import Prospect
from leads.selectors.choices import sellers_in

REST_REASONS = [(reason.value, reason.label) for reason in LossReason if reason not in BOUGHT_REASONS]


class LossForm(DomainForm):
    """Why the customer is given up; the competitor when something was bought elsewhere."""

    reason = forms.ChoiceField(label=_("战败原因"), choices=LossReason.choices, widget=forms.RadioSelect)
    competitor_brand = CleanCharField(label=_("成交品牌"), required=False, max_length=40)
    competitor_model = CleanCharField(label=_("成交车型"), required=False, max_length=60)
    competitor_price = MoneyInput(label=_("成交价"), required=False, help_text=_("客户说的价格，例如 16.8万"))
    competitor_dealer = CleanCharField(label=_("成交商家"), required=False, max_length=60)
    explanation = CleanCharField(
        label=_("情况说明"), max_length=500, widget=forms.Textarea(attrs=AREA),
        help_text=_("至少 10 个字：客户怎么说、我们差在哪里。"),
    )  # fmt: skip

    def told(self) -> dict[str, Any]:
        """The arguments of `loss_apply`."""
        return {name: value for name, value in self.cleaned_data.items() if name != "idempotency_key"}


class DormancyForm(DomainForm):
    """Why the customer rests, and until when."""

    reason = forms.ChoiceField(label=_("休眠原因"), choices=REST_REASONS, widget=forms.RadioSelect)
    wake_on = forms.DateField(label=_("唤醒日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    explanation = CleanCharField(
        label=_("情况说明"), max_length=500, widget=forms.Textarea(attrs=AREA),
        help_text=_("至少 10 个字：为什么现在不买、什么时候再联系。"),
    )  # fmt: skip

    def __init__(self, *args: Any, card: Prospect, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        longest = int(policy("dormancy.max_days", card.store_id))
        first, last = (periods.today() + dt.timedelta(days=days) for days in (1, longest))
        self.fields["wake_on"].widget.attrs |= {"min": str(first), "max": str(last)}
        self.fields["wake_on"].help_text = _("最长 %(days)s 天，到期自动唤醒为 C 级。") % {"days": longest}

    def told(self) -> dict[str, Any]:
        """The arguments of `dormancy_apply`."""
        return {name: value for name, value in self.cleaned_data.items() if name != "idempotency_key"}


class LossDecisionForm(DomainForm):
    """One of three answers."""

    decision = forms.ChoiceField(label=_("审批结果"), choices=LossDecision.choices, widget=forms.RadioSelect)
    new_owner: Any = forms.ModelChoiceField(label=_("接手顾问（转给其他顾问时）"), queryset=None, required=False)
    comment = CleanCharField(
        label=_("审批意见（驳回必填）"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, card: Prospect, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "new_owner", sellers_in(card.store).exclude(pk=card.owner_id))

    def told(self) -> dict[str, Any]:
        """The arguments of `loss_decide`."""
        return {name: value for name, value in self.cleaned_data.items() if name != "idempotency_key"}


class CallBackForm(DomainForm):
    """What the customer said."""

    result = forms.ChoiceField(label=_("回访结果"), choices=CallBackResult.choices, widget=forms.RadioSelect)
    note = CleanCharField(
        label=_("回访记录"), required=False, max_length=300, widget=forms.Textarea(attrs=AREA),
        help_text=_("联系上客户时写下原话或要点。"),
    )  # fmt: skip


class SecondForm(DomainForm):
    """Who makes the second contact."""

    person: Any = forms.ModelChoiceField(label=_("二次追踪由谁完成"), queryset=None)

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "person", sellers_in(store))
