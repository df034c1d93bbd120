"""One KPI's rows for one reader: the same answer for the page and the API (`len(rows) == figure`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.figure import UNKNOWN, Figure
from dealership.core.kpi import Kpi, Measure, Scope
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from reports.cuts import cut_of, narrowed
from reports.figures import is_recorded, readable_kpis
from reports.registry import BY_KEY
from reports.selectors.drill import loaded


@dataclass(frozen=True)
class Section:
    """The rows of one measure; those of the second and third are added to or taken from the first."""

    number: int
    measure: Measure
    rows: QuerySet[Any]

    @property
    def ordering(self) -> tuple[str, ...]:
        """Newest first; as-of and opening rows and spans have no order of their own."""
        if self.measure.date is None or self.measure.opening or self.measure.is_range:
            return ("-pk",)
        return (f"-{self.measure.date}", "-pk")


@dataclass(frozen=True)
class Drill:
    """A figure within the reader's reach and the rows behind one side of it.

    `part` names the part asked for (`H级`); `unknown` says why there is no figure.
    """

    kpi: Kpi
    period: Period
    figure: Figure
    sections: list[Section]
    part: str = ""
    unknown: str = ""


@dataclass(frozen=True)
class Asked:
    """Whose figure of which period: what the page and the API read from the address."""

    key: str
    store_ids: tuple[int, ...]
    period: Period
    person_id: int | None = None
    cut: str = ""


def kpi_for(reader: Any, key: str, store_ids: Collection[int]) -> Kpi:
    """The KPI if this reader may see it: unknown or unreachable → 404, profit without the right → 403."""
    kpi = BY_KEY.get(key)
    if kpi is None:
        raise NotFound("没有这个指标。")
    if not store_ids or any(reach_for(reader, resource).is_empty for resource in kpi.resources):
        raise NotFound
    if not readable_kpis(reader, store_ids, [key]):
        raise NotAllowed("该指标含成本与毛利，您的岗位不能查看。")
    return kpi


def drill(*, reader: Any, asked: Asked, denominator: bool = False) -> Drill:
    """The live figure and its rows; refused for figures that are not made of rows.

    The state of a past day that nobody recorded is unknown: no figure, no rows, and the reason.
    """
    kpi = kpi_for(reader, asked.key, asked.store_ids)
    part = ""
    if asked.cut:
        cut = cut_of(kpi, asked.cut, asked.store_ids)
        if cut is None:
            text = _("这个指标不能这样细分。")
            raise DomainError("unknown_cut", text, {"cut": [text]})
        kpi, part = narrowed(kpi, cut), cut.label
    span = kpi.span(asked.period)
    if kpi.grain == "now" and kpi.is_rows and not is_recorded(asked.store_ids, span):
        return Drill(kpi, span, UNKNOWN, [], part, _("这一天的状态当时没有留存记录，事后无法还原，因此不显示数字。"))
    scope = Scope(asked.store_ids, person_id=asked.person_id)
    sides = kpi.drill(scope, asked.period, reader, denominator=denominator)
    sections = [Section(number, measure, loaded(rows)) for number, (measure, rows) in enumerate(sides)]
    return Drill(kpi, span, kpi.figure(scope, asked.period, reader), sections, part)
