"""收款流水: money cleared in the month, refunds and reversals with a minus, pass-through money apart (R-PAY)."""

from __future__ import annotations

from decimal import Decimal

from reports.workbook.book import Book, Sheet, Table
from reports.workbook.columns import Column, Row
from reports.workbook.content import MonthContent

TITLE = "收款流水"
KEY = "receipts"
COLUMNS = (
    Column("no", "序号", "centre", 6),
    Column("cleared_on", "到账日期", "date", 11),
    Column("receipt_no", "收据号", "text", 20),
    Column("number", "订单号", "text", 19),
    Column("customer", "客户名称", "text", 12),
    Column("payer", "付款人", "text", 12),
    Column("consultant", "销售顾问", "text", 10),
    Column("purpose", "款项", "text", 12),
    Column("method", "收款方式", "text", 10),
    Column("own", "本店款项", "money", 14, total=True),
    Column("pass_through", "代收款项", "money", 13, total=True),
    Column("amount", "实收合计", "money", 14, total=True),
    Column("slip_no", "流水号", "text", 20),
    Column("cashier", "收款确认", "text", 10),
    Column("remark", "备注", "wrap", 20),
)
BY_METHOD = ("收款方式", "笔数", "本店款项", "代收款项", "实收合计")


def write(book: Book, content: MonthContent) -> Table:
    """The ledger, then the month by way of payment."""
    sheet = book.sheet(TITLE, widths=[c.width for c in COLUMNS], freeze="D5", tab="2F6F9F")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(COLUMNS)
    methods: dict[str, list[Decimal]] = {}
    table = sheet.body(COLUMNS, (_noted(row, methods) for row in content.rows(KEY)))
    sheet.filter_on(table, COLUMNS)
    _by_method(sheet, table, methods)
    return table


def _noted(row: Row, methods: dict[str, list[Decimal]]) -> Row:
    sums = methods.setdefault(row["method"], [Decimal(0), Decimal(0), Decimal(0), Decimal(0)])
    for place, key in enumerate(("own", "pass_through", "amount"), 1):
        sums[place] += row.get(key) or 0
    sums[0] += 1
    return row


def _by_method(sheet: Sheet, table: Table, methods: dict[str, list[Decimal]]) -> None:
    if not methods:
        return
    sheet.blank()
    sheet.line("按收款方式汇总", "小标题", 22)
    pad = [None] * 7
    sheet.append([*pad, *(sheet.cell(text, "表头") for text in BY_METHOD)])
    names = table.range("method", absolute=True)
    first = sheet.row + 1
    for method, sums in sorted(methods.items(), key=lambda item: (-item[1][3], item[0])):
        number = sheet.row + 1
        cells = [sheet.cell(method, "正文_text")]
        cells.append(sheet.formula(f"=COUNTIF({names},$H{number})", sums[0], "正文_count"))
        for key, known in zip(("own", "pass_through", "amount"), sums[1:], strict=True):
            text = f"=SUMIF({names},$H{number},{table.range(key, absolute=True)})"
            cells.append(sheet.formula(text, known, "正文_money"))
        sheet.append([*pad, *cells])
    last = sheet.row
    whole = [sum((sums[n] for sums in methods.values()), Decimal(0)) for n in range(4)]
    cells = [sheet.cell("合计", "合计_text")]
    for letter, known, kind in zip("IJKL", whole, ("count", "money", "money", "money"), strict=True):
        cells.append(sheet.formula(f"=SUM({letter}{first}:{letter}{last})", known, f"合计_{kind}"))
    sheet.append([*pad, *cells])
