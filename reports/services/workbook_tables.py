"""Summary tables of the workbook: the store's figures, series, people, funnel, cards, grades, sources. Reads only."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.kpi import SYSTEM, Kpi, Measure, Scope
from dealership.core.periods import Period
from dealership.org.models import LeadSource, Membership, Series, Store
from leads.choices import Grade
from leads.kpis import CARDS_CREATED
from reports import figures
from reports.models import MonthClose
from reports.registry import BY_KEY
from reports.selectors.identity import identity_of
from reports.versions import changes_of
from sales.kpis import ORDERS
from sales.models import Invoice

Row = dict[str, Any]
STORE_KEYS = (
    "traffic_total",
    "first_visits",
    "repeat_visits",
    "lead_capture_rate",
    "new_cards",
    "follow_up_count",
    "follow_up_on_time_rate",
    "orders_gross",
    "orders_net",
    "closing_rate",
    "prospect_conversion",
    "retail_units",
    "delivery_units",
    "invoiced_units",
    "order_delivery_rate",
    "sales_amount",
    "receipts_amount",
    "pass_through_receipts",
    "receivable_balance",
    "gp_per_unit",
    "stock_units",
    "stock_days",
    "daily_report_rate",
    "comment_rate",
)
# figure → the figure whose denominator is its target
TARGETS = {
    "orders_gross": "orders_attainment",
    "retail_units": "target_attainment",
    "sales_amount": "sales_attainment",
    "receipts_amount": "receipts_attainment",
    "new_cards": "cards_attainment",
}
SERIES_KEYS = ("orders_gross", "retail_units", "sales_amount")
# column of the consultants' sheet → (figure, side)
PEOPLE = {
    "first_visits": ("first_visits", "numerator"),
    "capture_base": ("lead_capture_rate", "denominator"),
    "captured": ("lead_capture_rate", "numerator"),
    "new_cards": ("new_cards", "numerator"),
    "follow_ups": ("follow_up_count", "numerator"),
    "due": ("follow_up_on_time_rate", "denominator"),
    "on_time": ("follow_up_on_time_rate", "numerator"),
    "orders": ("orders_gross", "numerator"),
    "net_orders": ("orders_net", "numerator"),
    "closing_base": ("closing_rate", "denominator"),
    "delivery_target": ("target_attainment", "denominator"),
    "deliveries": ("retail_units", "numerator"),
    "amount_target": ("sales_attainment", "denominator"),
    "sales_amount": ("sales_amount", "numerator"),
    "receipts": ("receipts_amount", "numerator"),
    "gp_units": ("gp_per_unit", "denominator"),
    "gross_profit": ("gp_per_unit", "numerator"),
}
FUNNEL = (
    ("客流总数", "traffic_total", "numerator"),
    ("首次到店", "first_visits", "numerator"),
    ("到店留资", "lead_capture_rate", "numerator"),
    ("建卡总数", "new_cards", "numerator"),
    ("订单数", "orders_gross", "numerator"),
    ("交车台数", "delivery_units", "numerator"),
)
UNKNOWN_SOURCE = "未填写来源"


@dataclass(frozen=True)
class MonthScope:
    """One store's month (up to today while it runs) with the spans it is compared with."""

    store: Store
    month: Period
    reader: Any = SYSTEM

    @property
    def is_running(self) -> bool:
        return self.month.end > periods.today()

    @property
    def period(self) -> Period:
        return self.month.until(periods.today()) if self.is_running else self.month

    def _same_days(self, other: Period) -> Period:
        """The other month, cut to the same number of elapsed days while this one runs (§3.0 comparison)."""
        if not self.is_running:
            return other
        days = (self.period.end - self.period.start).days
        return Period(other.start, min(other.end, other.start + dt.timedelta(days=days)), "month")

    @property
    def previous(self) -> Period:
        return self._same_days(self.month.previous())

    @property
    def last_year(self) -> Period:
        return self._same_days(self.month.same_last_year())

    @property
    def compare_note(self) -> str:
        """Which days stand in the comparison columns."""
        spans = (("环比", self.previous), ("同比", self.last_year))
        return "；".join(f"{name}对比 {span.start:%Y-%m-%d} 至 {span.last_day:%Y-%m-%d}" for name, span in spans) + "。"


