"""销售汇总: series by figure and the store's total, with target, last month and last year (§3.8 ②)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from reports.workbook.book import Book, Sheet, Table
from reports.workbook.columns import Column, Kind, Row
from reports.workbook.content import MonthContent

TITLE = "销售汇总"
KEY, STORE_KEY = "series", "store"
KINDS: dict[str, Kind] = {
    "元": "money", "元/台": "money", "%": "percent", "天": "decimal", "分钟": "decimal", "次/天": "decimal",
    "元/天": "money", "台/人": "decimal",
}  # fmt: skip


def columns_for(unit: str) -> tuple[Column, ...]:
    """The same columns for every figure; numbers follow the figure's unit."""
    kind = KINDS.get(unit, "count")
    sums = unit not in ("%", "元/台", "元/天", "台/人", "天", "分钟", "次/天")
    return (
        Column("label", "指标", "text", 14),
        Column("series", "车系", "text", 16),
        Column("unit", "单位", "centre", 7),
        Column("target", "目标", kind, 16),
        Column("actual", "实绩", kind, 16, total=sums),
        Column("attainment", "达成率", "percent", 10, share=("actual", "target")),
        Column("previous", "上月", kind, 16, total=sums, optional=True),
        Column("mom", "环比", "change", 12, growth=("actual", "previous")),
        Column("last_year", "去年同期", kind, 16, total=sums, optional=True),
        Column("yoy", "同比", "change", 12, growth=("actual", "last_year")),
    )


def write(book: Book, content: MonthContent) -> dict[str, Table]:
    """Figures of the whole store first, then each series figure with its total row. Answers the tables by figure."""
    plain = columns_for("台")
    sheet = book.sheet(TITLE, widths=[c.width for c in plain], freeze="C5")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head([replace(column, kind="text") for column in plain])
    _store(sheet, [row for row in content.rows(STORE_KEY) if content.profit or not row["profit"]])
    tables = {}
    for key, rows in groupby(content.rows(KEY), key=lambda row: row["key"]):
        found = list(rows)
        sheet.blank()
        sheet.line(f"{found[0]['label']}（按车系）", "小标题", 22)
        tables[key] = _series(sheet, found)
    sheet.blank()
    sheet.line(content.compare_note)
    sheet.line("目标按顾问下达，门店目标为各顾问之和；车系不单独下达目标。比率的同比、环比为百分点之差，不是增长率。")
    return tables


def _store(sheet: Sheet, rows: Iterable[Row]) -> None:
    """One line per figure. Ratios compare by difference in percentage points, amounts by growth."""
    for row in rows:
        columns = columns_for(row["unit"])
        if row["unit"] == "%":
            columns = tuple(_as_points(column) for column in columns)
            row |= {"mom": _minus(row, "previous"), "yoy": _minus(row, "last_year")}
        sheet.body(columns, [{**row, "series": "门店合计"}], total=None)


def _as_points(column: Column) -> Column:
    return replace(column, growth=None, kind="points") if column.growth else column


def _minus(row: Row, other: str) -> object:
    actual, before = row.get("actual"), row.get(other)
    return None if actual is None or before is None else (actual - before) * 100


def _series(sheet: Sheet, rows: list[Row]) -> Table:
    columns = columns_for(rows[0]["unit"])
    target = rows[0].get("store_target")
    return sheet.body(columns, rows, fixed={"target": target, "unit": rows[0]["unit"]}, total="门店合计")
