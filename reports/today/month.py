"""This month against its target and against the time that has gone (domain.md §3.3: attainment, pace)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.kpi import month_to_date
from dealership.core.money import ratio, show_ratio, show_wan
from dealership.core.periods import Period
from dealership.org.calendar import time_progress
from reports.figures import totals
from reports.registry import BY_KEY
from reports.today.parts import Tile, page
from sales.choices import TargetKind
from sales.models import Target

KINDS = {
    "orders_gross": TargetKind.ORDERS,
    "retail_units": TargetKind.DELIVERIES,
    "sales_amount": TargetKind.SALES_AMOUNT,
    "new_cards": TargetKind.NEW_CARDS,
}


def month_tiles(
    user: Any, store_ids: Collection[int], *, person_id: int | None = None, keys: Collection[str] = tuple(KINDS)
) -> list[Tile]:
    """One tile per figure: month to date, attainment, and red when it lags behind the time that has gone."""
    today = periods.today()
    figures = totals(reader=user, store_ids=store_ids, period=month_to_date(today), keys=keys, person_id=person_id)
    targets = _targets(user, store_ids, person_id)
    elapsed, whole = time_progress(Period.containing("month", today), today, min(store_ids, default=None))
    progress = ratio(elapsed, whole)
    tiles = [_tile(key, figures[key].value, targets.get(KINDS[key]), progress) for key in keys if key in figures]
    return [*tiles, Tile(_("时间进度"), show_ratio(progress), note=_("按日权重"))]


def _targets(user: Any, store_ids: Collection[int], person_id: int | None) -> dict[str, Decimal]:
    rows = Target.objects.visible_to(user).filter(month=periods.today().replace(day=1), store_id__in=store_ids)
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    return dict(rows.order_by().values_list("kind").annotate(total=Sum("value")))


def _tile(key: str, value: Decimal | None, target: Decimal | None, progress: Decimal | None) -> Tile:
    kpi = BY_KEY[key]
    attained = ratio(value, target)
    late = attained is not None and progress is not None and attained < progress
    is_money = kpi.unit == "元"
    shown = show_wan(value) if is_money else f"{value or 0:.0f}"
    wanted = "" if target is None else (show_wan(target) if is_money else f"{target:.0f}")
    note = _("目标 %(target)s · 达成 %(share)s") % {"target": wanted, "share": show_ratio(attained)} if wanted else ""
    label = _("本月%(label)s") % {"label": kpi.label}
    return Tile(label, shown, "" if is_money else str(kpi.unit), note, page("reports:board"), is_late=late)
