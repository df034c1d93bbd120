"""One KPI's rows for one reader: the same answer for the page and the API (`len(rows) == figure`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from dealership.core.errors import NotAllowed, NotFound
from dealership.core.kpi import Figure, Kpi, Measure, Scope
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from reports.figures import readable_kpis
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
        """Newest first; as-of and opening rows have no order of their own."""
        if self.measure.date is None or self.measure.opening:
            return ("-pk",)
        return (f"-{self.measure.date}", "-pk")


@dataclass(frozen=True)
class Drill:
    """A figure within the reader's reach and the rows behind one side of it."""

    kpi: Kpi
    period: Period
    figure: Figure
    sections: list[Section]


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


def drill(
    *, reader: Any, key: str, store_ids: Collection[int], period: Period, person_id: int | None, denominator: bool
) -> Drill:
    """The live figure and its rows; refused for figures that are not made of rows."""
    kpi = kpi_for(reader, key, store_ids)
    scope = Scope(tuple(store_ids), person_id=person_id)
    sides = kpi.drill(scope, period, reader, denominator=denominator)
    sections = [Section(number, measure, loaded(rows)) for number, (measure, rows) in enumerate(sides)]
    return Drill(kpi, kpi.span(period), kpi.figure(scope, period, reader), sections)
