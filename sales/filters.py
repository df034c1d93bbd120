"""One FilterSet per list, for the page and the API alike. Every choice holds only what the reader reaches."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import django_filters as df
from django import forms
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.periods import Period
from leads.selectors.customer import search_condition
from sales.choices import (
    CertificateStatus,
    DealStatus,
    PaymentMethod,
    PaymentPurpose,
    PaymentStatus,
    TargetKind,
    VehicleStatus,
)
from sales.models import Colour, Configuration, Deal, Payment, Target, Vehicle
from sales.selectors.catalogue import colours, configurations
from sales.selectors.choices import filter_options, sees_several_stores, sellers_seen_by, stores_seen_by

KEPT_OPTIONS = ("store", "owner", "configuration", "colour")
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _sellers(request: Any) -> QuerySet[Any]:
    return sellers_seen_by(request.user)


def _stores(request: Any) -> QuerySet[Any]:
    return stores_seen_by(request.user)


def _configurations(request: Any) -> QuerySet[Configuration]:
    return configurations(user=request.user, with_stopped=True)


def _colours(request: Any) -> QuerySet[Colour]:
    return colours(user=request.user, with_stopped=True)


class _OfStores(df.FilterSet):
    """A list of rows of stores."""

    @property
    def shows_store(self) -> bool:
        """Pages leave the choice out, and its statement with it, where there is one store; the API always takes it."""
        return sees_several_stores(self.request.user)

    @cached_property
    def _options(self) -> dict[str, list[tuple[int, str]]]:
        kinds = [kind for kind in KEPT_OPTIONS if kind in self.filters and (kind != "store" or self.shows_store)]
        return filter_options(self.request.user, tuple(kinds))

    @property
    def form(self) -> forms.Form:
        """The choices of a select are read when it is shown, all in one statement."""
        form: forms.Form = super().form
        for kind in KEPT_OPTIONS:
            if kind in form.fields:
                form.fields[kind].widget.choices = partial(self._choices_of, kind)
        return form

    def _choices_of(self, kind: str) -> list[tuple[int | str, str]]:
        field: Any = self.form.fields[kind]
        return [("", field.empty_label), *self._options[kind]]


class VehicleFilter(_OfStores):
    """Stock by model, colour, state, certificate, age and the end of the VIN."""

    q = df.CharFilter(label="车架号", method="by_vin", max_length=17)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    configuration = df.ModelChoiceFilter(label="车型", queryset=_configurations)
    colour = df.ModelChoiceFilter(label="颜色", queryset=_colours)
    status = df.MultipleChoiceFilter(label="状态", choices=VehicleStatus.choices, distinct=False)
    certificate_status = df.ChoiceFilter(label="合格证", choices=CertificateStatus.choices)
    min_age = df.NumberFilter(label="库龄不少于（天）", method="by_age", min_value=0, max_value=3650, decimal_places=0)

    class Meta:
        model = Vehicle
        fields: list[str] = []

    def by_vin(self, rows: QuerySet[Vehicle], name: str, value: str) -> QuerySet[Vehicle]:
        return rows.filter(vin__contains=value.strip().upper())

    def by_age(self, rows: QuerySet[Vehicle], name: str, value: Any) -> QuerySet[Vehicle]:
        return rows.filter(arrived_on__lte=periods.today() - dt.timedelta(days=int(value)))


class DealFilter(_OfStores):
    """Deals by state, person, model, day of the order, and search over number, name, phone, VIN ending."""

    q = df.CharFilter(label="搜索", method="search", max_length=40)
    status = df.MultipleChoiceFilter(label="状态", choices=DealStatus.choices, distinct=False)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    configuration = df.ModelChoiceFilter(label="车型", queryset=_configurations)
    ordered_from = df.DateFilter(label="下订从", method="by_ordered_from", widget=DAY)
    ordered_to = df.DateFilter(label="下订至", method="by_ordered_to", widget=DAY)

    class Meta:
        model = Deal
        fields: list[str] = []

    def search(self, rows: QuerySet[Deal], name: str, value: str) -> QuerySet[Deal]:
        text = value.strip()
        found = search_condition(text, "customer__") | Q(number__icontains=text) | Q(buyer_name__icontains=text)
        return rows.filter(found | Q(vehicle__vin__endswith=text.upper()))

    def by_ordered_from(self, rows: QuerySet[Deal], name: str, value: Any) -> QuerySet[Deal]:
        return rows.filter(ordered_at__gte=periods.at(value))

    def by_ordered_to(self, rows: QuerySet[Deal], name: str, value: Any) -> QuerySet[Deal]:
        return rows.filter(ordered_at__lt=periods.end_of_day(value))


class PaymentFilter(_OfStores):
    """Receipts by state, purpose, way, day of arrival, and receipt or deal number."""

    q = df.CharFilter(label="搜索", method="search", max_length=40)
    status = df.MultipleChoiceFilter(label="状态", choices=PaymentStatus.choices, distinct=False)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    purpose = df.ChoiceFilter(label="款项", choices=PaymentPurpose.choices)
    method = df.ChoiceFilter(label="方式", choices=PaymentMethod.choices)
    day = df.DateFilter(label="到账日", method="by_day", widget=DAY)
    reconciled = df.BooleanFilter(label="已对账", field_name="reconciled_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Payment
        fields: list[str] = []

    def search(self, rows: QuerySet[Payment], name: str, value: str) -> QuerySet[Payment]:
        text = value.strip()
        found = Q(receipt_no__icontains=text) | Q(deal__number__icontains=text) | Q(payer_name__icontains=text)
        return rows.filter(found | Q(deal__customer__name__icontains=text))

    def by_day(self, rows: QuerySet[Payment], name: str, value: Any) -> QuerySet[Payment]:
        return rows.filter(**Period.day(value).filter("cleared_at"))


class TargetFilter(df.FilterSet):
    """Targets by month (`2026-11`), store, person and kind."""

    month = df.CharFilter(label="月份", method="by_month", max_length=7)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    person = df.ModelChoiceFilter(label="人员", queryset=_sellers)
    kind = df.ChoiceFilter(label="指标", choices=TargetKind.choices)

    class Meta:
        model = Target
        fields: list[str] = []

    def by_month(self, rows: QuerySet[Target], name: str, value: str) -> QuerySet[Target]:
        return rows.filter(month=month_of(value).start)


def month_of(text: str) -> Period:
    """`2026-11` → the month; refused in Chinese when it is anything else."""
    try:
        month = Period.parse(text)
    except ValueError:
        month = None
    if month is None or month.kind != "month":
        raise DomainError("month_invalid", "月份不正确，请按 2026-11 的格式填写。", {"month": ["月份不正确。"]})
    return month


def day_of(text: str) -> dt.date:
    """The day of an address; today without one, a clear refusal for nonsense."""
    if not text:
        return periods.today()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise DomainError("day_invalid", "日期不正确，请按 2026-11-22 的格式填写。") from None
