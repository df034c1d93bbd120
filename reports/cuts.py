"""Parts of a figure that a board shows in rows of their own: by grade, by source, by age of the stock.

A cut is one more condition on the figure's own rows, written in the address as `cut=H`, `cut=12` or `cut=31-60`,
so that a row of a board and its drill-down have one answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from django.db.models import Q
from django.utils.translation import gettext as _

from dealership.core.kpi import Kpi, Measure
from dealership.org.models import LeadSource
from leads.choices import OPEN_GRADES, Grade
from leads.kpis import LOSSES_AGREED, NEW_CARDS, PROSPECTS_BY_GRADE
from leads.kpis.drives import TEST_DRIVES
from leads.kpis.raw_leads import LEADS_TOTAL
from leads.kpis.visits import FIRST_VISITS
from leads.loss_choices import LossReason
from reports.selectors.losses import GAPS, gap_condition
from sales.kpis import STOCK_DAYS, STOCK_UNITS
from sales.kpis.customers import SOURCE_CONVERSION
from sales.kpis.orders import ORDERS_GROSS

NO_SOURCE = "none"


@dataclass(frozen=True)
class Cut:
    """The part's name on the screen and its condition."""

    label: str
    condition: Q


def _grade(text: str, _stores: Collection[int]) -> Cut | None:
    labels = {grade.value: str(grade.label) for grade in OPEN_GRADES}
    return Cut(labels[text], Q(grade_then=text)) if text in labels else None


def _lead_source(text: str, stores: Collection[int]) -> Cut | None:
    return _source(text, stores, "lead__source")


def _source(text: str, stores: Collection[int], path: str = "prospect__source") -> Cut | None:
    if text == NO_SOURCE:
        return Cut(_("未填写"), Q(**{path: None}))
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    source = LeadSource.objects.filter(pk=int(text), group__stores__in=stores).first()
    return Cut(source.name, Q(**{path: source.pk})) if source else None


def _age(text: str, _stores: Collection[int]) -> Cut | None:
    found = re.fullmatch(r"([0-9]{1,4})-([0-9]{0,4})", text)
    if found is None:
        return None
    low, high = int(found[1]), found[2]
    if not high:
        return Cut(_("库龄 %(low)s 天及以上") % {"low": low}, Q(age_days__gte=low))
    return Cut(_("库龄 %(low)s–%(high)s 天") % {"low": low, "high": high}, Q(age_days__range=(low, int(high))))


def _loss(text: str, stores: Collection[int]) -> Cut | None:
    """One line of the loss analysis: `reason-price`, `rival-哈弗`, `grade-H`, `source-12`, `gap-2`."""
    kind, _dash, value = text.partition("-")
    if kind == "source":
        return _source(value, stores)
    if kind == "reason" and value in LossReason.values:
        return Cut(str(LossReason(value).label), Q(reason=value))
    if kind == "grade" and value in OPEN_GRADES:
        return Cut(str(Grade(value).label), Q(grade=value))
    if kind == "rival":
        return Cut(value or _("未填竞品"), Q(competitor_brand=value))
    if kind == "gap" and value in map(str, range(len(GAPS))):
        return Cut(str(GAPS[int(value)].label), gap_condition(GAPS[int(value)]))
    return None


_CUTS: dict[str, Callable[[str, Collection[int]], Cut | None]] = {
    PROSPECTS_BY_GRADE.key: _grade,
    NEW_CARDS.key: _source,
    **dict.fromkeys((SOURCE_CONVERSION.key, FIRST_VISITS.key, TEST_DRIVES.key, ORDERS_GROSS.key), _source),
    LEADS_TOTAL.key: _lead_source,
    LOSSES_AGREED.key: _loss,
    STOCK_UNITS.key: _age,
    STOCK_DAYS.key: _age,
}


def cut_of(kpi: Kpi, text: str, store_ids: Collection[int]) -> Cut | None:
    """The part that `text` names in these stores; None when this figure has no such part."""
    return _CUTS[kpi.key](text, store_ids) if kpi.key in _CUTS else None


def narrowed(kpi: Kpi, cut: Cut) -> Kpi:
    """The same figure over the part's rows only."""

    def side(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
        return tuple(replace(measure, only=measure.condition & cut.condition) for measure in measures)

    return replace(kpi, numerator=side(kpi.numerator), denominator=side(kpi.denominator))


def age_text(low: int, high: int | None) -> str:
    """The cut of one band of the stock's age."""
    return f"{low}-{'' if high is None else high}"
