"""车辆明细: one row per car invoiced or handed over in the month (domain.md §3.8 ④)."""

from __future__ import annotations

from reports.workbook.book import Book, Table
from reports.workbook.columns import Column, visible
from reports.workbook.content import MonthContent

TITLE = "车辆明细"
KEY = "vehicles"
COLUMNS = (
    Column("no", "序号", "centre", 6),
    Column("number", "订单号", "text", 19),
    Column("series", "车系", "text", 12),
    Column("configuration", "车型", "text", 20),
    Column("vin", "车架号", "text", 20),
    Column("colour", "颜色", "text", 9),
    Column("customer", "客户名称", "text", 12),
    Column("phone", "客户电话", "text", 13),
    Column("consultant", "销售顾问", "text", 10),
    Column("mode", "付款方式", "centre", 9),
    Column("arrived_on", "到店日期", "date", 11),
    Column("invoiced_on", "开票日期", "date", 11),
    Column("delivered_on", "交车日期", "date", 11),
    Column("invoiced", "本月开票", "count", 9, total=True),
    Column("delivered", "本月交车", "count", 9, total=True),
    Column("stock_days", "库存天数", "count", 9),
    Column("msrp", "指导价", "money", 13, total=True),
    Column("deal_price", "成交价", "money", 13, total=True),
    Column("invoice_price", "开票价", "money", 14, total=True),
    Column("loan", "贷款金额", "money", 13, total=True),
    Column("accessories", "精品", "money", 11, total=True),
    Column("insurance", "保险", "money", 11, total=True),
    Column("registration", "上牌费", "money", 10, total=True),
    Column("finance", "金融服务", "money", 10, total=True),
    Column("warranty", "延保", "money", 10, total=True),
    Column("gift_cost", "赠品成本", "money", 11, total=True, profit=True),
    Column("cost", "提车价", "money", 13, total=True, profit=True),
    Column("rebate", "厂家返利", "money", 12, total=True, profit=True),
    Column("margin_tax", "销项税差", "money", 11, total=True, profit=True),
    Column("gross_profit", "整车毛利", "money", 12, total=True, profit=True),
)


def write(book: Book, content: MonthContent) -> Table:
    """Columns of cost and gross profit only for readers who see profit."""
    columns = visible(COLUMNS, profit=content.profit)
    sheet = book.sheet(TITLE, widths=[c.width for c in columns], freeze="D5", tab="2F6F9F")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(columns)
    table = sheet.body(columns, content.rows(KEY))
    sheet.filter_on(table, columns)
    sheet.blank()
    sheet.line("开票价、提车价、返利与毛利只填本月开票的车；本月交车但以前月份开票的车，金额已计入开票当月。")
    return table
