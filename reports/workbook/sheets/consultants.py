"""顾问业绩: person by figure; every rate is a formula of two columns beside it."""

from __future__ import annotations

from reports.workbook.book import Book, Table
from reports.workbook.columns import Column, visible
from reports.workbook.content import MonthContent

TITLE = "顾问业绩"
KEY = "people"
COLUMNS = (
    Column("person", "销售顾问", "text", 11),
    Column("team", "小组", "text", 9),
    Column("first_visits", "首次到店", "count", 9, total=True),
    Column("capture_base", "应留资", "count", 8, total=True),
    Column("captured", "已留资", "count", 8, total=True),
    Column("capture_rate", "留资率", "percent", 9, share=("captured", "capture_base")),
    Column("new_cards", "建卡", "count", 8, total=True),
    Column("follow_ups", "回访量", "count", 9, total=True),
    Column("due", "应跟进", "count", 9, total=True),
    Column("on_time", "及时跟进", "count", 9, total=True),
    Column("on_time_rate", "跟进及时率", "percent", 10, share=("on_time", "due")),
    Column("orders", "订单", "count", 8, total=True),
    Column("net_orders", "净订单", "count", 8, total=True),
    Column("closing_rate", "成交率", "percent", 9, share=("orders", "closing_base")),
    Column("closing_base", "成交率基数", "count", 10, total=True),
    Column("delivery_target", "交车目标", "count", 9, total=True),
    Column("deliveries", "交车", "count", 8, total=True),
    Column("attainment", "交车达成", "percent", 9, share=("deliveries", "delivery_target")),
    Column("amount_target", "销售额目标", "money", 16, total=True),
    Column("sales_amount", "销售额", "money", 16, total=True),
    Column("amount_attainment", "销售额达成", "percent", 10, share=("sales_amount", "amount_target")),
    Column("receipts", "回款额", "money", 16, total=True),
    Column("gp_units", "计毛利台数", "count", 9, total=True, profit=True),
    Column("gross_profit", "整车毛利", "money", 14, total=True, profit=True),
    Column("gp_per_unit", "单车毛利", "money", 12, profit=True, share=("gross_profit", "gp_units")),
)


def write(book: Book, content: MonthContent) -> Table:
    """People in the order of their handed-over cars; the last row is the store."""
    columns = visible(COLUMNS, profit=content.profit)
    sheet = book.sheet(TITLE, widths=[c.width for c in columns], freeze="B5")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(columns)
    table = sheet.body(columns, content.rows(KEY), total="门店合计")
    sheet.filter_on(table, columns)
    sheet.blank()
    sheet.line("数字计入事件发生时的顾问与小组；人员调动不改变历史。“未归属”为没有负责人的客流等记录。")
    return table
