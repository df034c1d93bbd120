"""The figures of a report: KPIs of the day and of the month so far, evaluated for a whole store in one statement.

Nothing here is typed or counted by hand: the KPIs come from `leads.kpis` and `sales.kpis`, so a report, a board and a
workbook can never disagree. A snapshot is JSON: numerators and denominators as strings, never a ready ratio.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Count, F
from django.urls import NoReverseMatch, reverse

from dealership.core.figure import make_figure
from dealership.core.kpi import Group, Kpi, Scope, grouped_sums, month_to_date
from dealership.core.money import show_wan
from dealership.core.periods import Period
from leads.kpis import KPIS as LEADS_KPIS
from leads.models import FollowUpTask
from reviews.choices import ReviewKind
from reviews.models import Review
from sales.kpis import KPIS as SALES_KPIS

FIGURE_KEYS = (
    "traffic_total",
    "first_visits",
    "lead_capture_rate",
    "new_cards",
    "follow_up_count",
    "follow_up_on_time_rate",
    "overdue_follow_ups",
    "orders_gross",
    "retail_units",
    "receipts_amount",
)
BY_GRADE = "prospects_by_grade"
NEW_CARDS = "new_cards"
WAN = Decimal(10000)
Snapshot = dict[str, Any]
Sums = dict[str, list[Decimal]]


@cache
def kpis_by_key() -> dict[str, Kpi]:
    """The declared KPIs a report may show."""
    return {kpi.key: kpi for kpi in (*LEADS_KPIS, *SALES_KPIS)}


def is_state(key: str) -> bool:
    """Does the figure say how things stand, so that a sum of the month means nothing?"""
    return kpis_by_key()[key].grain == "now"


def figure_kpis() -> list[Kpi]:
    """The KPIs of a report in the order of its tiles."""
    return [kpis_by_key()[key] for key in FIGURE_KEYS]


@dataclass
class DayFigures:
    """Snapshots of one store and day by person; the person None is the whole store (evening report)."""

    day: dict[int | None, Sums] = field(default_factory=lambda: defaultdict(_sums))
    month: dict[int | None, Sums] = field(default_factory=lambda: defaultdict(_sums))
    new_by_grade: dict[int | None, dict[str, int]] = field(default_factory=lambda: defaultdict(_counts))
    grades: dict[int | None, dict[str, int]] = field(default_factory=lambda: defaultdict(_counts))
    tomorrow_due: dict[int | None, int] = field(default_factory=lambda: defaultdict(int))

    def of(self, review: Review) -> Snapshot:
        """The snapshot of one report."""
        person = None if review.kind == ReviewKind.EVENING else review.owner_id
        return {
            "day": {key: [str(part) for part in parts] for key, parts in self.day[person].items()},
            "month": {key: [str(part) for part in parts] for key, parts in self.month[person].items()},
            "new_by_grade": dict(sorted(self.new_by_grade[person].items())),
            "grades": dict(sorted(self.grades[person].items())),
            "tomorrow_due": self.tomorrow_due[person],
        }


def _sums() -> Sums:
    """Every figure at zero: numerator and, for ratios, denominator."""
    return {kpi.key: [Decimal(0)] * (2 if kpi.denominator else 1) for kpi in figure_kpis()}


def _counts() -> dict[str, int]:
    return defaultdict(int)


def figures_now(review: Review) -> Snapshot:
    """The snapshot of one report at this moment."""
    return figures_of_day(store_id=review.store_id, day=review.starts_on).of(review)


def figures_of_day(*, store_id: int, day: dt.date) -> DayFigures:
    """Everybody's figures of one store and day, and of the month up to it."""
    found = DayFigures()
    places = [
        (kpi, side, measure)
        for kpi in (*figure_kpis(), kpis_by_key()[BY_GRADE])
        for side, measures in enumerate((kpi.numerator, kpi.denominator))
        for measure in measures
    ]
    groups = grouped_sums([measure for _, _, measure in places], [store_id], month_to_date(day), daily=True)
    for group in groups:
        kpi, side, _ = places[group.measure]
        if kpi.key == BY_GRADE:
            _add_grade(found, group)
        else:
            _add(found, kpi, side, group, day)
    _add_new_cards(found, store_id, day)
    _add_tomorrow(found, store_id, day)
    return found


