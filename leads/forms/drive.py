"""Forms of demo cars and test drives: parsing only, the rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm
from dealership.org.models import Store
from leads.choices import DriveAspect, DriveKind, LicenceClass
from leads.forms import offer
from leads.models import DemoCar
from leads.selectors.choices import series_of
from leads.selectors.drive import cars_of
from leads.signature import MAX_TEXT, strokes_of

DAY = {"type": "date"}
LENGTHS = [(30, _("30 分钟")), (60, _("1 小时")), (90, _("1.5 小时")), (120, _("2 小时"))]
STARS = [(count, f"{count}★") for count in range(1, 6)]
META = ("version", "idempotency_key")


class _Told(DomainForm):
    """`told()` are the arguments of the form's service."""

    def told(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "idempotency_key"}


def _odometer(label: Any, *, required: bool = True) -> forms.IntegerField:
    messages = dict.fromkeys(("min_value", "max_value"), _("里程请填 0 到 999999 的整数。"))
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(
        label=label, min_value=0, max_value=999_999, required=required, error_messages=messages, widget=widget
    )


class DemoCarForm(_Told):
    """A demo car; `vin_tail` is enough to tell two of a kind apart."""

    series: Any = forms.ModelChoiceField(label=_("车系"), queryset=None)
    description = CleanCharField(label=_("配置"), max_length=60)
    plate = CleanCharField(label=_("车牌号"), max_length=12)
    vin_tail = CleanCharField(label=_("车架号后六位"), max_length=20, required=False)
    colour = CleanCharField(label=_("颜色"), max_length=20, required=False)
    insured_until = forms.DateField(label=_("保险到期日"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    note = CleanCharField(label=_("备注"), max_length=200, required=False)
    is_active = forms.BooleanField(label=_("可预约"), required=False, initial=True)

    def __init__(self, *args: Any, store: Store, car: DemoCar | None = None, **kwargs: Any) -> None:
        shown = {name: getattr(car, name) for name in type(self).base_fields if hasattr(car, name)} if car else {}
        super().__init__(*args, initial={**shown, **(kwargs.pop("initial", None) or {})}, **kwargs)
        offer(self, "series", series_of(store))

    def details(self) -> dict[str, Any]:
        """The facts to write."""
        return {name: value for name, value in self.cleaned_data.items() if name not in META}


class BookForm(_Told):
    """A time of a car. Everything but the confirmation is filled by the slot that was tapped."""

    car: Any = forms.ModelChoiceField(label=_("试驾车"), queryset=None)
    starts_at = DateTimeInput(label=_("开始时间"))
    minutes = forms.TypedChoiceField(label=_("时长"), choices=LENGTHS, coerce=int, initial=30, widget=forms.RadioSelect)
    kind = forms.ChoiceField(
        label=_("类型"), choices=DriveKind.choices, initial=DriveKind.DRIVE, widget=forms.RadioSelect
    )
    note = CleanCharField(label=_("备注"), max_length=200, required=False)

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "car", cars_of(store.pk))

    def told(self) -> dict[str, Any]:
        """The arguments of `drive_book`."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in META}
        data["car_id"] = data.pop("car").pk
        return data


class MoveForm(BookForm):
    """改约: another time or car."""

    kind = None  # type: ignore[assignment]
    note = None  # type: ignore[assignment]

    def told(self) -> dict[str, Any]:
        """The arguments of `drive_move`."""
        return {**super().told(), "version": self.cleaned_data["version"]}


class LicenceForm(_Told):
    """What was read from the licence; neither its number nor a picture is asked (R-PIPL)."""

    licence_class = forms.ChoiceField(label=_("准驾车型"), choices=LicenceClass.choices, initial=LicenceClass.C1)
    valid_until = forms.DateField(
        label=_("有效期至"),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text=_("长期有效请填 2099-12-31；不登记证号、不拍照。"),
    )


class SignForm(_Told):
    """Either a drawn signature or where the paper is."""

    signature = forms.CharField(
        widget=forms.HiddenInput, required=False, max_length=MAX_TEXT,
        error_messages={"max_length": _("签名笔画过多，请清除后重新签写。")},
    )  # fmt: skip
    paper_note = CleanCharField(
        label=_("纸质协议存放处"), required=False, max_length=200, help_text=_("例如：前台试驾夹 3 号")
    )

    def told(self) -> dict[str, Any]:
        """The arguments of `drive_sign`; refuses a broken drawing."""
        paper, version = self.cleaned_data["paper_note"], self.cleaned_data["version"]
        if self.data.get("way") == "paper":
            return {"paper_note": paper, "version": version}
        return {"strokes": strokes_of(self.cleaned_data["signature"]), "version": version}


class StartForm(_Told):
    """出发."""

    odometer_out = _odometer(_("出发里程（公里）"))
    route = CleanCharField(label=_("路线"), max_length=60, required=False)


class FinishForm(_Told):
    """还车: kilometres, stars, words."""

    odometer_out = _odometer(_("出发里程（填错可改）"), required=False)
    odometer_back = _odometer(_("还车里程（公里）"))
    finished_at = DateTimeInput(label=_("还车时间"), required=False, help_text=_("不填即为现在"))
    feedback = CleanCharField(
        label=_("客户反馈"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for aspect in DriveAspect:
            self.fields[f"star_{aspect.value}"] = forms.TypedChoiceField(
                label=aspect.label, choices=STARS, coerce=int, empty_value=None, required=False,
                widget=forms.RadioSelect, error_messages={"invalid_choice": _("每项评分请给 1 到 5 星。")},
            )  # fmt: skip

    @property
    def star_fields(self) -> list[Any]:
        return [self[f"star_{aspect.value}"] for aspect in DriveAspect]

    def told(self) -> dict[str, Any]:
        """The arguments of `drive_finish`."""
        data = super().told()
        given = {aspect.value: data.pop(f"star_{aspect.value}") for aspect in DriveAspect}
        return {**data, "stars": {name: count for name, count in given.items() if count}}


class CancelForm(_Told):
    """Why a booking is given up."""

    reason = CleanCharField(label=_("取消原因"), max_length=200)


class PlainForm(_Told):
    """An act with nothing to tell."""
