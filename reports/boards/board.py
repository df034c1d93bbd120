"""The live board: today and the month so far, within the reader's reach (product.md §6, R-TGT)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core import periods
from dealership.core.figure import UNKNOWN, Figure
from dealership.core.kpi import month_to_date
from dealership.core.money import ratio, show_ratio
from dealership.core.periods import Period
from dealership.core.prepared import Question
from dealership.org import calendar
from dealership.org.policy import policy
from leads.choices import GRADE_TONE, OPEN_GRADES
from reports import figures
from reports.boards.blocks import Block, Cell, Place, added, series
from reports.cuts import NO_SOURCE, age_text
from reports.registry import BY_KEY
from reports.selectors import breakdowns
from reports.selectors.month_rows import age_band, age_bands

TODAY_KEYS = ("traffic_total", "first_visits", "new_cards", "follow_up_count", "orders_gross", "delivery_units")
# step, figure, which side of it: each step is part of the one before, so cards from calls and leads are no step.
FUNNEL = (
    (gettext_lazy("客流总数"), "traffic_total", "numerator"),
    (gettext_lazy("首次到店"), "first_visits", "numerator"),
    (gettext_lazy("首次到店有档"), "closing_rate", "denominator"),
    (gettext_lazy("订单"), "orders_gross", "numerator"),
    (gettext_lazy("交车"), "delivery_units", "numerator"),
)
DAY_KEYS = tuple(dict.fromkeys((*TODAY_KEYS, *(key for _name, key, _s in FUNNEL))))
STATE_KEYS = ("prospects_by_grade", "overdue_follow_ups", "stock_units", "target_attainment")
RANK_KEYS = ("new_cards", "orders_gross", "delivery_units")
DRAWN_SOURCES = 9
UNRECORDED = gettext_lazy("这一天没有留存记录，无法还原。")
BAND_TONES = ["green", "yellow", "orange", "red", "dark"]
ByDay = dict[dt.date, figures.Figures]


@dataclass(frozen=True)
class Stat:
    """One tile: label, value with unit, a note under it, the rows it opens."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Board:
    """Everything the template shows."""

    day: dt.date
    tiles: list[Stat]
    pace: list[Stat]
    blocks: list[Block]
    is_empty: bool


def board_of(*, reader: Any, store_id: int) -> Board:
    """Today's board of a store; the rows of each number are those the reader reaches."""
    today = periods.today()
    month = month_to_date(today)
    also = breakdowns.both_asked(reader=reader, store_id=store_id, cards=month, stock=Period.day(today))
    more = [figures.Cut(month, "part", STATE_KEYS)]
    days, people, (state,) = collected(
        reader=reader, store_id=store_id, period=month, keys=DAY_KEYS, more=more, also=also
    )
    place = Place(store_id, f"{today:%Y-%m}")
    whole = state.get("", {})
    blocks = [
        daily_block(days, place, _target(whole), until=today),
        funnel_block(days, place, today),
        grade_block(state, place),
        source_block(reader, month, place),
        stock_block(reader, place, Period.day(today)),
        ranking_block(people, breakdowns.people_names([pk for pk in people if pk]), place),
    ]
    tiles = [_tile(key, days, place, today) for key in TODAY_KEYS if key in days[today]]
    is_empty = not any(block.has_data for block in blocks)
    return Board(today, tiles, _pace(whole, place, today), [block for block in blocks if block.heads], is_empty)


class Collected(NamedTuple):
    """The figures by day, the ranking figures by person, and the answers of the other cuts."""

    days: ByDay
    people: dict[Any, figures.Figures]
    more: list[dict[Any, figures.Figures]]


