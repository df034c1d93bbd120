"""Questions about figures, and what people type when they close a month."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.forms import CleanCharField, DomainForm
from dealership.core.periods import Period
from dealership.org.models import Store
from dealership.org.reach import home_store
from reports.drilling import Asked


class FigureForm(forms.Form):
    """Which figure: `period` (`2026-11-22`, `2026-11`, `2026Q4`, `2026`; default this month), `store`, `person`, `cut`.

    Pages and the API read their address with it; a store out of reach is no valid choice.
    """

    period = forms.CharField(required=False, max_length=10)
    store = forms.ModelChoiceField(Store.objects.none(), required=False, empty_label=_("全部门店"))
    person = forms.IntegerField(required=False, min_value=1)
    side = forms.ChoiceField(required=False, choices=[("numerator", ""), ("denominator", "")])
    cut = forms.CharField(required=False, max_length=60)
    section = forms.IntegerField(required=False, min_value=0, max_value=9)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = Store.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["store"].error_messages["invalid_choice"] = _("没有找到该门店，或不在您的查看范围内。")
        for name in ("person", "section"):
            self.fields[name].error_messages["invalid"] = _("编号不正确。")

    def clean_period(self) -> Period:
        """The period asked for; this month when none is given."""
        text = self.cleaned_data["period"].strip()
        if not text:
            return Period.containing("month", periods.today())
        try:
            return Period.parse(text)
        except ValueError:
            raise forms.ValidationError(_("期间不正确，请写成 2026-11-22、2026-11、2026Q4 或 2026。")) from None

    def store_ids(self) -> list[int]:
        """The store asked for, else every store in reach."""
        store = self.cleaned_data.get("store")
        stores = self.fields["store"].queryset  # type: ignore[attr-defined]
        return [store.pk] if store else list(stores.values_list("pk", flat=True))

    def asked(self, key: str) -> Asked:
        """The question about one figure."""
        told = self.cleaned_data
        return Asked(key, tuple(self.store_ids()), told["period"], told["person"], told["cut"])


class RegisterForm(forms.Form):
    """Which register: store within reach, person, and a day or a month. What cannot be read counts as not given."""

    store = forms.ModelChoiceField(Store.objects.none(), required=False, empty_label=None, label=_("门店"))
    person = forms.IntegerField(required=False, min_value=1)
    day = forms.DateField(
        required=False, label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    month = forms.CharField(required=False, max_length=7, label=_("月份"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["store"].queryset = Store.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean_month(self) -> Period | None:
        """A month, or None when the text is none."""
        try:
            period = Period.parse(self.cleaned_data["month"])
        except ValueError:
            return None
        return period if period.kind == "month" and 2000 <= period.start.year <= 2100 else None

    def first_store(self) -> Store | None:
        """The store one works in, else the first within reach."""
        return home_store(self.user) or self.fields["store"].queryset.first()  # type: ignore[attr-defined, no-any-return]


class StepForm(DomainForm):
    """A button of the month close: only version and key."""


class ConfirmForm(DomainForm):
    """One explanation per blocking check that found something."""

    def __init__(self, *args: Any, checks: list[dict[str, Any]], explained: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for check in checks:
            if check["level"] == "blocking" and check["count"]:
                self.fields[check["code"]] = CleanCharField(
                    label=_("说明"), required=False, max_length=200, initial=explained.get(check["code"], "")
                )
        self.codes = [name for name in self.fields if name not in ("version", "idempotency_key")]

    def explanations(self) -> dict[str, str]:
        """`code` → text, those that were typed."""
        return {code: self.cleaned_data[code] for code in self.codes if self.cleaned_data[code]}


class ReopenForm(DomainForm):
    """Why a closed month has to be opened."""

    reason = CleanCharField(
        label=_("重开原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200})
    )
