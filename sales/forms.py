"""Forms of this app: parsing and field checks; the rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.forms import CleanCharField, DateTimeInput, DomainForm, MoneyInput
from dealership.org.models import Series
from sales.choices import (
    CancelReason,
    CertificateStatus,
    DepositKind,
    LineKind,
    PaymentMethod,
    PaymentMode,
    PaymentPurpose,
    VehicleStatus,
    VehicleUsage,
)
from sales.models import Vehicle
from sales.selectors.catalogue import colours, configurations

AREA = forms.Textarea(attrs={"rows": 2})


def day_field(**kwargs: Any) -> forms.DateField:
    """A day as the browser's date input."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(widget=widget, **kwargs)


def _offer(form: DomainForm, brand_id: int) -> None:
    """Cars and colours of one brand within the reader's reach."""
    form.fields["configuration"].queryset = configurations(user=form.user, brand_id=brand_id)  # type: ignore[attr-defined]
    form.fields["colour"].queryset = colours(user=form.user, brand_id=brand_id)  # type: ignore[attr-defined]


class NoteForm(DomainForm):
    """An act that needs nothing but its version."""


class ReasonForm(DomainForm):
    reason = CleanCharField(label=_("原因"), max_length=200, widget=AREA)


class DealForm(DomainForm):
    """The terms of a quote; lines come in their own formset."""

    configuration = forms.ModelChoiceField(label=_("车型"), queryset=None, empty_label="请选择")
    colour = forms.ModelChoiceField(label=_("颜色"), queryset=None, required=False, empty_label="不限")
    deal_price = MoneyInput(label=_("成交价（元）"), max_length=20)
    payment_mode = forms.ChoiceField(label=_("付款方式"), choices=PaymentMode.choices, widget=forms.RadioSelect)
    loan_amount = MoneyInput(label=_("贷款金额（元）"), max_length=20, required=False)
    deposit_kind = forms.ChoiceField(
        label=_("收取"), choices=DepositKind.choices, widget=forms.RadioSelect,
        help_text=_("定金：客户违约不退，我方违约双倍返还；订金：可退的预付款。"),
    )  # fmt: skip
    deposit_amount = MoneyInput(label=_("定金/订金金额（元）"), max_length=20)
    promised_on = day_field(label=_("承诺交车日"), required=False)
    buyer_name = CleanCharField(label=_("购车人"), max_length=60)
    buyer_id_number = CleanCharField(label=_("证件号码"), max_length=30, required=False)

    def __init__(self, *args: Any, brand_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, brand_id)

    def terms(self) -> dict[str, Any]:
        """What `deal_create` and `deal_change` take."""
        data = dict(self.cleaned_data)
        colour = data["colour"]
        data["configuration_id"] = data["configuration"].pk
        data["colour_id"] = colour.pk if colour else None
        data["loan_amount"] = data["loan_amount"] or 0
        for name in ("version", "idempotency_key", "configuration", "colour"):
            del data[name]
        return data


class LineForm(forms.Form):
    """One position; an empty row is no position."""

    kind = forms.ChoiceField(label=_("项目"), choices=[("", "—"), *LineKind.choices], required=False)
    name = CleanCharField(label=_("名称"), max_length=60, required=False)
    list_price = MoneyInput(label=_("标价"), max_length=20, required=False)
    price = MoneyInput(label=_("收费"), max_length=20, required=False)
    cost = MoneyInput(label=_("成本"), max_length=20, required=False)

    def has_changed(self) -> bool:
        return True

    @property
    def is_filled(self) -> bool:
        data = getattr(self, "cleaned_data", {})
        return bool(data.get("kind") or data.get("name") or data.get("price") or data.get("list_price"))


LineFormSet = forms.formset_factory(LineForm, extra=2, max_num=40, absolute_max=60, validate_max=True)


def lines_of(formset: Any) -> list[dict[str, Any]]:
    """The filled rows of a valid formset, in the shape of `clean_lines`."""
    return [dict(form.cleaned_data) for form in formset.forms if form.is_filled]