def collected(
    *, reader: Any, store_id: int, period: Period, keys: Collection[str], person_id: int | None = None,
    more: Sequence[figures.Cut] = (), also: Iterable[Question] = (),
) -> Collected:  # fmt: skip
    """The figures of a page, asked for in one message with `also`; by day they are one person's, when given.

    Finished days come from facts; today is asked live once, by person, and serves both.
    """
    today = periods.today()
    finished = Period(period.start, min(period.end, today), "month")
    past = [figures.Cut(finished, "day", keys, person_id), figures.Cut(finished, "person", RANK_KEYS)]
    cuts = past if finished.start < finished.end else []
    now = [figures.Cut(Period.day(today), "person", keys)] if period.contains(today) else []
    tables = figures.grouped_many(reader=reader, store_ids=[store_id], cuts=[*cuts, *now, *more], also=also)
    others = [tables.pop() for _cut in more][::-1]
    days: ByDay = {}
    people: dict[Any, figures.Figures] = {}
    if cuts:
        days, people = tables[:2]
    if now:
        live = tables[-1]
        whose = [found for pk, found in live.items() if person_id in (None, pk)]
        kpis = figures.readable_kpis(reader, [store_id], keys)
        days[today] = {kpi.key: added(kpi, [found[kpi.key] for found in whose if kpi.key in found]) for kpi in kpis}
        people = _with_today(people, live)
    return Collected(days, people, others)


def _with_today(people: dict[Any, figures.Figures], live: dict[Any, figures.Figures]) -> dict[Any, figures.Figures]:
    return {
        pk: {
            key: added(BY_KEY[key], [found[key] for found in (people.get(pk, {}), live.get(pk, {})) if key in found])
            for key in RANK_KEYS
        }
        for pk in people.keys() | live.keys()
    }


def _target(whole: figures.Figures) -> Decimal | None:
    figure = whole.get("target_attainment")
    return (figure.denominator or None) if figure else None


def sum_of(days: ByDay, key: str) -> Figure:
    """A figure over all the days."""
    return added(BY_KEY[key], [found[key] for found in days.values() if key in found])


def _tile(key: str, days: ByDay, place: Place, today: dt.date) -> Stat:
    kpi = BY_KEY[key]
    now = days.get(today, {}).get(key)
    note = _("本月 %(value)s") % {"value": kpi.show(sum_of(days, key).value)}
    url = place.url(key, period=today.isoformat())
    return Stat(str(kpi.label), kpi.show(now.value if now else Decimal(0)), kpi.unit, note, url)


def _pace(whole: figures.Figures, place: Place, today: dt.date) -> list[Stat]:
    """Attainment against the share of the month that is over, and what waits now."""
    stats: list[Stat] = []
    attained = whole.get("target_attainment")
    if attained is not None:
        progress = ratio(*calendar.time_progress(Period.containing("month", today), today, place.store_id))
        gap = attained.value - progress if attained.value is not None and progress is not None else None
        note = _("目标 %(value)s 台") % {"value": BY_KEY["delivery_units"].show(attained.denominator or None)}
        url = place.url("target_attainment")
        stats.append(Stat(_("零售达成率"), show_ratio(attained.value), note=note, url=url))
        stats.append(Stat(_("时间进度"), show_ratio(progress), note=_("按工作日、周末权重")))
        points = BY_KEY["pace_gap"].show(gap).removesuffix("个百分点")
        stats.append(Stat(_("进度差"), points, "" if gap is None else _("个百分点"), _("达成率 − 时间进度")))
    for key in ("overdue_follow_ups", "stock_units"):
        if key in whole:
            kpi = BY_KEY[key]
            stats.append(Stat(str(kpi.label), kpi.show(whole[key].value), kpi.unit, url=place.url(key)))
    return stats


# --- blocks -------------------------------------------------------------------------------------
def funnel_block(days: ByDay, place: Place, today: dt.date | None) -> Block:
    """The steps from visitors to handed-over cars: today (when given) beside the month."""
    steps = [step for step in FUNNEL if any(step[1] in found for found in days.values())]
    month = [_step(sum_of(days, key), side) for _name, key, side in steps]
    rows = []
    for position, (label, key, side) in enumerate(steps):
        cells = [Cell(str(label), number=False)]
        if today is not None:
            now = _step(days.get(today, {}).get(key), side)
            cells.append(Cell(f"{now:f}", place.url(key, side=side, period=today.isoformat())))
        cells.append(Cell(f"{month[position]:f}", place.url(key, side=side)))
        cells.append(Cell(show_ratio(ratio(month[position], month[position - 1]) if position else None)))
        rows.append(cells)
    heads = [_("环节"), *([_("今日")] if today else []), _("本月"), _("转化")]
    chart: dict[str, Any] = {"kind": "funnel", "categories": [str(label) for label, _k, _s in steps]}
    chart["series"] = [series(_("本月"), list(month), "azure")]
    note = _("转化 = 本环节 ÷ 上一环节；首次到店有档 = 首次到店并留档 + 已建卡首次到店。")
    empty = _("本月还没有客流和订单。")
    return Block("funnel", _("销售漏斗"), _("从客流到交车，本月累计"), heads, rows, chart, note=note, empty=empty)


