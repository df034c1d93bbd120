"""口径说明: what every figure counts, in plain Chinese (§3.8 ⑮)."""

from __future__ import annotations

from dealership.core.cells import shown_width
from reports.workbook.book import Book
from reports.workbook.columns import Column
from reports.workbook.content import MonthContent

TITLE = "口径说明"
COLUMNS = (
    Column("label", "指标", "text", 18),
    Column("unit", "单位", "centre", 8),
    Column("explanation", "口径", "wrap", 100),
    Column("key", "代码", "text", 26),
)
RULES = (
    "业务日按北京时间 00:00–24:00；月按自然月。",
    "比率 = 分子合计 ÷ 分母合计，不对比率求和或平均；分母为零时单元格留空。",
    "人员、小组、门店以事件发生时为准；关账后的更正记入当月，不改变已关账月份。",
    "代收款（购置税、保费、上牌费）不计入本店回款。",
)


def write(book: Book, content: MonthContent) -> None:
    """Every figure of the registry, then the rules common to all."""
    sheet = book.sheet(TITLE, widths=[c.width for c in COLUMNS], freeze="B5", tab="8A97A8")
    sheet.heading(TITLE, content.note)
    sheet.head(COLUMNS)
    for item in content.definitions:
        lines = -(-shown_width(item.explanation) // 98)
        sheet.raw.row_dimensions[sheet.row + 1].height = max(18, 15 * lines + 4)
        row = {"label": item.label, "unit": item.unit, "explanation": item.explanation, "key": item.key}
        sheet.body(COLUMNS, [row], total=None)
    sheet.blank()
    sheet.line("通用规则", "小标题", 22)
    for rule in RULES:
        sheet.line(rule)
