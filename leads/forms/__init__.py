"""Forms of the customers' pages: parsing and field checks only, the rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm, MoneyInput, PhoneInput
from dealership.org.models import Store
from leads.card_choices import CarUse, PaymentWish
from leads.choices import (
    OPEN_GRADES,
    ContactChannel,
    CustomerKind,
    FollowUpOutcome,
    Gender,
    Grade,
    PurchaseKind,
    QuotaStatus,
    VisitChannel,
    VisitPurpose,
)
from leads.models import Customer, Prospect
from leads.policies import gradable
from leads.selectors.choices import sellers_in, series_of, sources_of
from leads.selectors.referrer import referrer_found

AREA = {"rows": 3, "data-draft-field": ""}
CHECK = {"class": "form-check-input"}
TITLES = [(Gender.MALE, Gender.MALE.label), (Gender.FEMALE, Gender.FEMALE.label)]
UNKNOWN = ("", "—")


def _grades(values: tuple[Grade, ...]) -> list[tuple[str, str]]:
    return [(grade.value, grade.value) for grade in values]


def offer(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """Fill a choice with rows within reach; an empty choice says what to do."""
    field: Any = form.fields[name]
    field.queryset = rows
    if getattr(field, "empty_label", None):
        field.empty_label = _("请选择")


class VisitForm(DomainForm):
    """One screen for a party at the door. `captured` is set by the button that was pressed."""

    channel = forms.ChoiceField(
        label=_("方式"), choices=VisitChannel.choices, initial=VisitChannel.WALK_IN, widget=forms.RadioSelect
    )
    phone = PhoneInput(label=_("手机号"), required=False, max_length=30)
    name = CleanCharField(label=_("姓名"), required=False, max_length=40)
    gender = forms.ChoiceField(label=_("称呼"), choices=TITLES, required=False, widget=forms.RadioSelect)
    grade = forms.ChoiceField(
        label=_("意向级别"), choices=_grades(OPEN_GRADES), required=False, widget=forms.RadioSelect
    )
    series: Any = forms.ModelMultipleChoiceField(
        label=_("意向车型"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    source: Any = forms.ModelChoiceField(label=_("来源"), queryset=None, required=False)
    party_size = forms.IntegerField(label=_("同行人数"), min_value=1, max_value=30, initial=1)
    purpose = forms.ChoiceField(label=_("来意"), choices=VisitPurpose.choices, initial=VisitPurpose.PURCHASE)
    note = CleanCharField(label=_("备注"), required=False, max_length=500, widget=forms.Textarea(attrs=AREA))
    next_follow_up_at = DateTimeInput(label=_("下次跟进"), required=False)
    visited_at = DateTimeInput(label=_("到店时间"), required=False)
    received_by: Any = forms.ModelChoiceField(label=_("接待顾问"), queryset=None, required=False)

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "series", series_of(store))
        offer(self, "source", sources_of(store))
        offer(self, "received_by", sellers_in(store))
        self.fields["series"].error_messages["invalid_choice"] = _("意向车型的选项无效，请重新选择。")
        self.fields["series"].error_messages["invalid_pk_value"] = _("意向车型的选项无效，请重新选择。")
        for name in ("min_value", "max_value"):
            self.fields["party_size"].error_messages[name] = _("同行人数请填 1 到 30。")

    def told(self) -> dict[str, Any]:
        """The arguments of `visit_register` and `visit_complete`."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "idempotency_key")}
        data["series_ids"] = [row.pk for row in data.pop("series")]
        return data


class VisitCompleteForm(VisitForm):
    """An arrival of reception, finished by the consultant: channel and time are known."""

    channel = None  # type: ignore[assignment]
    visited_at = None  # type: ignore[assignment]


class UncapturedForm(DomainForm):
    """未留资 in one tap: only the party's size."""

    party_size = forms.IntegerField(min_value=1, max_value=30)
    channel = forms.ChoiceField(choices=VisitChannel.choices, initial=VisitChannel.WALK_IN)


class PhoneForm(DomainForm):
    """A number to look up or to add."""

    phone = PhoneInput(label=_("手机号"), max_length=30)


class AssignForm(DomainForm):
    """Who receives an arrival."""

    received_by: Any = forms.ModelChoiceField(label=_("接待顾问"), queryset=None)

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "received_by", sellers_in(store))


# One tap says about how long a contact took; the first chip leaves it unknown.
MINUTES = [("", _("不记")), *((count, str(count)) for count in (5, 10, 15, 30, 60))]


