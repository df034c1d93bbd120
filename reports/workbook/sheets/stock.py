"""库存与库龄: cars that stood in the store at the month's end, by age band (§3.6)."""

from __future__ import annotations

from decimal import Decimal

from reports.workbook.book import Book, Sheet, Table
from reports.workbook.columns import Column, Row, visible
from reports.workbook.content import MonthContent

TITLE = "库存与库龄"
KEY = "stock"
COLUMNS = (
    Column("no", "序号", "centre", 6),
    Column("vin", "车架号", "text", 20),
    Column("series", "车系", "text", 12),
    Column("configuration", "车型", "text", 22),
    Column("colour", "颜色", "text", 10),
    Column("state", "状态", "centre", 10),
    Column("usage", "用途", "centre", 10),
    Column("arrived_on", "到库日期", "date", 12),
    Column("days", "库龄（天）", "count", 11),
    Column("band", "库龄段", "centre", 12),
    Column("certificate", "合格证", "centre", 11),
    Column("location", "库位", "text", 10),
    Column("units", "台数", "count", 8, total=True),
    Column("cost", "提车价", "money", 15, total=True, profit=True),
)


def write(book: Book, content: MonthContent) -> Table:
    """The list, oldest first, then the bands."""
    columns = visible(COLUMNS, profit=content.profit)
    sheet = book.sheet(TITLE, widths=[c.width for c in columns], freeze="C5", tab="2F6F9F")
    sheet.heading(f"{TITLE}　{content.month_label}", content.note)
    sheet.head(columns)
    bands: dict[str, list[Decimal]] = {}
    table = sheet.body(columns, (_noted(row, bands) for row in content.rows(KEY)))
    sheet.filter_on(table, columns)
    _by_band(sheet, table, bands, profit=content.profit)
    return table


def _noted(row: Row, bands: dict[str, list[Decimal]]) -> Row:
    sums = bands.setdefault(row["band"], [Decimal(0), Decimal(0), Decimal(row.get("days") or 0)])
    sums[0] += row["units"]
    sums[1] += row.get("cost") or 0
    return row


def _by_band(sheet: Sheet, table: Table, bands: dict[str, list[Decimal]], *, profit: bool) -> None:
    if not bands:
        return
    sheet.blank()
    sheet.line("按库龄段汇总", "小标题", 22)
    pad = [None] * 2
    heads = ["库龄段", "台数", "占比", *(["库存金额"] if profit else [])]
    sheet.append([*pad, *(sheet.cell(text, "表头") for text in heads)])
    names, first = table.range("band", absolute=True), sheet.row + 1
    last = first + len(bands) - 1
    whole = sum((sums[0] for sums in bands.values()), Decimal(0))
    for band, sums in sorted(bands.items(), key=lambda item: item[1][2]):
        number = sheet.row + 1
        cells = [sheet.cell(band, "正文_text")]
        cells.append(sheet.formula(f"=COUNTIF({names},$C{number})", sums[0], "正文_count"))
        share = Column("share", "", "percent", share=("a", "b"))
        text = share.formula(f"D{number}", f"D${last + 1}")
        cells.append(sheet.formula(text, share.evaluate(sums[0], whole), "正文_percent"))
        if profit:
            text = f"=SUMIF({names},$C{number},{table.range('cost', absolute=True)})"
            cells.append(sheet.formula(text, sums[1], "正文_money"))
        sheet.append([*pad, *cells])
    cells = [sheet.cell("合计", "合计_text"), sheet.formula(f"=SUM(D{first}:D{last})", whole, "合计_count")]
    cells.append(sheet.cell(None, "合计_percent"))
    if profit:
        cost = sum((sums[1] for sums in bands.values()), Decimal(0))
        cells.append(sheet.formula(f"=SUM(F{first}:F{last})", cost, "合计_money"))
    sheet.append([*pad, *cells])
