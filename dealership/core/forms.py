"""Bases and fields shared by every form: Chinese refusals, clean text, money as people type it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.money import parse_money
from dealership.core.phones import normalise_phone
from dealership.core.scoping import restrict_form_fields
from dealership.core.text import clean_text, has_control_characters


class CleanCharField(forms.CharField):
    """Text without invisible characters; over-long text is refused by name, never cut silently."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if text and has_control_characters(text):
            raise ValidationError(
                _("内容里有不可见的控制字符，请删除后重新输入（可改为手工输入，不要粘贴）。"), code="control"
            )
        return clean_text(text or "")


class MoneyInput(forms.CharField):
    """`168,000`, `16.8万` or `￥168000.00` → Decimal with two places."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        self.allow_negative = kwargs.pop("allow_negative", False)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = parse_money(text)
        except ValueError:
            raise ValidationError(_("金额不正确，请输入数字，例如 168000.00 或 16.8万。"), code="money") from None
        if amount < Decimal(0) and not self.allow_negative:
            raise ValidationError(_("金额不能为负数。"), code="negative")
        return amount


class PhoneInput(forms.CharField):
    """A phone number typed any way → E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return normalise_phone(text)
        except DomainError as error:
            raise ValidationError(error.message, code=error.code) from None


class DateTimeInput(forms.DateTimeField):
    """`datetime-local` on the business clock → aware instant."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]

    def to_python(self, value: Any) -> dt.datetime | None:
        moment = super().to_python(value)
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=periods.ZONE)


# What Django shows for "nothing chosen".
DASHES = "---------"


class DomainForm(forms.Form):
    """Base of the forms: takes the reader so that choices hold only rows in reach; has a version and a key."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    idempotency_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        initial = dict(kwargs.pop("initial", None) or {})
        initial.setdefault("idempotency_key", uuid.uuid4())
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.user = user
        restrict_form_fields(self, user)
        for field in self.fields.values():
            chinese_errors(field)


def chinese_errors(field: forms.Field) -> None:
    """Refusals of a field that name it; also for forms that are no `DomainForm`."""
    label = {"label": field.label or _("此项")}
    if isinstance(field, forms.ModelChoiceField) and field.empty_label == DASHES:
        field.empty_label = _("请选择") if field.required else _("不选")
    said = field.error_messages
    required = _("请选择%(label)s。") if isinstance(field, forms.ChoiceField) else _("请填写%(label)s。")
    said["required"] = required % label
    if "invalid_choice" in said:
        said["invalid_choice"] = _("%(label)s的选项无效，请重新选择。") % label
    if isinstance(field, forms.IntegerField):
        said["invalid"] = _("%(label)s请填写整数。") % label
    if isinstance(field, forms.DecimalField):
        said["invalid"] = _("%(label)s请填写数字。") % label
    if isinstance(field, (forms.DateField, forms.DateTimeField)):
        said["invalid"] = _("%(label)s的日期不正确，请按 2026-11-22 的格式填写。") % label
