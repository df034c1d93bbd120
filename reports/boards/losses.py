"""战败分析: why customers of a month were lost, to whom, at which price, and how true their grades were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.money import ratio, show_ratio, show_wan
from dealership.core.periods import Period
from leads.choices import OPEN_GRADES, Grade
from leads.loss_choices import LossReason
from reports import figures
from reports.boards.blocks import Block, Cell, Place, series
from reports.boards.board import Stat
from reports.cuts import NO_SOURCE
from reports.registry import BY_KEY
from reports.selectors.grade_weeks import GradeWeek, grade_weeks
from reports.selectors.losses import GAPS, Loss, band_of, losses_of

KEY = "losses_agreed"
TILES = (
    KEY, "loss_applications", "loss_rate", "loss_reject_rate", "loss_clear_rate", "subjective_loss_share",
)  # fmt: skip
DRAWN = 10


@dataclass(frozen=True)
class LossPage:
    """Everything the template shows."""

    tiles: list[Stat]
    blocks: list[Block]
    people: list[tuple[int, str]]


@dataclass(frozen=True)
class _Line:
    """One line of a table: label, number of losses, what its rows are narrowed by, a second column."""

    label: str
    count: int
    url: str
    more: str = ""


def loss_page(*, reader: Any, store_id: int, month: Period, person_id: int | None = None) -> LossPage:
    """A month's losses within the reader's reach; a running month up to today."""
    period = month.until(periods.today()) if month.end > periods.today() else month
    whose: dict[str, Any] = {"reader": reader, "store_ids": [store_id], "person_id": person_id}
    found = figures.totals(**whose, period=period, keys=TILES)
    place = Place(store_id, month.code, person_id)
    losses = losses_of(reader=reader, store_id=store_id, period=period, person_id=person_id)
    weeks = grade_weeks(reader=reader, store_id=store_id, period=period, person_id=person_id)
    people = sorted({(row.owner_id, row.owner) for row in losses})
    tiles = [_tile(key, found, place) for key in TILES if key in found]
    return LossPage(tiles, [*_blocks(losses, place), grade_block(weeks, place)], people)


def _tile(key: str, found: figures.Figures, place: Place) -> Stat:
    kpi = BY_KEY[key]
    unit = "" if kpi.unit == "%" else kpi.unit
    return Stat(str(kpi.label), kpi.show(found[key].value), unit, url=place.url(key))


def _blocks(losses: list[Loss], place: Place) -> list[Block]:
    def cut(kind: str) -> Callable[[Any], str]:
        return lambda value: place.url(KEY, cut=f"{kind}-{value}")

    reasons = Counter(row.reason for row in losses)
    grades = Counter(row.grade for row in losses)
    gaps = Counter(band_of(row.gap) for row in losses)
    owners = Counter((row.owner_id, row.owner) for row in losses)
    sources = Counter((row.source_id or NO_SOURCE, row.source or _("未填写")) for row in losses)
    return [
        _block("reasons", _("按原因"), _("原因"), [
            _Line(str(LossReason(key).label), n, cut("reason")(key)) for key, n in reasons.most_common()
        ], place),
        _rivals(losses, cut("rival"), place),
        _block("gaps", _("按价差"), _("我方报价 − 竞品成交价"), [
            _Line(str(band.label), gaps[number], cut("gap")(number)) for number, band in enumerate(GAPS)
        ], place, note=_("我方报价取该客户最近一份报价或订单的成交价；没有报价或没填竞品成交价的为价格不明。")),
        _block("owners", _("按顾问"), _("顾问"), [
            _Line(name, n, place.url(KEY, person_id=pk)) for (pk, name), n in owners.most_common()
        ], place),
        _block("grades", _("按申请时级别"), _("级别"), [
            _Line(str(Grade(grade).label), grades[grade], cut("grade")(grade.value)) for grade in OPEN_GRADES
        ], place),
        _block("sources", _("按来源"), _("来源"), [
            _Line(name, n, cut("source")(pk)) for (pk, name), n in sources.most_common()
        ], place),
    ]  # fmt: skip


def _rivals(losses: list[Loss], cut: Callable[[Any], str], place: Place) -> Block:
    """By the brand that was bought, with what it was sold for on average."""
    count = Counter(row.rival for row in losses if row.rival)
    lines = []
    for brand, n in count.most_common():
        prices = [row.rival_price for row in losses if row.rival == brand and row.rival_price is not None]
        mean = ratio(sum(prices, Decimal(0)), len(prices))
        lines.append(_Line(brand, n, cut(brand), show_wan(mean) if mean is not None else "—"))
    if unnamed := len(losses) - sum(count.values()):
        lines.append(_Line(_("未填竞品"), unnamed, cut(""), "—"))
    return _block("rivals", _("按竞品"), _("成交品牌"), lines, place, more=_("平均成交价"))


def _block(
    name: str, title: str, head: str, lines: list[_Line], place: Place, *, note: str = "", more: str = ""
) -> Block:  # fmt: skip
    whole = sum(line.count for line in lines)
    rows = []
    for line in lines:
        cells = [Cell(line.label, number=False), Cell(str(line.count), line.url)]
        cells.append(Cell(show_ratio(ratio(line.count, whole))))
        rows.append([*cells, Cell(line.more)] if more else cells)
    foot = [Cell(_("合计"), number=False), Cell(str(whole), place.url(KEY)), Cell(""), *([Cell("")] if more else [])]
    chart: dict[str, Any] = {"kind": "bars", "categories": [line.label for line in lines[:DRAWN]]}
    chart["series"] = [series(_("战败数"), [line.count for line in lines[:DRAWN]], "red")]
    heads = [head, _("战败数"), _("占比"), *([more] if more else [])]
    return Block(name, title, title, heads, rows, chart, foot, note=note, empty=_("本月没有同意的战败。"))


def grade_block(weeks: list[GradeWeek], place: Place) -> Block:
    """H at the start of each finished week: how many ordered, how many did not even come (级别虚高)."""

    def url(week: GradeWeek, side: str) -> str:
        asked: dict[str, Any] = {"store": place.store_id, "week": week.monday.isoformat(), "side": side}
        if place.person_id:
            asked["person"] = place.person_id
        return f"{reverse('reports:grade_rows')}?{urlencode(asked)}"

    rows = [
        [
            Cell(periods.day_label(week.monday), number=False),
            Cell(str(week.held), url(week, "held")),
            Cell(str(week.ordered), url(week, "ordered")),
            Cell(show_ratio(ratio(week.ordered, week.held))),
            Cell(str(week.idle), url(week, "idle")),
            Cell(show_ratio(ratio(week.idle, week.held))),
        ]
        for week in weeks
    ]
    chart: dict[str, Any] = {"kind": "columns", "categories": [periods.day_label(week.monday) for week in weeks]}
    chart["series"] = [
        series(_("H级"), [week.held for week in weeks], "azure"),
        series(_("7天内下订"), [week.ordered for week in weeks], "green"),
        series(_("虚高"), [week.idle for week in weeks], "red"),
    ]
    note = _("周一零时为 H 级的客户：7 天内下订的占比为级别准确率；7 天内既没下订也没到店的为虚高。只列已满 7 天的周。")
    heads = [_("周一"), _("H级"), _("7天内下订"), _("准确率"), _("虚高"), _("虚高占比")]
    empty = _("本月还没有满 7 天的周，或周一没有 H 级客户。")
    return Block("weeks", _("级别准确与虚高"), _("按周"), heads, rows, chart, note=note, empty=empty, is_wide=True)
