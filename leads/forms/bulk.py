"""The form above a ticked list: what to do with the cards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm
from leads.forms import offer
from leads.selectors.choices import sellers_seen_by

RESCHEDULE = "reschedule"
REASSIGN = "reassign"


class BulkForm(DomainForm):
    """`act` with what it needs; a person who may not hand cards over is not offered it."""

    act = forms.ChoiceField(label=_("操作"), choices=[(RESCHEDULE, _("改约到某天"))], widget=forms.RadioSelect)
    day = forms.DateField(
        label=_("改约日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    new_owner: Any = forms.ModelChoiceField(label=_("新的归属顾问"), queryset=None, required=False)
    reason = CleanCharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, may_reassign: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "new_owner", sellers_seen_by(kwargs["user"]))
        act: Any = self.fields["act"]
        if may_reassign:
            act.choices = [*act.choices, (REASSIGN, _("转给其他顾问"))]
        else:
            del self.fields["new_owner"]
        self.initial.setdefault("act", RESCHEDULE)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("act") == RESCHEDULE and not data.get("day") and "day" not in self.errors:
            self.add_error("day", _("请选择改约日期。"))
        if data.get("act") == REASSIGN and not data.get("new_owner") and "new_owner" not in self.errors:
            self.add_error("new_owner", _("请选择新的归属顾问。"))
        return data
