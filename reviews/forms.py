"""What people type into a report and beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm
from reviews.choices import WORD_LABELS, WORDS
from reviews.models import Review

_PLACEHOLDERS = {
    "problems": _("例如：两位客户嫌置换价低；展车未充电"),
    "help_wanted": _("例如：请经理协助争取远景X7白色现车"),
    "tomorrow_plan": _("例如：10点约陈先生试驾，回访3位A级客户"),
}


def _box(name: str) -> CleanCharField:
    attrs = {"rows": 3, "placeholder": _PLACEHOLDERS[name], "data-draft-field": True}
    return CleanCharField(label=WORD_LABELS[name], required=False, max_length=1000, widget=forms.Textarea(attrs=attrs))


class WordsForm(DomainForm):
    """The three text boxes; what may be empty is decided when the report is handed in."""

    problems = _box("problems")
    help_wanted = _box("help_wanted")
    tomorrow_plan = _box("tomorrow_plan")

    @classmethod
    def of(cls, review: Review, user: Any) -> WordsForm:
        """The form as the report stands."""
        return cls(user=user, initial={name: getattr(review, name) for name in WORDS} | {"version": review.version})

    @property
    def words(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in WORDS}


class JudgeForm(DomainForm):
    """A comment beside a report or one of its lines; its buttons also return, finish and lock."""

    text = CleanCharField(
        label=_("点评"), required=False, max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("写一句具体的：哪里好，下一步怎么做")}),
    )  # fmt: skip
    line = forms.CharField(label=_("针对"), required=False, max_length=40)
