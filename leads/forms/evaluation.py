"""Forms of the evaluation and of the nurture pool."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm
from leads.evaluation_choices import ITEMS, LABELS, QUESTIONS
from leads.forms import offer
from leads.models import ProspectEvaluation
from leads.selectors.nurture import campaigns_ahead

UNKNOWN = ("", _("不清楚"))


class EvaluationForm(DomainForm):
    """Five questions, one tap each; what nobody knows yet stays 不清楚."""

    note = CleanCharField(label=_("说明"), required=False, max_length=200)

    def __init__(self, *args: Any, last: ProspectEvaluation | None = None, **kwargs: Any) -> None:
        made = {
            name: forms.TypedChoiceField(
                label=LABELS[name], help_text=QUESTIONS[name], choices=[*kinds.choices[::-1], UNKNOWN], coerce=int,
                empty_value=None, required=False, widget=forms.RadioSelect,
            )
            for name, kinds in ITEMS.items()
        }  # fmt: skip
        self.base_fields = {**made, **type(self).base_fields}  # type: ignore[misc]
        known = {name: getattr(last, name) for name in ITEMS} if last else {}
        shown = {name: "" if known.get(name) is None else known[name] for name in ITEMS}
        super().__init__(*args, initial=shown, **kwargs)

    def questions(self) -> list[Any]:
        """The five bound fields in order."""
        return [self[name] for name in ITEMS]

    def told(self) -> dict[str, Any]:
        """The arguments of `evaluation_save`."""
        told = self.cleaned_data
        return {"answers": {name: told.get(name) for name in ITEMS}, "note": told["note"]}


class NurtureInviteForm(DomainForm):
    """To which campaign the ticked customers are invited."""

    campaign: Any = forms.ModelChoiceField(label=_("邀请参加的活动"), queryset=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "campaign", campaigns_ahead(user=kwargs["user"]))


class NurtureReturnForm(DomainForm):
    """Why the consultant should call now."""

    reason = CleanCharField(
        label=_("退回原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("客户说了什么、为什么值得现在联系"),
    )  # fmt: skip
