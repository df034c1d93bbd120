"""Forms of campaigns: parsing only, the rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm, MoneyInput
from dealership.core.periods import Period
from dealership.org.models import Store
from leads.campaign_choices import CampaignKind
from leads.choices import OPEN_GRADE_CHOICES
from leads.forms import CHECK, offer
from leads.models import Campaign
from leads.selectors.choices import sellers_in, sources_of

META = ("version", "idempotency_key")
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CampaignForm(DomainForm):
    """A campaign; costs may stay empty until they are known."""

    kind = forms.ChoiceField(label=_("类型"), choices=CampaignKind.choices)
    name = CleanCharField(label=_("活动名称"), max_length=60)
    starts_on = forms.DateField(label=_("开始日期"), widget=DAY)
    ends_on = forms.DateField(label=_("结束日期"), widget=DAY)
    source: Any = forms.ModelChoiceField(label=_("带来的来源"), queryset=None, required=False)
    cost_budget = MoneyInput(label=_("预算费用（元）"), required=False)
    cost_actual = MoneyInput(label=_("实际费用（元）"), required=False)
    note = CleanCharField(label=_("备注"), max_length=300, required=False)

    def __init__(self, *args: Any, store: Store, campaign: Campaign | None = None, **kwargs: Any) -> None:
        names = (*type(self).base_fields, "version")
        shown = {name: getattr(campaign, name) for name in names if hasattr(campaign, name)} if campaign else {}
        super().__init__(*args, initial={**shown, **(kwargs.pop("initial", None) or {})}, **kwargs)
        offer(self, "source", sources_of(store))

    def details(self) -> dict[str, Any]:
        """The facts to write."""
        return {name: value for name, value in self.cleaned_data.items() if name not in META}


class CampaignFilter(forms.Form):
    """What the list is narrowed by in its address; what cannot be read counts as not given."""

    store = forms.IntegerField(required=False, min_value=1)
    source = forms.IntegerField(required=False, min_value=1)
    month = forms.CharField(required=False, max_length=7)

    def told(self) -> dict[str, Any]:
        """The arguments of `campaign_list`."""
        self.full_clean()
        told = self.cleaned_data
        try:
            month = Period.parse(told.get("month") or "")
        except ValueError:
            month = None
        return {"store_id": told.get("store"), "source_id": told.get("source"), "month": month}


class InviteForm(DomainForm):
    """Whom to invite: open cards by grade, of everybody or of one consultant."""

    grades = forms.MultipleChoiceField(
        label=_("级别"), choices=OPEN_GRADE_CHOICES, initial=["H", "A"],
        widget=forms.CheckboxSelectMultiple(attrs=CHECK),
        error_messages={"required": _("请至少选择一个级别。"), "invalid_choice": _("级别无效，请重新选择。")},
    )  # fmt: skip
    owner: Any = forms.ModelChoiceField(label=_("顾问"), queryset=None, required=False, empty_label=_("全部顾问"))

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = sellers_in(store)  # type: ignore[attr-defined]
