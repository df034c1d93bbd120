"""战败分析: every loss of the month, and the same losses by reason, competitor, price gap, person, grade and source."""

from __future__ import annotations

from itertools import groupby

from reports.workbook.book import Book
from reports.workbook.columns import Column
from reports.workbook.content import MonthContent

TITLE = "战败分析"
KEY, DETAIL_KEY = "losses", "loss_detail"
DETAIL = (
    Column("decided_on", "同意日期", "date", 12),
    Column("customer", "客户", "text", 16),
    Column("consultant", "顾问", "text", 12),
    Column("reason", "原因", "text", 18),
    Column("rival", "成交品牌与车型", "text", 22),
    Column("rival_price", "竞品成交价", "money", 14),
    Column("asked", "我方报价", "money", 14),
    Column("gap", "价差", "money", 14),
    Column("grade", "申请时级别", "centre", 12),
    Column("source", "来源", "text", 16),
    Column("decided_by", "审批人", "text", 12),
    Column("count", "战败数", "count", 10, total=True),
)
GROUP = (
    Column("label", "项目", "text", 12),
    Column("losses", "战败数", "count", 16, total=True),
    Column("whole", "战败合计", "count", 12),
    Column("share", "占比", "percent", 18, share=("losses", "whole")),
)


def write(book: Book, content: MonthContent) -> None:
    """The list first, then one small table a group; every total is the same number."""
    sheet = book.sheet(TITLE, widths=[column.width for column in DETAIL], freeze="A5")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(DETAIL)
    sheet.filter_on(sheet.body(DETAIL, content.rows(DETAIL_KEY)), DETAIL)
    for title, members in groupby(content.rows(KEY), key=lambda row: row["group"]):
        lines = list(members)
        sheet.blank()
        sheet.line(str(title), "小标题", 22)
        sheet.head(GROUP)
        sheet.body(GROUP, lines, fixed={"whole": lines[0]["whole"]})