def _step(figure: Figure | None, side: str) -> Decimal:
    value = getattr(figure, side) if figure is not None else None
    return (value or Decimal(0)).to_integral_value()


def daily_block(days: ByDay, place: Place, target: Decimal | None, *, until: dt.date) -> Block:
    """Orders and hand-overs by day; the dashed line is the month's target spread by day weights."""
    month = Period.containing("month", until)
    pace = _daily_pace(month, place.store_id, target)
    rows: list[list[Cell]] = []
    columns: tuple[list[Any], list[Any]] = ([], [])
    sums, due = [Decimal(0), Decimal(0)], Decimal(0)
    for position, day in enumerate(month.days()):
        counts = [days.get(day, {}).get(key) for key in ("orders_gross", "delivery_units")]
        values = [figure.numerator if figure else None for figure in counts]
        for column, value in zip(columns, values, strict=True):
            column.append(value if day > until else value or Decimal(0))
        if day > until:
            continue
        sums = [total + (value or Decimal(0)) for total, value in zip(sums, values, strict=True)]
        due += pace[position] if pace else Decimal(0)
        cells = [Cell(periods.day_label(day), number=False)]
        for key, value in zip(("orders_gross", "delivery_units"), values, strict=True):
            cells.append(Cell(BY_KEY[key].show(value or Decimal(0)), place.url(key, period=day.isoformat())))
        rows.append([*cells, Cell(BY_KEY["delivery_units"].show(sums[1])), Cell(_one(due) if pace else "—")])
    lines = [series(_("订单"), columns[0], "azure"), series(_("交车"), columns[1], "green")]
    if pace:
        lines.append(series(_("交车配速"), list(pace), "orange", "line"))
    chart: dict[str, Any] = {"kind": "columns", "categories": [f"{day:%-d}日" for day in month.days()], "series": lines}
    heads = [_("日期"), _("订单"), _("交车"), _("累计交车"), _("应交累计")]
    note = (
        _("应交累计 = 本月交车目标按日权重分摊（周末、节假日、月末权重见门店政策）。")
        if pace
        else _("本月没有下达交车目标。")
    )
    empty = _("本月还没有订单和交车。")
    return Block(
        "daily",
        _("每日订单与交车"),
        _("每日订单、交车与目标配速"),
        heads,
        rows[::-1],
        chart,
        note=note,
        empty=empty,
        is_wide=True,
    )