def store_totals(scope: MonthScope, period: Period) -> figures.Figures:
    """The store's figures of a span."""
    keys = [key for key in (*STORE_KEYS, *TARGETS.values()) if key in BY_KEY]
    return figures.totals(reader=scope.reader, store_ids=[scope.store.pk], period=period, keys=keys)


def _known(scope: MonthScope, period: Period) -> bool:
    """Was there anything in that span? A month before the store used the system is unknown, not zero."""
    found = figures.totals(reader=scope.reader, store_ids=[scope.store.pk], period=period, keys=["traffic_total"])
    sold = figures.totals(reader=scope.reader, store_ids=[scope.store.pk], period=period, keys=["orders_gross"])
    return any(figure.numerator for group in (found, sold) for figure in group.values())


def store_rows(scope: MonthScope) -> Iterator[Row]:
    """One line per figure: target, actual, the month before, last year."""
    actual = store_totals(scope, scope.period)
    others = [store_totals(scope, span) if _known(scope, span) else {} for span in (scope.previous, scope.last_year)]
    for key in STORE_KEYS:
        kpi, figure = BY_KEY.get(key), actual.get(key)
        if kpi is None or figure is None:
            continue
        target = actual.get(TARGETS.get(key, ""))
        yield {
            "key": key,
            "label": str(kpi.label),
            "unit": kpi.unit,
            "profit": kpi.profit,
            "target": (target.denominator or None) if target else None,
            "actual": figure.value,
            "previous": _compared(kpi, others[0], running=scope.is_running),
            "last_year": _compared(kpi, others[1], running=scope.is_running),
        }


def _compared(kpi: Kpi, found: figures.Figures, *, running: bool) -> Decimal | None:
    """A running month's figure that exists per whole month only has nothing to stand against."""
    if (running and kpi.grain == "month") or kpi.key not in found:
        return None
    return found[kpi.key].value


def measure_by(measure: Measure, scope: MonthScope, period: Period, path: str) -> dict[Any, Decimal]:
    """A figure's own rows summed by another column of theirs."""
    value = measure.value if not callable(measure.value) else Count("pk")
    rows = measure.rows_in(Scope((scope.store.pk,)), period, scope.reader).order_by()
    found = rows.values_list(path).annotate(total=value)
    return {name: measure.sign * Decimal(total or 0) for name, total in found}


def _by_series(kpi: Kpi, scope: MonthScope, period: Period) -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for measure in kpi.numerator:
        model = measure.rows_in(Scope((scope.store.pk,)), period).model
        path = "deal__configuration__series__name" if model is Invoice else "configuration__series__name"
        for name, total in measure_by(measure, scope, period, path).items():
            sums[name] += total
    return sums


def series_rows(scope: MonthScope) -> Iterator[Row]:
    """Orders, retail and sales amount by series; the store's target stands in the total row."""
    listed = list(Series.objects.filter(brand_id=scope.store.brand_id, is_active=True).values_list("name", flat=True))
    actuals = store_totals(scope, scope.period)
    spans = [scope.previous, scope.last_year]
    known = [_known(scope, span) for span in spans]
    for key in SERIES_KEYS:
        kpi = BY_KEY[key]
        now = _by_series(kpi, scope, scope.period)
        before = [_by_series(kpi, scope, span) if ok else None for span, ok in zip(spans, known, strict=True)]
        names = [*listed, *sorted({name for sums in (now, *before) if sums for name in sums} - set(listed))]
        target = actuals[TARGETS[key]].denominator if TARGETS[key] in actuals else None
        for name in names:
            previous, last_year = (sums.get(name, Decimal(0)) if sums is not None else None for sums in before)
            yield {
                "key": key,
                "label": str(kpi.label),
                "unit": kpi.unit,
                "series": name,
                "store_target": target or None,
                "actual": now.get(name, Decimal(0)),
                "previous": previous,
                "last_year": last_year,
            }


