"""版本差异: what a month that was opened and closed again shows otherwise than the version before (§4.8)."""

from __future__ import annotations

from dataclasses import replace

from reports.workbook.book import Book
from reports.workbook.columns import Column
from reports.workbook.content import MonthContent
from reports.workbook.sheets.summary import KINDS

TITLE = "版本差异"
KEY = "differences"
COLUMNS = (
    Column("label", "指标", "text", 18),
    Column("who", "范围", "text", 16),
    Column("unit", "单位", "centre", 8),
    Column("before", "上一版", "text", 18),
    Column("after", "本版", "text", 18),
    Column("gap", "差额", "text", 18),
)


def write(book: Book, content: MonthContent) -> None:
    """A line per changed figure, the store first; only in the workbook of a second or later version."""
    if content.version < 2:
        return
    sheet = book.sheet(TITLE, widths=[column.width for column in COLUMNS], freeze="B5", tab="B7791F")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(COLUMNS)
    changed = [row for row in content.rows(KEY) if content.profit or not row["profit"]]
    for row in changed:
        before, after = row.get("before"), row.get("after")
        gap = after - before if before is not None and after is not None else None
        kind = KINDS.get(row["unit"], "count")
        columns = [*COLUMNS[:3], *(replace(column, kind=kind) for column in COLUMNS[3:])]
        sheet.body(columns, [{**row, "gap": gap}], total=None)
    if not changed:
        sheet.line("与上一版相比，数字没有变化。")
    sheet.blank()
    sheet.line(f"第 {content.version} 版与第 {content.version - 1} 版比较。重开原因：{content.reopen_reason or '—'}")
    sheet.line("比率的差额为百分点之差（如 2.0% 表示高 2.0 个百分点）；空白表示该版没有这个数字。")