def _one(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.1")))


def _daily_pace(month: Period, store_id: int, target: Decimal | None) -> list[Decimal]:
    if not target:
        return []
    weights = [calendar.day_weight(day, store_id) for day in month.days()]
    whole = sum(weights, Decimal(0))
    return [target * weight / whole for weight in weights] if whole else []


def grade_block(state: dict[Any, figures.Figures], place: Place) -> Block:
    """Open cards by grade, each row with its cards."""
    key = "prospects_by_grade"
    is_known = added(BY_KEY[key], [found[key] for found in state.values() if key in found]) != UNKNOWN
    counts = [_numerator(state.get(grade.value, {}), key) for grade in OPEN_GRADES]
    whole = sum(counts, Decimal(0))
    rows = [
        [
            Cell(str(grade.label), number=False),
            Cell(f"{count:f}", place.url(key, cut=grade.value)),
            Cell(show_ratio(ratio(count, whole))),
        ]
        for grade, count in zip(OPEN_GRADES, counts, strict=True)
    ]
    tones = [GRADE_TONE[grade] for grade in OPEN_GRADES]
    chart: dict[str, Any] = {"kind": "bars", "categories": [str(grade.label) for grade in OPEN_GRADES]}
    chart["series"] = [series(_("存量"), counts, tones)]
    foot = [Cell(_("合计"), number=False), Cell(f"{whole:f}", place.url(key)), Cell("")]
    heads = [_("级别"), _("存量"), _("占比")]
    return Block(
        "grades",
        _("潜客级别结构"),
        _("在跟意向客户按级别"),
        heads,
        rows,
        chart,
        foot,
        empty=str(_("还没有在跟的意向客户。") if is_known else UNRECORDED),
    )


def _numerator(found: figures.Figures, key: str) -> Decimal:
    figure = found.get(key)
    return (figure.numerator or Decimal(0)).to_integral_value() if figure else Decimal(0)


def source_block(reader: Any, period: Period, place: Place) -> Block:
    """New cards of the month by first source."""
    found = breakdowns.cards_by_source(reader=reader, store_id=place.store_id, period=period, person_id=place.person_id)
    whole = sum(source.cards for source in found)
    rows = [
        [
            Cell(source.name, number=False),
            Cell(str(source.cards), place.url("new_cards", cut=str(source.id or NO_SOURCE))),
            Cell(show_ratio(ratio(source.cards, whole))),
        ]
        for source in found
    ]
    drawn = [(source.name, source.cards) for source in found[:DRAWN_SOURCES]]
    if rest := sum(source.cards for source in found[DRAWN_SOURCES:]):
        drawn.append((_("其余来源"), rest))
    chart: dict[str, Any] = {
        "kind": "bars",
        "categories": [name for name, _count in drawn],
        "series": [series(_("建卡"), [count for _name, count in drawn], "teal")],
    }
    foot = [Cell(_("合计"), number=False), Cell(str(whole), place.url("new_cards")), Cell("")]
    heads = [_("来源"), _("建卡"), _("占比")]
    return Block("sources", _("客户来源"), _("本月建卡按来源"), heads, rows, chart, foot, empty=_("本月还没有建卡。"))


def ranking_block(people: dict[Any, figures.Figures], names: dict[int, str], place: Place) -> Block:
    """People within the reader's reach by handed-over cars, then orders."""
    named = [pk for pk in names if pk in people]
    order = sorted(named, key=lambda pk: tuple(-_numerator(people[pk], key) for key in reversed(RANK_KEYS)))
    rows = []
    for pk in order:
        cells = [Cell(names[pk], number=False)]
        cells += [Cell(f"{_numerator(people[pk], key):f}", place.url(key, person_id=pk)) for key in RANK_KEYS]
        rows.append(cells)
    drawn = [pk for pk in order if any(_numerator(people[pk], key) for key in ("orders_gross", "delivery_units"))]
    chart: dict[str, Any] = {"kind": "bars", "categories": [names[pk] for pk in drawn]}
    chart["series"] = [
        series(_("订单"), [_numerator(people[pk], "orders_gross") for pk in drawn], "azure"),
        series(_("交车"), [_numerator(people[pk], "delivery_units") for pk in drawn], "green"),
    ]
    heads = [_("顾问"), _("建卡"), _("订单"), _("交车")]
    empty = _("本月还没有顾问业绩。")
    return Block("ranking", _("顾问排名"), _("本月按交车、订单排序"), heads, rows, chart, empty=empty, is_wide=True)


def stock_block(reader: Any, place: Place, period: Period) -> Block:
    """Cars standing in the store by age band (§3.6), each band with its cars."""
    ages = breakdowns.stock_ages(reader=reader, store_id=place.store_id, period=period)
    if ages is None:
        return Block("stock", "", "", [], [])
    is_known = figures.is_recorded([place.store_id], period)
    limits = policy("stock.age_bands", place.store_id)
    bands = age_bands(limits)
    counts = dict.fromkeys((band.name for band in bands), 0)
    for days, count in ages if is_known else ():
        counts[age_band(days, limits)] += count
    whole = sum(counts.values())
    rows = [
        [
            Cell(band.name, number=False),
            Cell(str(counts[band.name]), place.url("stock_units", cut=age_text(band.low, band.high))),
            Cell(show_ratio(ratio(counts[band.name], whole))),
        ]
        for band in bands
    ]
    chart: dict[str, Any] = {
        "kind": "bars",
        "categories": list(counts),
        "series": [series(_("台数"), list(counts.values()), BAND_TONES)],
    }
    foot = [Cell(_("合计"), number=False), Cell(str(whole), place.url("stock_units")), Cell("")]
    heads = [_("库龄"), _("台数"), _("占比")]
    empty = str(_("没有在库车辆。") if is_known else UNRECORDED)
    return Block("stock", _("库存库龄"), _("期末在库车辆按到库天数"), heads, rows, chart, foot, empty=empty)
