"""Filters of the report list, the same for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import CharField
from django.utils.translation import gettext_lazy as _

from dealership.core.periods import Period
from reviews.choices import ReviewKind, ReviewState
from reviews.models import Review


class PeriodField(CharField):
    """`2026-11-22`, `2026-11`, `2026Q4` or `2026`."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Period.parse(text)
        except ValueError:
            raise ValidationError(_("期间请写成 2026-11-22、2026-11、2026Q4 或 2026。"), code="period") from None


class PeriodFilter(django_filters.Filter):
    """Rows whose day lies in the period."""

    field_class = PeriodField

    def filter(self, qs: QuerySet[Review], value: Period | None) -> QuerySet[Review]:
        return qs.filter(**value.filter(self.field_name, is_date=True)) if value else qs


class ReviewFilter(django_filters.FilterSet):
    """type, subject (person), store, period, state, late and missed."""

    type = django_filters.ChoiceFilter(field_name="kind", choices=ReviewKind.choices, label=_("类型"))
    subject = django_filters.NumberFilter(field_name="owner_id", label=_("提交人"))
    store = django_filters.NumberFilter(field_name="store_id", label=_("门店"))
    period = PeriodFilter(field_name="starts_on", label=_("期间"))
    state = django_filters.ChoiceFilter(choices=ReviewState.choices, label=_("状态"))
    late = django_filters.BooleanFilter(field_name="is_late", label=_("迟交"))
    missed = django_filters.BooleanFilter(field_name="is_missed", label=_("缺交"))

    class Meta:
        model = Review
        fields: list[str] = []
