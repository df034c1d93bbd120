"""Agreed losses of a period with what the analysis groups them by. Reads only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DecimalField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import GreaterThanOrEqual, IsNull, LessThan
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from dealership.core.kpi import SYSTEM, Scope
from dealership.core.periods import Period
from leads.kpis import LOSSES
from sales.models import Deal

_AMOUNT = DecimalField(max_digits=14, decimal_places=2)


class Gap(NamedTuple):
    """A band of our price less the competitor's; no bounds at all is the band of what is not known."""

    label: StrOrPromise
    low: Decimal | None
    high: Decimal | None


GAPS = (
    Gap(_("我方更低或相同"), None, Decimal("0.01")),
    Gap(_("高 3,000 元以内"), Decimal("0.01"), Decimal(3000)),
    Gap(_("高 3,000–10,000 元"), Decimal(3000), Decimal(10000)),
    Gap(_("高 10,000 元及以上"), Decimal(10000), None),
    Gap(_("价格不明"), None, None),
)
UNKNOWN_GAP = len(GAPS) - 1


class Loss(NamedTuple):
    """One agreed loss. `asked` is the price of the card's last quote or order, `gap` is asked − competitor's price."""

    id: int
    reason: str
    rival: str
    rival_price: Decimal | None
    asked: Decimal | None
    gap: Decimal | None
    owner_id: int
    owner: str
    grade: str
    source_id: int | None
    source: str | None


def _asked() -> Subquery:
    """What our own last quote or order of the card asked."""
    deals = Deal.objects.filter(prospect=OuterRef("prospect")).order_by("-pk")
    return Subquery(deals.values("deal_price")[:1], output_field=_AMOUNT)


def _gap() -> ExpressionWrapper[Any]:
    return ExpressionWrapper(_asked() - F("competitor_price"), output_field=_AMOUNT)


def gap_condition(band: Gap) -> Q:
    """Applications whose price gap lies in the band."""
    if band.low is None and band.high is None:
        return Q(IsNull(_gap(), True))
    condition = Q()
    if band.low is not None:
        condition &= Q(GreaterThanOrEqual(_gap(), band.low))
    if band.high is not None:
        condition &= Q(LessThan(_gap(), band.high))
    return condition


def band_of(gap: Decimal | None) -> int:
    """The place of the band in `GAPS`."""
    if gap is None:
        return UNKNOWN_GAP
    for place, band in enumerate(GAPS[:UNKNOWN_GAP]):
        if (band.low is None or gap >= band.low) and (band.high is None or gap < band.high):
            return place
    return UNKNOWN_GAP


def loss_rows(*, reader: Any, store_id: int, period: Period, person_id: int | None = None) -> QuerySet[Any]:
    """The rows of `losses_agreed` with the price asked and the gap."""
    rows = LOSSES.rows_in(Scope((store_id,), person_id=person_id), period, reader)
    return rows.annotate(asked=_asked(), gap=_gap())


def losses_of(*, reader: Any = SYSTEM, store_id: int, period: Period, person_id: int | None = None) -> list[Loss]:
    """All agreed losses of the period within reach, in one statement."""
    rows = loss_rows(reader=reader, store_id=store_id, period=period, person_id=person_id)
    columns = "pk reason competitor_brand competitor_price asked gap owner_id owner__name grade".split()
    found = rows.order_by("decided_at", "pk").values_list(*columns, "prospect__source_id", "prospect__source__name")
    return [Loss(*row) for row in found]
