"""What the board and the month page are asked for in their address: store, month, person."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.periods import Period, add_months
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from dealership.org.reach import home_store, memberships_of

MONTHS_SHOWN = 24


def stores_of(user: Any) -> list[Store]:
    """Stores whose figures are in reach; people of single stores need no look-up."""
    reach = reach_for(user, "figure")
    if reach.group_ids:
        return list(Store.objects.visible_to(user).order_by("code"))
    ids = reach.store_ids | reach.own_store_ids
    known = {row.store_id: row.store for row in memberships_of(user) if row.store is not None and row.store_id in ids}
    return sorted(known.values(), key=lambda store: store.code)


class StoreForm(forms.Form):
    """One of the stores in reach; nothing chosen is the store the reader works in, else the first."""

    store = forms.IntegerField(required=False, min_value=1, label=_("门店"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.stores = stores_of(user)
        self.fields["store"].error_messages["invalid"] = _("门店编号不正确。")

    def clean_store(self) -> Store:
        """The store asked for; one out of reach does not exist for this reader."""
        wanted = self.cleaned_data["store"]
        home = home_store(self.user) if wanted is None else None
        ranked = sorted(self.stores, key=lambda store: store != home)
        found = next((store for store in ranked if wanted in (None, store.pk)), None)
        if found is None:
            raise NotFound
        return found


class MonthForm(StoreForm):
    """A month (`2026-10`, default the running one) and optionally a person."""

    month = forms.CharField(required=False, max_length=7, label=_("月份"))
    person = forms.IntegerField(required=False, min_value=1, label=_("顾问"))
    part = forms.ChoiceField(required=False, choices=[("results", _("结果指标")), ("process", _("过程指标"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].error_messages["invalid_choice"] = _("没有这一组指标，请选择结果指标或过程指标。")
        self.fields["person"].error_messages["invalid"] = _("人员编号不正确。")

    def clean_month(self) -> Period:
        """A month that has begun."""
        text = self.cleaned_data["month"].strip()
        running = Period.containing("month", periods.today())
        if not text:
            return running
        try:
            month = Period.parse(text)
        except ValueError:
            month = None
        if month is None or month.kind != "month":
            raise forms.ValidationError(_("月份不正确，请写成 2026-10。"))
        if month.start > running.start:
            raise forms.ValidationError(_("该月尚未开始，请选择已开始的月份。"))
        return month

    def clean_part(self) -> str:
        """Results unless the process was asked for."""
        return self.cleaned_data["part"] or "results"

    @property
    def months(self) -> list[Period]:
        """The months of the picker, newest first."""
        first = Period.containing("month", periods.today()).start
        return [Period.containing("month", add_months(first, -n)) for n in range(MONTHS_SHOWN)]


class GradeWeekForm(StoreForm):
    """A Monday whose seven days are over, which of its H cards, and optionally a person."""

    week = forms.DateField(
        label=_("周"), error_messages={"required": _("请选择一个周一。"), "invalid": _("日期不正确。")}
    )
    person = forms.IntegerField(required=False, min_value=1, error_messages={"invalid": _("人员编号不正确。")})
    side = forms.ChoiceField(
        required=False, choices=[("held", _("全部 H 级")), ("ordered", _("7天内下订")), ("idle", _("虚高"))]
    )

    def clean_week(self) -> dt.date:
        """A Monday, and not one still running."""
        day: dt.date = self.cleaned_data["week"]
        if day.weekday() != 0 or day + dt.timedelta(days=7) > periods.today():
            raise forms.ValidationError(_("请选择已满 7 天的周一。"))
        return day

    def clean_side(self) -> str:
        """All of them when nothing is said."""
        return self.cleaned_data["side"] or "held"


class WorkbookForm(forms.Form):
    """Which store's month to export."""

    store = forms.ModelChoiceField(Store.objects.none(), label=_("门店"), empty_label=None)
    month = forms.ChoiceField(label=_("月份"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = Store.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["store"].error_messages["invalid_choice"] = _("没有找到该门店，或不在您的查看范围内。")
        running = Period.containing("month", periods.today())
        months = [Period.containing("month", add_months(running.start, -n)) for n in range(MONTHS_SHOWN)]
        self.fields["month"].choices = [(month.code, month.label) for month in months]  # type: ignore[attr-defined]
        self.fields["month"].error_messages["invalid_choice"] = _("该月尚未开始或过早，请选择列表中的月份。")
        if not self.is_bound and not self.initial.get("month"):
            self.initial["month"] = running.previous().code

    def clean_month(self) -> Period:
        """The chosen month as a period."""
        return Period.parse(self.cleaned_data["month"])