class FollowUpForm(DomainForm):
    """A contact: two taps and a text. The next date may stay empty: the grade sets it."""

    outcome = forms.ChoiceField(label=_("结果"), choices=FollowUpOutcome.choices, widget=forms.RadioSelect)
    channel = forms.ChoiceField(
        label=_("方式"), choices=ContactChannel.choices, initial=ContactChannel.PHONE, widget=forms.RadioSelect
    )
    content = CleanCharField(label=_("沟通内容"), required=False, max_length=1000, widget=forms.Textarea(attrs=AREA))
    grade = forms.ChoiceField(
        label=_("现在级别"), choices=_grades(gradable()), required=False, widget=forms.RadioSelect
    )
    minutes = forms.TypedChoiceField(
        label=_("用时（分钟）"), choices=MINUTES, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )
    grade_reason = CleanCharField(label=_("降级原因"), required=False, max_length=200)
    next_follow_up_at = DateTimeInput(label=_("下次跟进"), required=False)
    delay_reason = CleanCharField(label=_("延后原因"), required=False, max_length=200)
    done_at = DateTimeInput(label=_("跟进时间"), required=False)

    def told(self) -> dict[str, Any]:
        """The arguments of `follow_up_log`."""
        return {name: value for name, value in self.cleaned_data.items() if name != "idempotency_key"}


class ProspectForm(DomainForm):
    """What is known about the customer's wish; grade, status and owner have their own acts."""

    series: Any = forms.ModelChoiceField(label=_("意向车型"), queryset=None, required=False)
    source: Any = forms.ModelChoiceField(label=_("来源"), queryset=None, required=False)
    budget_min = MoneyInput(label=_("预算下限"), required=False)
    budget_max = MoneyInput(label=_("预算上限"), required=False)
    purchase_kind = forms.ChoiceField(label=_("购车性质"), choices=[UNKNOWN, *PurchaseKind.choices], required=False)
    car_use = forms.ChoiceField(label=_("用途"), choices=[UNKNOWN, *CarUse.choices], required=False)
    payment_wish = forms.ChoiceField(label=_("付款方式"), choices=[UNKNOWN, *PaymentWish.choices], required=False)
    licence_quota_status = forms.ChoiceField(
        label=_("购车指标"), choices=[UNKNOWN, *QuotaStatus.choices], required=False
    )
    current_car = CleanCharField(label=_("现有车辆"), required=False, max_length=60)
    competitor = CleanCharField(label=_("对比竞品"), required=False, max_length=60)
    decision_maker = CleanCharField(label=_("决策人"), required=False, max_length=40)
    key_concern = CleanCharField(
        label=_("关注重点"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    referred_by = CleanCharField(
        label=_("转介绍人（手机号或姓名）"), required=False, max_length=40, help_text=_("只在您的客户里查找")
    )

    def __init__(self, *args: Any, card: Prospect, **kwargs: Any) -> None:
        shown = {name: getattr(card, name) for name in type(self).base_fields if hasattr(card, name)}
        shown["referred_by"] = card.referred_by.name if card.referred_by else ""
        super().__init__(*args, initial={**shown, **(kwargs.pop("initial", None) or {})}, **kwargs)
        self.card = card
        offer(self, "series", series_of(card.store))
        offer(self, "source", sources_of(card.store))

    def details(self) -> dict[str, Any]:
        """The facts to change. A referrer that was not touched stays, also when the name alone would be ambiguous."""
        told = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "idempotency_key")}
        typed, known = told.pop("referred_by"), self.card.referred_by
        if typed != (known.name if known else ""):
            told["referred_by"] = referrer_found(user=self.user, store=self.card.store, text=typed)
        return told


class CustomerForm(DomainForm):
    """Profile facts of a customer. No identity number here: it is asked at the contract only (R-PIPL)."""

    name = CleanCharField(label=_("姓名"), max_length=40)
    gender = forms.ChoiceField(label=_("称呼"), choices=[UNKNOWN, *TITLES], required=False)
    kind = forms.ChoiceField(label=_("客户类型"), choices=CustomerKind.choices)
    wechat = CleanCharField(label=_("微信"), required=False, max_length=40)
    district = CleanCharField(label=_("区域"), required=False, max_length=40)
    address = CleanCharField(label=_("地址"), required=False, max_length=120)
    occupation = CleanCharField(label=_("职业"), required=False, max_length=40)
    hobby = CleanCharField(label=_("兴趣爱好"), required=False, max_length=60)
    family = CleanCharField(label=_("家庭状况"), required=False, max_length=60)
    birthday = forms.DateField(
        label=_("生日"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    is_key_account = forms.BooleanField(label=_("大客户"), required=False)
    no_contact = forms.BooleanField(label=_("客户不接受电话短信"), required=False)

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        shown = {name: getattr(customer, name) for name in type(self).base_fields if hasattr(customer, name)}
        super().__init__(*args, initial={**shown, **(kwargs.pop("initial", None) or {})}, **kwargs)

    def details(self) -> dict[str, Any]:
        """The facts to change."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("version", "idempotency_key")}


class RevealForm(DomainForm):
    """Why the plain value is needed."""

    field = forms.ChoiceField(choices=[(name, name) for name in ("phone", "wechat", "address")], initial="phone")
    reason = CleanCharField(label=_("查看原因"), max_length=200)


class ReassignForm(DomainForm):
    """Who gets the customer, and why."""

    new_owner: Any = forms.ModelChoiceField(label=_("新的归属顾问"), queryset=None)
    reason = CleanCharField(label=_("转移原因"), max_length=200)

    def __init__(self, *args: Any, card: Prospect, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "new_owner", sellers_in(card.store).exclude(pk=card.owner_id))