def people_rows(scope: MonthScope) -> Iterator[Row]:
    """Everybody with a figure or a target in the month, most handed-over cars first; nobody's rows last."""
    keys = {key for key, _side in PEOPLE.values() if key in BY_KEY}
    found = figures.grouped(
        reader=scope.reader, store_ids=[scope.store.pk], period=scope.period, keys=keys, by="person"
    )
    names = dict(User.objects.filter(pk__in=[pk for pk in found if pk]).values_list("pk", "name"))
    teams = _teams(scope)
    rows: list[Row] = [
        {"person": names.get(pk, "未归属"), "team": teams.get(pk, ""), "order": pk or 0}
        | {column: _side(sums, key, side) for column, (key, side) in PEOPLE.items()}
        for pk, sums in found.items()
    ]
    rows.sort(key=lambda row: (row["order"] == 0, -(row["deliveries"] or 0), -(row["orders"] or 0), row["order"]))
    for row in rows:
        row.pop("order")
        yield row


def _side(sums: figures.Figures, key: str, side: str) -> Decimal | None:
    figure = sums.get(key)
    value = getattr(figure, side) if figure else None
    return value if value or not key.endswith("attainment") else None


def _teams(scope: MonthScope) -> dict[int, str]:
    day = min(scope.month.last_day, periods.today())
    rows = Membership.objects.filter(store=scope.store, valid__contains=day, team__isnull=False)
    return dict(rows.values_list("user_id", "team__name"))


def funnel_rows(scope: MonthScope) -> Iterator[Row]:
    """The steps from visitors to handed-over cars."""
    spans = [scope.period, scope.previous, scope.last_year]
    found = [store_totals(scope, span) if n == 0 or _known(scope, span) else {} for n, span in enumerate(spans)]
    for label, key, side in FUNNEL:
        if key in found[0]:
            actual, previous, last_year = (getattr(sums[key], side) if key in sums else None for sums in found)
            unit = "组" if key == "lead_capture_rate" else BY_KEY[key].unit
            yield {"label": label, "unit": unit, "actual": actual, "previous": previous, "last_year": last_year}


def card_rows(scope: MonthScope) -> Iterator[Row]:
    """Opening + new + reactivated − won − lost − dormant: the lines that add up to the closing number."""
    whole = identity_of(store_id=scope.store.pk, month=scope.month.start).store
    moved = whole.transferred_in - whole.transferred_out
    lines = (
        ("月初潜客", whole.opening),
        ("加：新建卡", whole.new),
        ("加：激活", whole.reactivated),
        ("加：调入 − 调出", moved),
        ("减：成交", -whole.won),
        ("减：战败", -whole.lost),
        ("减：休眠", -whole.dormant),
    )
    for label, count in lines:
        if count or label != "加：调入 − 调出":
            yield {"label": label, "unit": "人", "actual": count}


def grade_rows(scope: MonthScope) -> Iterator[Row]:
    """Open cards by grade at the end of the span."""
    found = figures.grouped(
        reader=scope.reader,
        store_ids=[scope.store.pk],
        period=scope.period,
        keys=["prospects_by_grade"],
        by="part",
    )
    for grade in (Grade.H, Grade.A, Grade.B, Grade.C, Grade.N):
        figure = found.get(grade.value, {}).get("prospects_by_grade")
        yield {"label": str(grade.label), "unit": "人", "actual": figure.numerator if figure else Decimal(0)}


def source_rows(scope: MonthScope) -> Iterator[Row]:
    """New cards and orders by the card's first source."""
    cards = measure_by(CARDS_CREATED, scope, scope.period, "prospect__source__name")
    orders = measure_by(ORDERS, scope, scope.period, "prospect__source__name")
    listed = LeadSource.objects.filter(group=scope.store.group_id).values_list("name", flat=True)
    names: list[str | None] = [name for name in listed if cards.get(name) or orders.get(name)]
    if cards.get(None) or orders.get(None):
        names.append(None)
    for name in names:
        label = name or UNKNOWN_SOURCE
        yield {"label": label, "unit": "", "cards": cards.get(name, Decimal(0)), "orders": orders.get(name, Decimal(0))}


def difference_rows(scope: MonthScope) -> Iterator[Row]:
    """What the newest closed version shows otherwise than the one before; nothing for a first version."""
    close = MonthClose.objects.filter(store=scope.store, month=scope.month.start).first()
    version = close.versions.order_by("-number").first() if close else None
    for change in changes_of(version) if version else ():
        kpi = change.kpi
        named = {"key": kpi.key, "label": str(kpi.label), "unit": kpi.unit, "profit": kpi.profit}
        yield {**named, "who": change.who or "门店合计", "before": change.before, "after": change.after}