def _people(person: int | None) -> Iterable[int | None]:
    """A row counts for its person and for the store; a row without a person only for the store."""
    return (None,) if person is None else (None, person)


def _add(found: DayFigures, kpi: Kpi, side: int, group: Group, day: dt.date) -> None:
    for person in _people(group.person):
        if kpi.grain == "now" or group.day == day:
            found.day[person][kpi.key][side] += group.total
        if kpi.grain != "now":
            found.month[person][kpi.key][side] += group.total


def _add_grade(found: DayFigures, group: Group) -> None:
    for person in _people(group.person):
        found.grades[person][group.part] += int(group.total)


def _add_new_cards(found: DayFigures, store_id: int, day: dt.date) -> None:
    """New cards of the day by the grade they have now: the rows of the KPI, grouped."""
    for measure in kpis_by_key()[NEW_CARDS].numerator:
        rows = measure.rows_in(Scope((store_id,)), Period.day(day)).order_by()
        for row in rows.values(who=F(measure.person or "owner"), letter=F("prospect__grade")).annotate(
            count=Count("pk")
        ):
            for person in _people(row["who"]):
                found.new_by_grade[person][row["letter"]] += row["count"]


def _add_tomorrow(found: DayFigures, store_id: int, day: dt.date) -> None:
    tomorrow = Period.day(day).next()
    rows = FollowUpTask.objects.open().filter(store_id=store_id, **tomorrow.filter("due_at"))
    for row in rows.order_by().values("owner_id").annotate(count=Count("pk")):
        for person in _people(row["owner_id"]):
            found.tomorrow_due[person] += row["count"]


@dataclass(frozen=True)
class Tile:
    """One figure as the page shows it: today, the month so far, what was handed in, and where its rows are."""

    key: str
    label: str
    explanation: str
    unit: str
    value: str
    parts: str
    month: str
    submitted: str
    url: str

    @property
    def changed(self) -> bool:
        """The figure moved after the report was handed in."""
        return self.submitted not in ("", self.value)


def tiles(review: Review) -> list[Tile]:
    """The figures of a report ready to show; a report that was never refreshed shows dashes."""
    return [_tile(review, kpi) for kpi in figure_kpis()]


def _tile(review: Review, kpi: Kpi) -> Tile:
    parts = review.figures.get("day", {}).get(kpi.key)
    return Tile(
        key=kpi.key,
        label=str(kpi.label),
        explanation=str(kpi.explanation),
        unit=kpi.unit,
        value=shown(kpi, parts),
        parts=" / ".join(kpi_part(part) for part in parts) if parts and len(parts) > 1 else "",
        month=shown(kpi, review.figures.get("month", {}).get(kpi.key)),
        submitted=shown(kpi, review.submitted_figures["day"].get(kpi.key)) if review.submitted_figures else "",
        url=rows_url(kpi.key, review),
    )


def shown(kpi: Kpi, parts: list[str] | None) -> str:
    """`82.4%`, `12`, `2,000.00`, from ten thousand on `16.80万`; unknown or a zero denominator is an em dash."""
    if not parts:
        return "—"
    numbers = [Decimal(part) for part in parts]
    denominator = numbers[1] if len(numbers) > 1 else None
    value = make_figure(numbers[0], denominator, is_ratio=kpi.is_ratio).value
    if kpi.unit == "元" and value is not None and abs(value) >= WAN:
        return show_wan(value)
    return kpi.show(value)


def kpi_part(part: str) -> str:
    """A count inside a ratio: `3`."""
    return f"{Decimal(part):f}".split(".", maxsplit=1)[0]


def rows_url(key: str, review: Review) -> str:
    """The page with exactly the rows behind a figure of this report."""
    person = "" if review.kind == ReviewKind.EVENING else f"&person={review.owner_id}"
    try:
        base = reverse("reports:kpi_rows", args=[key])
    except NoReverseMatch:
        return ""
    return f"{base}?period={review.starts_on.isoformat()}&store={review.store_id}{person}"
