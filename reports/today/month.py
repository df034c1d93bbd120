"""This month against its target and against the time that has gone (domain.md §3.3: attainment, pace)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.figure import Figure
from dealership.core.kpi import month_to_date
from dealership.core.money import ratio, show_ratio, show_wan
from dealership.core.periods import Period
from dealership.core.prepared import Question
from dealership.org.calendar import time_progress
from dealership.org.prepared import question_for
from reports.figures import Cut, grouped_many
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


TODAY_KEYS = ("traffic_total", "orders_gross", "retail_units")


class Month:
    """Figures of the month by day, read once: today's tiles and the month's come from the same answer.

    `also` is asked in the same message (figures.grouped_many).
    """

    def __init__(
        self, user: Any, store_ids: Collection[int], person_id: int | None = None, also: Iterable[Question] = ()
    ) -> None:
        self.user = user
        self.store_ids = store_ids
        self.person_id = person_id
        self.today = periods.today()
        wanted = {*KINDS, *(() if person_id else TODAY_KEYS)}
        cut = Cut(month_to_date(self.today), "day", wanted, person_id)
        asked = [targets_asked(user, store_ids, person_id), *also]
        self.days = grouped_many(reader=user, store_ids=store_ids, cuts=[cut], also=asked)[0]

    def today_tiles(self) -> list[Tile]:
        """The day so far."""
        figures = self.days.get(self.today, {})
        url, kpis = page("reports:board"), [BY_KEY[key] for key in TODAY_KEYS]
        return [
            Tile(_("今日%(label)s") % {"label": kpi.label}, _count(figures, kpi.key), str(kpi.unit), url=url)
            for kpi in kpis
        ]

    def tiles(self) -> list[Tile]:
        """One tile per figure: month to date, attainment, and red when it lags behind the time that has gone."""
        targets = dict(targets_asked(self.user, self.store_ids, self.person_id).rows())
        month = Period.containing("month", self.today)
        progress = ratio(*time_progress(month, self.today, min(self.store_ids, default=None)))
        tiles = [_tile(key, self._sum(key), targets.get(kind), progress) for key, kind in KINDS.items()]
        return [*tiles, Tile(_("时间进度"), show_ratio(progress), note=_("按日权重"))]

    def _sum(self, key: str) -> Decimal:
        found = (figures[key].numerator for figures in self.days.values() if key in figures)
        return sum((value or Decimal(0) for value in found), Decimal(0))


def _count(figures: dict[str, Figure], key: str) -> str:
    return f"{figures[key].value or 0:.0f}" if key in figures else "0"


def targets_asked(user: Any, store_ids: Collection[int], person_id: int | None) -> Question:
    """This month's targets by kind: of one person, or of all in the stores."""
    own = person_id is not None
    return question_for(user, _summed_targets, own, ids=(*store_ids, *([] if person_id is None else [person_id])))


def _summed_targets(user: Any, ids: Sequence[int], own: bool) -> QuerySet[Any, Any]:
    """Of the stores in `ids`; when `own`, of the person whose id is the last of them."""
    stores = ids[:-1] if own else ids
    rows = Target.objects.visible_to(user).filter(month=periods.today().replace(day=1), store_id__in=stores)
    if own:
        rows = rows.filter(person_id=ids[-1])
    return rows.order_by().values_list("kind").annotate(total=Sum("value"))


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
