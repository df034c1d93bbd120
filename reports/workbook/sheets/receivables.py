"""应收与退款: what customers owe at the month's end, and the refunds of the month (§3.5, R-PAY)."""

from __future__ import annotations

from reports.workbook.book import Book, Table
from reports.workbook.columns import Column
from reports.workbook.content import MonthContent

TITLE = "应收与退款"
KEY, REFUNDS_KEY = "receivables", "refunds"
COLUMNS = (
    Column("no", "序号", "centre", 6),
    Column("number", "订单号", "text", 19),
    Column("customer", "客户名称", "text", 12),
    Column("phone", "客户电话", "text", 14),
    Column("consultant", "销售顾问", "text", 10),
    Column("state", "月末状态", "text", 11),
    Column("ordered_on", "下订日期", "date", 12),
    Column("delivered_on", "交车日期", "date", 12),
    Column("contract", "合同金额", "money", 15, total=True),
    Column("received", "累计实收", "money", 15, total=True),
    Column("balance", "应收余额", "money", 15, total=True),
    Column("overdue_days", "逾期天数", "count", 20),
    Column("overdue", "逾期金额", "money", 20, total=True),
)
REFUND_COLUMNS = (
    Column("no", "序号", "centre"),
    Column("number", "订单号"),
    Column("customer", "客户名称"),
    Column("phone", "客户电话"),
    Column("consultant", "销售顾问"),
    Column("state", "状态"),
    Column("requested_on", "申请日期", "date"),
    Column("paid_on", "退款日期", "date"),
    Column("requested", "申请金额", "money", total=True),
    Column("paid", "本月实退", "money", total=True),
    Column("receipt_no", "原收据号"),
    Column("reason", "原因", "wrap"),
)


def write(book: Book, content: MonthContent) -> tuple[Table, Table]:
    """Two tables on one sheet: balances, then refunds."""
    sheet = book.sheet(TITLE, widths=[c.width for c in COLUMNS], freeze="C5", tab="2F6F9F")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(COLUMNS)
    balances = sheet.body(COLUMNS, content.rows(KEY))
    sheet.filter_on(balances, COLUMNS)
    sheet.blank()
    sheet.line("退款", "小标题", 22)
    sheet.head(REFUND_COLUMNS)
    refunds = sheet.body(REFUND_COLUMNS, content.rows(REFUNDS_KEY))
    sheet.blank()
    sheet.line("应收余额 = 合同金额 − 月末前已到账的本店款项（代收款不计）；只列余额不为零的订单，负数为多收待退。")
    return balances, refunds
