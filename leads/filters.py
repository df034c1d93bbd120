"""One FilterSet per list, used by the page and by the API alike. Every choice holds only what the reader reaches."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import django_filters as df
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from dealership.core import periods
from dealership.core.periods import Period
from leads.choices import (
    ContactChannel,
    DriveKind,
    DriveStatus,
    FollowUpOutcome,
    Grade,
    LeadState,
    ProspectStatus,
    VisitChannel,
    VisitPurpose,
    VisitType,
)
from leads.evaluation_choices import NurtureEnd
from leads.loss_choices import LossKind, LossReason, LossState
from leads.models import (
    Customer,
    DemoCar,
    FollowUp,
    Lead,
    LossApplication,
    NurtureStay,
    OwnedVehicle,
    Prospect,
    SpotCheck,
    TestDrive,
    Visit,
)
from leads.selectors.choices import filter_options, sellers_seen_by, sources_seen_by, stores_seen_by
from leads.selectors.customer import search_condition
from leads.selectors.spot_check import REACHED, people_checked
from leads.spot_choices import SpotResult, SpotSubject

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _sellers(request: Any) -> QuerySet[Any]:
    return sellers_seen_by(request.user)


def _sources(request: Any) -> QuerySet[Any]:
    return sources_seen_by(request.user)


def _stores(request: Any) -> QuerySet[Any]:
    return stores_seen_by(request.user)


def _checked(request: Any) -> QuerySet[Any]:
    return people_checked(user=request.user)


class _Search(df.FilterSet):
    """`q`: part of a phone (four digits or more), name, pinyin, initials; `path` leads to the customer."""

    q = df.CharFilter(label="搜索", method="search", max_length=40)
    path = "customer__"

    @property
    def form(self) -> Any:
        """Selects for consultant and source read their options together, and only when a page shows them."""
        is_new = not hasattr(self, "_form")
        form = super().form
        if is_new:
            for name in ("owner", "source"):
                if name in form.fields:
                    form.fields[name].widget.choices = partial(self._options, name)
        return form

    def _options(self, name: str) -> list[tuple[Any, str]]:
        return [("", _("全部")), *filter_options(self.request.user)[name]]

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(search_condition(value, self.path))


class ProspectFilter(_Search):
    """Filters of the prospect list and board."""

    grade = df.MultipleChoiceFilter(label="级别", choices=Grade.choices, distinct=False)
    status = df.MultipleChoiceFilter(label="状态", choices=ProspectStatus.choices, distinct=False)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    source = df.ModelChoiceFilter(label="来源", queryset=_sources)
    overdue = df.BooleanFilter(label="逾期", method="by_overdue")
    due_on = df.DateFilter(label="应跟进日", method="by_due_day", widget=DAY)
    created_from = df.DateFilter(label="建卡从", method="by_created_from", widget=DAY)
    created_to = df.DateFilter(label="建卡至", method="by_created_to", widget=DAY)

    class Meta:
        model = Prospect
        fields: list[str] = []

    def by_overdue(self, rows: QuerySet[Prospect], name: str, value: bool) -> QuerySet[Prospect]:
        late = rows.overdue(periods.now())  # type: ignore[attr-defined]
        return late if value else rows.exclude(pk__in=late.values("pk"))

    def by_due_day(self, rows: QuerySet[Prospect], name: str, value: Any) -> QuerySet[Prospect]:
        return rows.filter(**Period.day(value).filter("next_follow_up_at"))

    def by_created_from(self, rows: QuerySet[Prospect], name: str, value: Any) -> QuerySet[Prospect]:
        return rows.filter(card_created_at__gte=periods.at(value))

    def by_created_to(self, rows: QuerySet[Prospect], name: str, value: Any) -> QuerySet[Prospect]:
        return rows.filter(card_created_at__lt=periods.end_of_day(value))


class LeadFilter(_Search):
    """Filters of the raw leads; `q` is the end of a number (four digits or more) or part of a name."""

    state = df.MultipleChoiceFilter(label="状态", choices=LeadState.choices, distinct=False)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="负责人", queryset=_sellers)
    source = df.ModelChoiceFilter(label="来源", queryset=_sources)
    overdue = df.BooleanFilter(label="超时未响应", method="by_overdue")
    waiting = df.BooleanFilter(label="待首次响应", method="by_waiting")
    received_from = df.DateFilter(label="收到从", method="by_received_from", widget=DAY)
    received_to = df.DateFilter(label="收到至", method="by_received_to", widget=DAY)

    class Meta:
        model = Lead
        fields: list[str] = []

    def search(self, rows: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        digits = value.replace(" ", "").replace("-", "")
        if digits.isdigit():
            return rows.filter(phone__contains=digits) if len(digits) >= 4 else rows.none()
        return rows.filter(name__contains=value.strip())

    def by_overdue(self, rows: QuerySet[Lead], name: str, value: bool) -> QuerySet[Lead]:
        late = rows.late(periods.now())  # type: ignore[attr-defined]
        return late if value else rows.exclude(pk__in=late.values("pk"))

    def by_waiting(self, rows: QuerySet[Lead], name: str, value: bool) -> QuerySet[Lead]:
        waiting = rows.waiting()  # type: ignore[attr-defined]
        return waiting if value else rows.exclude(pk__in=waiting.values("pk"))

    def by_received_from(self, rows: QuerySet[Lead], name: str, value: Any) -> QuerySet[Lead]:
        return rows.filter(received_at__gte=periods.at(value))

    def by_received_to(self, rows: QuerySet[Lead], name: str, value: Any) -> QuerySet[Lead]:
        return rows.filter(received_at__lt=periods.end_of_day(value))


class VisitFilter(_Search):
    """Filters of the visit register."""

    day = df.DateFilter(label="日期", field_name="visited_on", widget=DAY)
    date_from = df.DateFilter(label="从", field_name="visited_on", lookup_expr="gte", widget=DAY)
    date_to = df.DateFilter(label="至", field_name="visited_on", lookup_expr="lte", widget=DAY)
    visit_type = df.MultipleChoiceFilter(label="到店类型", choices=VisitType.choices, distinct=False)
    channel = df.ChoiceFilter(label="方式", choices=VisitChannel.choices)
    purpose = df.ChoiceFilter(label="来意", choices=VisitPurpose.choices)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    source = df.ModelChoiceFilter(label="来源", queryset=_sources)

    class Meta:
        model = Visit
        fields: list[str] = []


class CustomerFilter(_Search):
    """Filters of the customers resource."""

    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    path = ""

    class Meta:
        model = Customer
        fields: list[str] = []


class OwnerFilter(_Search):
    """Filters of the owners list; also by the end of a VIN or a plate."""

    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    care_due = df.BooleanFilter(label="待回访", method="by_care_due")

    class Meta:
        model = OwnedVehicle
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip().upper()
        return rows.filter(search_condition(value, self.path) | Q(vin__endswith=text) | Q(plate__endswith=text))

    def by_care_due(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        due = Q(care_tasks__done_at=None, care_tasks__due_on__lte=periods.today())
        return rows.filter(due).distinct() if value else rows


def _demo_cars(request: Any) -> QuerySet[Any]:
    return DemoCar.objects.visible_to(request.user).order_by("id")


class DriveFilter(_Search):
    """Filters of the test drives."""

    status = df.MultipleChoiceFilter(label="状态", choices=DriveStatus.choices, distinct=False)
    kind = df.ChoiceFilter(label="类型", choices=DriveKind.choices)
    car = df.ModelChoiceFilter(label="试驾车", queryset=_demo_cars)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    prospect = df.NumberFilter(label="客户卡", field_name="prospect_id")
    day = df.DateFilter(label="日期", method="by_day", widget=DAY)
    valid = df.BooleanFilter(label="有效试驾", method="by_valid")

    class Meta:
        model = TestDrive
        fields: list[str] = []

    def by_day(self, rows: QuerySet[TestDrive], name: str, value: Any) -> QuerySet[TestDrive]:
        return rows.filter(planned__overlap=(periods.at(value), periods.end_of_day(value)))

    def by_valid(self, rows: QuerySet[TestDrive], name: str, value: bool) -> QuerySet[TestDrive]:
        counted = rows.valid()  # type: ignore[attr-defined]
        return counted if value else rows.exclude(pk__in=counted.values("pk"))


class DemoCarFilter(df.FilterSet):
    """Filters of the demo cars."""

    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    is_active = df.BooleanFilter(label="可预约")

    class Meta:
        model = DemoCar
        fields: list[str] = []


class FollowUpFilter(df.FilterSet):
    """Filters of a card's contacts."""

    outcome = df.MultipleChoiceFilter(label="结果", choices=FollowUpOutcome.choices, distinct=False)
    channel = df.MultipleChoiceFilter(label="方式", choices=ContactChannel.choices, distinct=False)

    class Meta:
        model = FollowUp
        fields: list[str] = []


