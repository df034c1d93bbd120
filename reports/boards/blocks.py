"""A block is one chart with the table of the same numbers; the template and the chart script know nothing else."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

from django.urls import reverse

from dealership.core.figure import UNKNOWN, Figure, make_figure
from dealership.core.kpi import Kpi
from reports.registry import BY_KEY

ChartKind = Literal["columns", "bars", "funnel"]


@dataclass(frozen=True)
class Cell:
    """A table cell: shown text, the rows behind it, is it a number, its tone."""

    text: str
    url: str = ""
    number: bool = True
    tone: str = ""


PHONE_COLUMNS = 5


@dataclass(frozen=True)
class Block:
    """`chart` is the JSON the script draws: kind, categories, series of {name, type, data, colour}."""

    id: str
    title: str
    caption: str
    heads: list[str]
    rows: list[list[Cell]]
    chart: dict[str, Any] = field(default_factory=dict)
    foot: list[Cell] | None = None
    note: str = ""
    empty: str = ""
    is_wide: bool = False

    @property
    def chart_id(self) -> str:
        """Id of the JSON the script reads."""
        return f"chart-{self.id}"

    @property
    def lines(self) -> list[list[tuple[str, Cell]]]:
        """Rows as (head, cell): on the phone a wide table shows each cell under its head."""
        return [list(zip(self.heads, row, strict=False)) for row in self.rows]

    @property
    def feet(self) -> list[tuple[str, Cell]]:
        """The foot in the same way; it may be shorter than the heads."""
        return list(zip(self.heads, self.foot or [], strict=False))

    @property
    def is_many(self) -> bool:
        """More columns than a phone is wide."""
        return len(self.heads) > PHONE_COLUMNS

    @property
    def size(self) -> str:
        """How tall the chart stands: bars grow with their categories."""
        if self.chart.get("kind") == "columns":
            return "wide"
        count = len(self.chart.get("categories", ())) * len(self.chart.get("series", ()))
        return "short" if count <= 6 else "middle" if count <= 12 else "tall"

    @property
    def has_data(self) -> bool:
        """Is there a number other than zero to draw?"""
        return any(value for series in self.chart.get("series", ()) for value in series["data"])


@dataclass(frozen=True)
class Place:
    """Whose rows a number opens: the drill page keeps store, person and period in its address."""

    store_id: int
    period: str
    person_id: int | None = None

    def url(
        self, key: str, *, side: str = "", period: str | None = None, person_id: int | None = None, cut: str = ""
    ) -> str:
        """`/reports/kpis/<key>/rows/?period=…&store=…&person=…`; empty for figures without rows."""
        if not BY_KEY[key].is_rows:
            return ""
        # By the hundred on a page, and only a cut is more than a number or a code.
        asked = f"{_rows_of(key)}?period={period or self.period}&store={self.store_id}"
        if person := person_id or self.person_id:
            asked += f"&person={person}"
        if side == "denominator":
            asked += f"&side={side}"
        return f"{asked}&cut={quote(cut)}" if cut else asked


@functools.cache
def _rows_of(key: str) -> str:
    """Boards link some hundred numbers to the rows of the same few figures."""
    return reverse("reports:kpi_rows", args=[key])


def added(kpi: Kpi, figures: list[Figure]) -> Figure:
    """The figure of several days or parts from the sums of both sides; unknown when one of them is.

    A median of medians is none, so nobody may ask for one.
    """
    if kpi.is_median:
        raise ValueError(f"{kpi.key} is not a sum")
    if any(figure == UNKNOWN for figure in figures):
        return UNKNOWN
    top = sum((f.numerator or Decimal(0) for f in figures), Decimal(0))
    bottom = sum((f.denominator or Decimal(0) for f in figures), Decimal(0))
    return make_figure(top, bottom if kpi.is_ratio else None, is_ratio=kpi.is_ratio)


def plain(value: Decimal | int | None) -> int | str | None:
    """A number for JSON: whole numbers as such, others as text the script parses; unknown stays empty."""
    if value is None:
        return None
    whole = Decimal(value)
    return int(whole) if whole == whole.to_integral_value() else str(whole.quantize(Decimal("0.01")))


def series(name: str, data: list[Any], colour: str | list[str], kind: str = "bar") -> dict[str, Any]:
    """One series of a chart; `colour` names a Tabler token (`azure`, `green` …) or is a list of them."""
    return {"name": name, "type": kind, "data": [plain(value) for value in data], "colour": colour}