class PaymentForm(DomainForm):
    purpose = forms.ChoiceField(
        label=_("款项"), choices=[c for c in PaymentPurpose.choices if c[0] != PaymentPurpose.REFUND]
    )
    method = forms.ChoiceField(label=_("方式"), choices=PaymentMethod.choices)
    amount = MoneyInput(label=_("金额（元）"), max_length=20)
    payer_name = CleanCharField(label=_("付款人"), max_length=60)
    slip_no = CleanCharField(label=_("流水号"), max_length=40, required=False)
    third_party_note = CleanCharField(
        label=_("代付授权说明"), max_length=200, required=False, help_text=_("付款人不是购车人时必填")
    )


class ClearForm(DomainForm):
    at = DateTimeInput(label=_("到账时间"), required=False, help_text=_("不填即为现在"))


class WithdrawForm(DomainForm):
    """Asks once more: a withdrawn entry does not come back."""

    sure = forms.BooleanField(label=_("确认撤回：这笔款登记有误"), required=False)

    def clean_sure(self) -> bool:
        if not self.cleaned_data["sure"]:
            raise forms.ValidationError(_("请勾选确认后再撤回。"))
        return True


class RefundForm(DomainForm):
    amount = MoneyInput(label=_("退款金额（元）"), max_length=20)
    reason = CleanCharField(label=_("退款原因"), max_length=200, widget=AREA)


class SlipForm(DomainForm):
    slip_no = CleanCharField(label=_("付款流水号"), max_length=40, required=False)


class CancelForm(DomainForm):
    reason = forms.ChoiceField(label=_("退订原因"), choices=[("", "请选择"), *CancelReason.choices])
    note = CleanCharField(label=_("说明"), max_length=200, required=False, widget=AREA)
    seller_caused = forms.BooleanField(label=_("属我方原因（定金可退）"), required=False)


class SubmitForm(DomainForm):
    reason = CleanCharField(
        label=_("优惠理由"), max_length=300, required=False, widget=AREA, help_text=_("超出权限时请写给审批人看")
    )


