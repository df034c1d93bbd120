"""What the manager found when calling the customer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm
from leads.choices import SpotResult
from leads.policies import gradable


class SpotCheckForm(DomainForm):
    """Result, the grade the customer's words confirm, when the call was, what was heard."""

    result = forms.ChoiceField(label=_("抽查结果"), choices=SpotResult.choices, widget=forms.RadioSelect)
    grade_found = forms.ChoiceField(
        label=_("核实级别"), required=False, widget=forms.RadioSelect,
        choices=[("", _("未核实")), *((grade.value, grade.value) for grade in gradable())],
    )  # fmt: skip
    called_at = DateTimeInput(label=_("回访电话时间"), required=False)
    note = CleanCharField(label=_("核实情况"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
