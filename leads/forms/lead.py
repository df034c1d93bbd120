"""Forms of the raw leads' pages: parsing and field checks only, the rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm, PhoneInput
from dealership.org.models import Store
from leads.choices import OPEN_GRADE_CHOICES, ContactChannel, Grade, LeadInvalidReason
from leads.forms import AREA, TITLES, offer
from leads.models import Lead
from leads.selectors.choices import sellers_in, series_of, sources_of
from leads.services.lead import OPEN_OUTCOMES

TO_ROUND, TO_ME = "round", "me"


class LeadForm(DomainForm):
    """A lead by hand: the number is enough."""

    phone = PhoneInput(label=_("手机号"), max_length=30)
    name = CleanCharField(label=_("姓名"), required=False, max_length=40)
    source: Any = forms.ModelChoiceField(label=_("来源"), queryset=None, required=False)
    series: Any = forms.ModelChoiceField(label=_("意向车型"), queryset=None, required=False)
    note = CleanCharField(label=_("备注"), required=False, max_length=500, widget=forms.Textarea(attrs=AREA))
    to = forms.ChoiceField(
        label=_("由谁跟进"), choices=[(TO_ROUND, _("自动分配")), (TO_ME, _("我来跟进"))], initial=TO_ROUND,
        widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(self, *args: Any, store: Store, may_hold: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "source", sources_of(store))
        offer(self, "series", series_of(store))
        if not may_hold:
            del self.fields["to"]

    def facts(self) -> dict[str, Any]:
        """The facts of a `LeadRow`."""
        return {name: self.cleaned_data[name] for name in ("phone", "name", "source", "series", "note")}

    def owner(self) -> Any:
        """Myself, or nobody: the round decides."""
        return self.user if self.cleaned_data.get("to") == TO_ME else None


class AttemptForm(DomainForm):
    """打通了 / 未接通 in one tap."""

    outcome = forms.ChoiceField(label=_("结果"), choices=[(value.value, value.label) for value in OPEN_OUTCOMES])
    channel = forms.ChoiceField(label=_("方式"), choices=ContactChannel.choices, required=False)
    note = CleanCharField(label=_("说明"), required=False, max_length=200)

    def told(self) -> dict[str, Any]:
        """The arguments of `lead_attempt_log`."""
        data = self.cleaned_data
        return {"outcome": data["outcome"], "channel": data["channel"] or ContactChannel.PHONE, "note": data["note"]}


class LeadInvalidForm(DomainForm):
    """Why it is not a lead."""

    reason = forms.ChoiceField(label=_("非意向原因"), choices=LeadInvalidReason.choices, widget=forms.RadioSelect)
    note = CleanCharField(label=_("说明"), required=False, max_length=200, widget=forms.Textarea(attrs=AREA))

    def told(self) -> dict[str, Any]:
        """The arguments of `lead_mark_invalid`."""
        return {name: self.cleaned_data[name] for name in ("reason", "note", "version")}


class LeadConvertForm(DomainForm):
    """建卡: what the first call told."""

    name = CleanCharField(label=_("姓名"), max_length=40)
    gender = forms.ChoiceField(label=_("称呼"), choices=TITLES, required=False, widget=forms.RadioSelect)
    grade = forms.ChoiceField(
        label=_("意向级别"), choices=OPEN_GRADE_CHOICES, initial=Grade.N, widget=forms.RadioSelect,
        help_text=_("还没问清就选 N 级，首次回访时再判级。"),
    )  # fmt: skip
    series: Any = forms.ModelChoiceField(label=_("意向车型"), queryset=None, required=False)
    next_follow_up_at = DateTimeInput(
        label=_("下次跟进"), required=False, help_text=_("不填则按级别的首次回访期限自动安排。")
    )

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        shown = {"name": lead.name, "series": lead.series_id, "version": lead.version}
        super().__init__(*args, initial={**shown, **(kwargs.pop("initial", None) or {})}, **kwargs)
        offer(self, "series", series_of(lead.store))

    def told(self) -> dict[str, Any]:
        """The arguments of `lead_convert`."""
        return {name: value for name, value in self.cleaned_data.items() if name != "idempotency_key"}


class LeadGiveForm(DomainForm):
    """改派, or asking for it: to whom and why."""

    new_owner: Any = forms.ModelChoiceField(label=_("交给"), queryset=None)
    reason = CleanCharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        super().__init__(*args, initial={"version": lead.version}, **kwargs)
        offer(self, "new_owner", sellers_in(lead.store).exclude(pk=lead.owner_id or 0))
        self.fields["reason"].required = lead.owner_id is not None

    def told(self) -> dict[str, Any]:
        """The arguments of `lead_assign` and `lead_transfer_ask`."""
        return {name: self.cleaned_data[name] for name in ("new_owner", "reason", "version")}


class AssigneeForm(DomainForm):
    """One person's line of the assignment settings; empty means the store's policy."""

    weight = forms.IntegerField(label=_("权重"), required=False, min_value=0, max_value=10)
    cap = forms.IntegerField(label=_("未处理上限"), required=False, min_value=0, max_value=500)
    is_opted_out = forms.BooleanField(label=_("暂停接收"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, top in (("weight", 10), ("cap", 500)):
            field = self.fields[name]
            field.widget.attrs["placeholder"] = _("按门店策略")
            text = _("%(label)s请填 0 到 %(top)s 的整数。") % {"label": field.label, "top": top}
            field.error_messages |= {"min_value": text, "max_value": text, "invalid": text}

    def told(self) -> dict[str, Any]:
        """The settings of `assignee_set`."""
        return {name: self.cleaned_data[name] for name in ("weight", "cap", "is_opted_out")}
