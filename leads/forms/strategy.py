"""Forms of the 策略卡 and the 月评卡."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm, MoneyInput
from dealership.core.periods import Period
from leads.models import MonthReviewCard, StrategyCard

AREA = {"rows": 2}


class StrategyForm(DomainForm):
    """How this customer is to be won."""

    needs = CleanCharField(label=_("核心需求"), required=False, max_length=300, widget=forms.Textarea(attrs=AREA))
    decision_makers = CleanCharField(label=_("决策链"), required=False, max_length=200)
    competitor_view = CleanCharField(
        label=_("竞品对策"), required=False, max_length=300, widget=forms.Textarea(attrs=AREA)
    )
    objection = CleanCharField(label=_("主要异议"), required=False, max_length=300, widget=forms.Textarea(attrs=AREA))
    next_tactic = CleanCharField(
        label=_("下一步打法"), required=False, max_length=300, widget=forms.Textarea(attrs=AREA)
    )
    offer_limit = MoneyInput(label=_("可让价底线"), required=False)

    def __init__(self, *args: Any, row: StrategyCard | None, **kwargs: Any) -> None:
        shown = {name: getattr(row, name) for name in ("version", *self.base_fields) if hasattr(row, name)}
        super().__init__(*args, initial=shown, **kwargs)

    def details(self) -> dict[str, Any]:
        """The facts to write."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("version", "idempotency_key")}


class MonthReviewForm(DomainForm):
    """Why the customer stands where they stand, and what next month brings."""

    month = forms.CharField(label=_("月份"), max_length=7, widget=forms.TextInput(attrs={"type": "month"}))
    why = CleanCharField(label=_("变化原因"), max_length=300, widget=forms.Textarea(attrs=AREA))
    next_month = CleanCharField(label=_("下月打算"), max_length=300, widget=forms.Textarea(attrs=AREA))
    # The month the version belongs to: whoever picks another one has seen no review of it.
    seen_month = forms.CharField(max_length=7, required=False, widget=forms.HiddenInput)

    def details(self) -> dict[str, Any]:
        """The arguments of `month_review_save`."""
        data, month = self.cleaned_data, self.cleaned_data["month"]
        seen = data["version"] if data["seen_month"] == month.code else None
        return {"month": month.start, "version": seen or 0, "why": data["why"], "next_month": data["next_month"]}

    def see(self) -> None:
        """The refused form shows what stands for its month: sent again, it has seen it."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data["seen_month"] = self.cleaned_data["month"].code
        self.data = data

    def clean_month(self) -> Period:
        """A month written `2026-11`."""
        try:
            period = Period.parse(self.cleaned_data["month"])
        except ValueError:
            period = None  # type: ignore[assignment]
        if period is None or period.kind != "month" or not 2000 <= period.start.year <= 2100:
            raise forms.ValidationError(_("月份不正确，请写成 2026-11。"))
        return period


def month_review_form(*, user: Any, month: Period, row: MonthReviewCard | None) -> MonthReviewForm:
    """The form of one month with what was written of it."""
    shown = {"version": row.version, "why": row.why, "next_month": row.next_month} if row else {"version": 0}
    return MonthReviewForm(user=user, initial={"month": month.code, "seen_month": month.code, **shown})