class AllocateForm(DomainForm):
    vehicle = forms.ModelChoiceField(label=_("车辆"), queryset=None, empty_label="请选择")
    reason = CleanCharField(label=_("说明"), max_length=200, required=False)

    def __init__(self, *args: Any, cars: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["vehicle"]
        field.queryset = cars  # type: ignore[attr-defined]
        field.label_from_instance = _car_label  # type: ignore[attr-defined]


def _car_label(car: Vehicle) -> str:
    arrived = f"{car.arrived_on:%m-%d}到库" if car.arrived_on else "未到库"
    held = f" 锁定:{car.locked_by}" if car.locked_by_id else ""
    return f"{car.vin[-6:]} {car.colour} {arrived} {car.location or '无库位'}{held}"


class InvoiceForm(DomainForm):
    number = CleanCharField(label=_("发票号码"), max_length=20)
    issued_on = day_field(label=_("开票日期"), initial=periods.today)
    amount = MoneyInput(label=_("价税合计（元）"), max_length=20)
    buyer_name = CleanCharField(label=_("购买方"), max_length=60)
    vin = CleanCharField(label=_("车架号"), max_length=20)


class RedForm(DomainForm):
    number = CleanCharField(label=_("红字发票号码"), max_length=20)
    issued_on = day_field(label=_("开票日期"))


class DeliverForm(DomainForm):
    at = DateTimeInput(label=_("交车时间"), required=False, help_text=_("不填即为现在"))


class PromiseForm(DomainForm):
    promised_on = day_field(label=_("新的承诺交车日"))
    reason = CleanCharField(label=_("调整原因"), max_length=200, widget=AREA)


class ExceptionForm(DomainForm):
    reason = CleanCharField(label=_("例外原因（将打印在交车确认单上）"), max_length=200, widget=AREA)


class VehicleFactsForm(DomainForm):
    """Facts of a car that may change."""

    location = CleanCharField(label=_("库位"), max_length=20, required=False)
    certificate_status = forms.ChoiceField(label=_("合格证"), choices=CertificateStatus.choices)
    usage = forms.ChoiceField(label=_("用途"), choices=VehicleUsage.choices)
    key_count = forms.IntegerField(label=_("钥匙数"), min_value=0, max_value=9)
    interior = CleanCharField(label=_("内饰"), max_length=20, required=False)
    engine_no = CleanCharField(label=_("发动机号"), max_length=20, required=False)
    produced_on = day_field(label=_("生产日期"), required=False)
    dealer_cost = MoneyInput(label=_("提货价（元）"), max_length=20)
    rebate = MoneyInput(label=_("厂家返利（元）"), max_length=20, required=False)

    def __init__(self, *args: Any, with_cost: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_cost:
            del self.fields["dealer_cost"], self.fields["rebate"]


class VehicleForm(DomainForm):
    """A car that is new to the store's stock."""

    vin = CleanCharField(label=_("车架号（17位）"), max_length=24)
    configuration = forms.ModelChoiceField(label=_("车型"), queryset=None, empty_label="请选择")
    colour = forms.ModelChoiceField(label=_("颜色"), queryset=None, empty_label="请选择")
    status = forms.ChoiceField(
        label=_("状态"),
        choices=[
            (s.value, s.label) for s in (VehicleStatus.IN_STOCK, VehicleStatus.IN_TRANSIT, VehicleStatus.ON_ORDER)
        ],
    )
    arrived_on = day_field(label=_("到库日期"), required=False, help_text=_("在库时填写，不填即为今天"))
    dealer_cost = MoneyInput(label=_("提货价（元）"), max_length=20)
    rebate = MoneyInput(label=_("厂家返利（元）"), max_length=20, required=False)
    certificate_status = forms.ChoiceField(label=_("合格证"), choices=CertificateStatus.choices)
    location = CleanCharField(label=_("库位"), max_length=20, required=False)
    engine_no = CleanCharField(label=_("发动机号"), max_length=20, required=False)
    interior = CleanCharField(label=_("内饰"), max_length=20, required=False)
    produced_on = day_field(label=_("生产日期"), required=False)

    def __init__(self, *args: Any, brand_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, brand_id)


class ArriveForm(DomainForm):
    arrived_on = day_field(label=_("到库日期"), initial=periods.today)
    location = CleanCharField(label=_("库位"), max_length=20, required=False)


class DamageForm(DomainForm):
    note = CleanCharField(label=_("质损情况"), max_length=200, widget=AREA)


class SeriesForm(DomainForm):
    name = CleanCharField(label=_("车系"), max_length=40)
    body = forms.ChoiceField(label=_("车型类别"), choices=Series._meta.get_field("body").flatchoices)
    is_nev = forms.BooleanField(label=_("新能源（购置税减免）"), required=False)


class ConfigurationForm(DomainForm):
    name = CleanCharField(label=_("配置"), max_length=60)
    code = CleanCharField(label=_("车型代码"), max_length=20, required=False)


class ColourForm(DomainForm):
    name = CleanCharField(label=_("颜色"), max_length=20)


class DayCloseForm(DomainForm):
    """Per way of payment what till, POS slip or bank say, and why it differs; empty counts as nothing."""

    note = CleanCharField(label=_("说明（更正已确认的日结时必填）"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for method in PaymentMethod:
            self.fields[f"counted_{method.value}"] = MoneyInput(
                label=_("实际金额"), max_length=20, required=False, allow_negative=True
            )
            self.fields[f"reason_{method.value}"] = CleanCharField(label=_("差异原因"), max_length=200, required=False)

    def lines(self) -> list[dict[str, Any]]:
        """In the shape of `day_close_submit`."""
        data = self.cleaned_data
        return [
            {"method": m.value, "counted": data[f"counted_{m.value}"] or 0, "reason": data[f"reason_{m.value}"]}
            for m in PaymentMethod
        ]


class PriceForm(DomainForm):
    """A new dated price."""

    configuration = forms.ModelChoiceField(label=_("车型"), queryset=None, empty_label="请选择")
    effective_from = day_field(label=_("生效日期"), initial=periods.today)
    msrp = MoneyInput(label=_("指导价（元）"), max_length=20)
    consultant_authority = MoneyInput(label=_("顾问优惠权限（元）"), max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["configuration"].queryset = configurations(user=self.user)  # type: ignore[attr-defined]
