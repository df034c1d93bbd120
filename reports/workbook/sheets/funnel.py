"""漏斗与来源: from visitors to handed-over cars, the card identity of the month, grades, sources."""

from __future__ import annotations

from decimal import Decimal

from reports.workbook.book import Book, Sheet
from reports.workbook.columns import Column, Row
from reports.workbook.content import MonthContent

TITLE = "漏斗与来源"
KEY, CARDS_KEY, GRADES_KEY, SOURCES_KEY = "funnel", "cards", "grades", "sources"
FUNNEL = (
    Column("label", "环节", "text", 20),
    Column("unit", "单位", "centre", 10),
    Column("actual", "本月", "count", 12),
    Column("previous", "上月", "count", 12),
    Column("change", "环比", "change", 12, growth=("actual", "previous")),
    Column("last_year", "去年同期", "count", 12),
    Column("yoy", "同比", "change", 12, growth=("actual", "last_year")),
)
CARDS = (
    Column("label", "潜客增减", "text", 20),
    Column("unit", "单位", "centre", 10),
    Column("actual", "人数", "count", 12),
)
GRADES = (
    Column("label", "月末级别", "text", 20),
    Column("unit", "单位", "centre", 10),
    Column("actual", "存量", "count", 12, total=True),
)
SOURCES = (
    Column("label", "来源", "text", 20),
    Column("unit", "单位", "centre", 10),
    Column("cards", "建卡", "count", 12, total=True),
    Column("orders", "订单", "count", 12, total=True),
    Column("rate", "订单÷建卡", "percent", 12, share=("orders", "cards")),
)


def write(book: Book, content: MonthContent) -> None:
    """Four small tables under each other."""
    sheet = book.sheet(TITLE, widths=[c.width for c in FUNNEL], freeze="B5")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(FUNNEL)
    sheet.body(FUNNEL, content.rows(KEY), total=None)
    _cards(sheet, list(content.rows(CARDS_KEY)))
    _block(sheet, "月末潜客级别结构", GRADES, list(content.rows(GRADES_KEY)))
    _block(sheet, "客户来源", SOURCES, list(content.rows(SOURCES_KEY)))


def _block(sheet: Sheet, title: str, columns: tuple[Column, ...], rows: list[Row]) -> None:
    sheet.blank()
    sheet.line(title, "小标题", 22)
    sheet.head(columns)
    sheet.body(columns, rows)


def _cards(sheet: Sheet, rows: list[Row]) -> None:
    """Opening + new + reactivated − won − lost − dormant = closing: the last line is a formula over the others."""
    if not rows:
        return
    sheet.blank()
    sheet.line("潜客进销存（月初 + 新建 + 激活 − 成交 − 战败 − 休眠 = 月末）", "小标题", 22)
    sheet.head(CARDS)
    table = sheet.body(CARDS, rows, total=None)
    closing = sum((Decimal(row.get("actual") or 0) for row in rows), Decimal(0))
    cells = [sheet.cell("月末潜客", "合计_text"), sheet.cell("人", "合计_centre")]
    cells.append(sheet.formula(f"=SUM({table.range('actual')})", closing, "合计_count"))
    sheet.append(cells)
