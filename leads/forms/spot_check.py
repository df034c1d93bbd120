"""What the manager found when calling the customer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm
from leads.models import SpotCheck
from leads.policies import gradable
from leads.spot_choices import SpotResult


class SpotCheckForm(DomainForm):
    """Result, the grade the customer's words confirm, when the call was, what was heard."""

    result = forms.ChoiceField(label=_("抽查结果"), choices=SpotResult.choices, widget=forms.RadioSelect)
    grade_found = forms.ChoiceField(
        label=_("核实级别"), required=False, widget=forms.RadioSelect,
        choices=[("", _("未核实")), *((grade.value, grade.value) for grade in gradable())],
    )  # fmt: skip
    called_at = DateTimeInput(label=_("回访电话时间"), required=False)
    note = CleanCharField(label=_("核实情况"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, check: SpotCheck, **kwargs: Any) -> None:
        """A row without a grade asks for none."""
        super().__init__(*args, **kwargs)
        if not check.has_grade:
            del self.fields["grade_found"]
