"""The whole workbook of one store and month, sheet after sheet, into a file."""

from __future__ import annotations

from pathlib import Path

from reports.workbook.book import Book, Table, Tick
from reports.workbook.content import MonthContent
from reports.workbook.sheets import (
    consultants,
    cover,
    definitions,
    differences,
    funnel,
    losses,
    receipts,
    receivables,
    stock,
    summary,
    vehicles,
)

# figure → its label on the cover, is it money
PROVED = {
    "sales_amount": ("销售额", True),
    "retail_units": ("零售台数", False),
    "receipts_amount": ("回款额", True),
}


def write_month_book(path: Path, content: MonthContent, tick: Tick | None = None) -> int:
    """Write the file and answer the number of rows. A refusal of `tick` (cancel) leaves no temporary sheets."""
    book = Book(owner=content.store_name, stamp=content.stamp, tick=tick)
    try:
        front = cover.open_cover(book)
        by_series = summary.write(book, content)
        people = consultants.write(book, content)
        cars, money = vehicles.write(book, content), receipts.write(book, content)
        receivables.write(book, content)
        stock.write(book, content)
        funnel.write(book, content)
        losses.write(book, content)
        differences.write(book, content)
        definitions.write(book, content)
        cover.write(front, content, _checks(content, by_series, people, cars, money))
        book.save(path)
    except BaseException:
        book.discard()
        raise
    return book.rows


def _checks(
    content: MonthContent, by_series: dict[str, Table], people: Table, cars: Table, money: Table
) -> list[cover.Check]:
    places: dict[str, list[tuple[Table | None, str]]] = {
        "sales_amount": [(cars, "invoice_price"), (by_series.get("sales_amount"), "actual"), (people, "sales_amount")],
        "retail_units": [
            (cars, content.retail_column),
            (by_series.get("retail_units"), "actual"),
            (people, "deliveries"),
        ],
        "receipts_amount": [(money, "own"), (people, "receipts")],
    }
    checks = []
    for key, (label, is_money) in PROVED.items():
        figure = content.figures.get(key)
        for table, column in places[key]:
            if figure is not None and table is not None and table.total_row is not None:
                cell, counted = table.total_ref(column), table.totals[column]
                checks.append(cover.Check(f"{label} ↔ {table.sheet}", figure, cell, counted, is_money))
    return checks