class NurtureFilter(_Search):
    """Filters of the nurture pool; without a state those in it now are meant."""

    STATES = (("in", "培育中"), ("left", "已离开"), ("all", "全部"))

    state = df.ChoiceFilter(label="状态", choices=STATES, method="by_state")
    grade = df.MultipleChoiceFilter(label="级别", field_name="prospect__grade", choices=Grade.choices, distinct=False)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", field_name="prospect__owner", queryset=_sellers)
    source = df.ModelChoiceFilter(label="来源", field_name="prospect__source", queryset=_sources)
    end = df.ChoiceFilter(label="结果", choices=NurtureEnd.choices)
    invited = df.BooleanFilter(label="已邀请活动", field_name="is_invited")
    path = "prospect__customer__"

    class Meta:
        model = NurtureStay
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        told = self.form.cleaned_data
        return rows if told.get("state") or told.get("end") else rows.filter(left_at=None)

    def by_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows if value == "all" else rows.filter(left_at__isnull=value == "in")


class LossFilter(_Search):
    """Filters of applications for loss and dormancy."""

    kind = df.ChoiceFilter(label="类型", choices=LossKind.choices)
    state = df.MultipleChoiceFilter(label="状态", choices=LossState.choices, distinct=False)
    reason = df.MultipleChoiceFilter(label="原因", choices=LossReason.choices, distinct=False)
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="顾问", queryset=_sellers)
    month = df.DateFilter(
        label="申请月份", method="by_month", input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"})
    )
    overdue = df.BooleanFilter(label="超时", method="by_overdue")

    class Meta:
        model = LossApplication
        fields: list[str] = []

    def by_month(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(**Period.containing("month", value).filter("applied_at"))

    def by_overdue(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        late = Q(state=LossState.PENDING, due_at__lte=periods.now())
        return rows.filter(late) if value else rows.exclude(late)


RECENT_WEEKS = 8
SPOT_STATES: tuple[tuple[str, Any, Q], ...] = (
    ("open", _lazy("待抽查"), Q(result="")),
    ("done", _lazy("已抽查"), ~Q(result="")),
    ("reached", _lazy("已核实"), REACHED),
    ("true", _lazy("属实"), Q(result=SpotResult.TRUE)),
    ("unreached", _lazy("未联系上"), Q(result=SpotResult.UNREACHED)),
    ("all", _lazy("全部"), Q()),
)


def _weeks() -> list[tuple[str, str]]:
    """The weeks drawn from lately, newest first, and all of them."""
    week, found = Period.containing("week", periods.today()), []
    for _number in range(RECENT_WEEKS):
        week = week.previous()
        found.append((week.start.isoformat(), week.label))
    return [*found, ("all", _("全部"))]


class SpotCheckFilter(df.FilterSet):
    """Filters of the spot checks: without a week those of the last weeks, without a state those that wait.

    `month` is the month in which the checks were made: what the truth rates of people count.
    """

    subject = df.ChoiceFilter(label="表卡", choices=SpotSubject.choices, empty_label=_lazy("全部"))
    week = df.ChoiceFilter(label="抽查周", choices=_weeks, empty_label=_lazy("近 8 周"), method="by_week")
    store = df.ModelChoiceFilter(label="门店", queryset=_stores)
    owner = df.ModelChoiceFilter(label="登记人", queryset=_checked)
    month = df.DateFilter(method="by_month", input_formats=["%Y-%m"])

    class Meta:
        model = SpotCheck
        fields: list[str] = []

    @property
    def state(self) -> str:
        """The state asked for; a wrong one is the default."""
        wanted = self.data.get("state", "")
        return wanted if wanted in {state for state, _label, _where in SPOT_STATES} else "open"

    @property
    def states(self) -> list[tuple[str, Any]]:
        return [(state, label) for state, label, _where in SPOT_STATES]

    def weeks_of(self, rows: QuerySet[SpotCheck]) -> QuerySet[SpotCheck]:
        """These checks of the weeks, store and person asked for, whatever register and state."""
        told = {name: value for name, value in self.data.items() if name != "subject"}
        return SpotCheckFilter({**told, "state": "all"}, queryset=rows, request=self.request).qs

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        told = self.form.cleaned_data
        if not told.get("week") and not told.get("month"):
            this_week = Period.containing("week", periods.today()).start
            rows = rows.filter(week__gte=this_week - dt.timedelta(weeks=RECENT_WEEKS))
        return rows.filter(next(where for state, _label, where in SPOT_STATES if state == self.state))

    def by_week(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows if value == "all" else rows.filter(week=value)

    def by_month(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(**Period.containing("month", value).filter("checked_at"))
