"""来源分析: source → leads → cards → first visits → test drives → orders → money, with cost per order and return."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core import periods
from dealership.core.money import ratio, show_money, show_ratio, show_wan
from dealership.core.periods import Period
from dealership.org.models import Store
from reports.boards.blocks import Block, Cell, Place, series
from reports.cuts import NO_SOURCE
from reports.selectors.sources import STEPS, SourceLine, source_lines, steps_seen, total_of

TITLES = {
    "leads": gettext_lazy("线索"),
    "cards": gettext_lazy("建卡"),
    "visits": gettext_lazy("首次到店"),
    "drives": gettext_lazy("试驾"),
    "orders": gettext_lazy("订单"),
}
DRAWN = 10


def source_block(*, reader: Any, store: Store, month: Period) -> Block:
    """The table of a month within the reader's reach; a running month up to today."""
    period = month.until(periods.today()) if month.end > periods.today() else month
    place, steps = Place(store.pk, month.code), steps_seen(reader)
    lines = source_lines(reader=reader, store_id=store.pk, group_id=store.group_id, period=period)
    has_orders = "orders" in steps
    rows = [_row(line, steps, place) for line in lines]
    foot = [Cell(_("合计"), number=False)]
    foot += [Cell(str(total_of(lines, step)), place.url(STEPS[step][0])) for step in steps]
    paid = [line for line in lines if line.cost is not None]
    foot += _money(_whole(lines, has_orders), place, _whole(paid, has_orders))
    heads = [_("首次来源"), *(str(TITLES[step]) for step in steps)]
    heads += [_("订单÷建卡"), _("订单金额")] if has_orders else []
    heads += [_("费用"), *([_("单车获客成本"), _("投入产出")] if has_orders else [])]
    drawn = lines[:DRAWN]
    chart: dict[str, Any] = {"kind": "bars", "categories": [line.name or _("未填写") for line in drawn]}
    tones = {"cards": "teal", "orders": "azure"}
    chart["series"] = [
        series(str(TITLES[step]), [line.counts[step] for line in drawn], tone)
        for step, tone in tones.items() if step in steps
    ]  # fmt: skip
    note = _(
        "按线索或意向卡的首次来源计，各环节按本月发生数；费用为本月结束的活动实际费用，没有填写的显示“—”。"
        "投入产出 = 订单合同金额 ÷ 费用；合计的单车获客成本、投入产出只算有费用的来源。"
    )
    empty = _("本月还没有线索、建卡和订单。")
    return Block("channels", _("来源分析"), month.label, heads, rows, chart, foot, note=note, empty=empty, is_wide=True)


def _row(line: SourceLine, steps: list[str], place: Place) -> list[Cell]:
    cut = str(line.id or NO_SOURCE)
    cells = [Cell(line.name or _("未填写"), number=False)]
    cells += [Cell(str(line.counts[step]), place.url(STEPS[step][0], cut=cut)) for step in steps]
    return [*cells, *_money(line, place)]


def _money(line: SourceLine, place: Place, paid: SourceLine | None = None) -> list[Cell]:
    """Conversion, money, cost and what follows from them; the cost opens the campaigns.

    `paid`: what the money bought, where that is not the whole line; then the cost per order is the KPI's of that name.
    """
    campaigns = f"{reverse('leads:campaign_list')}?store={place.store_id}&month={place.period}"
    campaigns += f"&source={line.id}" if line.id else ""
    cost = Cell(show_money(line.cost) if line.cost is not None else "—", campaigns if line.cost is not None else "")
    if line.money is None:
        return [cost]
    orders = Decimal(line.counts["orders"])
    bought = line if paid is None else paid
    per_order, back = ratio(bought.cost, bought.counts["orders"]), ratio(bought.money, bought.cost)
    return [
        Cell(show_ratio(ratio(orders, line.counts.get("cards", 0)))),
        Cell(show_wan(line.money)),
        cost,
        Cell(show_money(per_order) if per_order is not None else "—"),
        Cell(f"{back:.1f}" if back is not None else "—"),
    ]


def _whole(lines: list[SourceLine], has_orders: bool) -> SourceLine:
    costs = [line.cost for line in lines if line.cost is not None]
    counts = {step: total_of(lines, step) for step in STEPS}
    money = sum((line.money or Decimal(0) for line in lines), Decimal(0)) if has_orders else None
    return SourceLine(None, "", counts, money, sum(costs, Decimal(0)) if costs else None)
