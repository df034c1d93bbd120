"""Writing sheets row by row: headings, tables with formula totals, print layout, the watermark on every sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from dealership.core.cells import cell_text, header_text, is_risky, put, shown_width
from reports.workbook.columns import Column, Row
from reports.workbook.later import Known, Later, cell_xml, formula_xml, write_later
from reports.workbook.style import all_styles

HEADER_ROW = 4
WIDEST = 260  # column widths that one A4 page carries legibly; wider sheets print side by side
STEP = 200
Tick = Callable[[int], None]


@dataclass(frozen=True)
class Table:
    """Where a written table stands, so that other cells can refer to its totals."""

    sheet: str
    first: int
    last: int
    total_row: int | None
    letters: dict[str, str]
    totals: dict[str, Decimal] = field(default_factory=dict)

    def total_ref(self, key: str) -> str:
        """Address of a column's total from any sheet."""
        return f"'{self.sheet}'!{self.letters[key]}{self.total_row}"

    def range(self, key: str, *, absolute: bool = False) -> str:
        """The column's rows, for SUMIF and COUNTIF beside the table."""
        letter, sign = self.letters[key], "$" if absolute else ""
        return f"{sign}{letter}{sign}{self.first}:{sign}{letter}{sign}{max(self.first, self.last)}"


class Book:
    """One workbook file. `stamp` is the watermark line; `tick` hears how many rows were written."""

    def __init__(self, *, owner: str, stamp: str, tick: Tick | None = None) -> None:
        self.workbook = Workbook(write_only=True)
        for style in all_styles():
            self.workbook.add_named_style(style)
        self.owner, self.stamp = owner, stamp
        self.tick = tick
        self.rows = 0
        self.sheets: list[Sheet] = []
        self.workbook.properties.creator = cell_text(owner)
        self.workbook.properties.title = cell_text(owner)

    def sheet(self, title: str, *, widths: Sequence[int], freeze: str | None = None, tab: str = "1F4E79") -> Sheet:
        """A new sheet behind the others; `freeze` is the first cell that scrolls."""
        made = Sheet(self, title, widths, freeze)
        made.raw.sheet_properties.tabColor = tab
        self.sheets.append(made)
        return made

    def count_row(self) -> None:
        """One more row is on disk; every `STEP` rows the caller hears of it (progress and cancel)."""
        self.rows += 1
        if self.tick is not None and self.rows % STEP == 0:
            self.tick(self.rows)

    def save(self, path: Path) -> None:
        """Write the file, then the rows of its tables and the known results of its formulas."""
        for sheet in self.sheets:
            sheet.finish()
        self.workbook.save(path)
        write_later(path, {f"xl/worksheets/sheet{n}.xml": sheet.later for n, sheet in enumerate(self.sheets, 1)})
        for sheet in self.sheets:
            sheet.later.close()

    def discard(self) -> None:
        """Close the half-written sheets of a cancelled run, so that their temporary files go."""
        for sheet in self.sheets:
            sheet.later.close()
            if not sheet.raw.closed:
                sheet.raw.close()


class Sheet:
    """One sheet, written from top to bottom."""

    def __init__(self, book: Book, title: str, widths: Sequence[int], freeze: str | None) -> None:
        self.book, self.title = book, title
        self.raw: Any = book.workbook.create_sheet(title)
        self.row = 0
        self.columns = len(widths)
        self.later = Later()
        for position, width in enumerate(widths, 1):
            self.raw.column_dimensions[get_column_letter(position)].width = width
        self._layout(freeze, pages_wide=-(-sum(widths) // WIDEST))

    def _layout(self, freeze: str | None, pages_wide: int) -> None:
        raw, stamp = self.raw, header_text(self.book.stamp)
        raw.freeze_panes = freeze
        raw.sheet_view.showGridLines = False
        raw.sheet_view.zoomScale = 90
        raw.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        raw.page_setup.orientation, raw.page_setup.paperSize = "landscape", 9
        raw.page_setup.fitToWidth, raw.page_setup.fitToHeight = pages_wide, 0
        if pages_wide > 1:
            raw.print_title_cols = "A:B"
        raw.page_margins.left = raw.page_margins.right = 0.4
        raw.page_margins.top, raw.page_margins.bottom = 0.75, 0.75
        raw.page_margins.header = raw.page_margins.footer = 0.35
        raw.print_options.horizontalCentered = True
        raw.oddHeader.left.text = header_text(self.book.owner)
        raw.oddHeader.right.text = header_text(self.title)
        raw.oddFooter.left.text = stamp
        raw.oddFooter.right.text = "第 &P 页 / 共 &N 页"
        raw.row_dimensions[1].height = 28

    # --- cells -----------------------------------------------------------------------------
    def cell(self, value: Any, style: str) -> Cell:
        """A styled cell; text is typed as text whatever it begins with, and stays text when edited in Excel."""
        cell = WriteOnlyCell(self.raw)
        cell.style = style
        if is_risky(value):
            cell.quotePrefix = 1
        put(cell, value)
        return cell

    def formula(self, text: str, known: Known, style: str) -> Cell:
        """A formula with its known result; formulas must be appended in the order they are made."""
        cell = WriteOnlyCell(self.raw)
        cell.style = style
        cell.value = text
        self.later.known.append(known)
        return cell

    def link(self, text: str, sheet: str) -> Cell:
        """A jump to another sheet."""
        cell = self.cell(text, "链接")
        cell.hyperlink = Hyperlink(ref="A1", location=f"'{sheet}'!A1", display=text)
        return cell

    def append(self, cells: Sequence[Any]) -> int:
        """Write one row; answers its number."""
        self.raw.append(list(cells))
        self.row += 1
        self.book.count_row()
        return self.row

    def blank(self) -> None:
        """An empty row."""
        self.append([])

    def line(self, text: str, style: str = "说明", height: float | None = None) -> None:
        """A row with one text that runs over the columns to its right."""
        if height:
            self.raw.row_dimensions[self.row + 1].height = height
        self.append([self.cell(text, style)])

    def heading(self, text: str, note: str) -> None:
        """Title, note, watermark: the three rows above every table."""
        self.line(text, "标题")
        self.line(note)
        self.line(self.book.stamp, "水印")

    # --- tables ----------------------------------------------------------------------------
    def head(self, columns: Sequence[Column]) -> None:
        """The header row of a table."""
        wide = any(shown_width(column.title) + 2 > column.width for column in columns)
        self.raw.row_dimensions[self.row + 1].height = 32 if wide else 22
        self.append([self.cell(column.title, "表头") for column in columns])

    def body(
        self,
        columns: Sequence[Column],
        rows: Iterable[Row],
        total: str | None = "合计",
        fixed: Row | None = None,
    ) -> Table:
        """Rows and, unless `total` is None, a row of sums. An empty table says so.

        `fixed` are values of the total row that are no sums (a target that is only given for the whole store).
        """
        first = self.row + 1
        letters = {column.key: get_column_letter(n) for n, column in enumerate(columns, 1)}
        sums = {column.key: Decimal(0) for column in columns if column.total and not column.optional}
        unknown = {column.key for column in columns if column.total and column.optional}
        styles = [self._styles(f"正文_{column.kind}") for column in columns]
        for row in rows:
            for key in [key for key in unknown if row.get(key) is not None]:
                unknown.remove(key)
                sums[key] = Decimal(0)
            for key in sums:
                sums[key] += row.get(key) or 0
            number = self.append([])
            self.later.row(number, self._filled(number, styles, columns, letters, row))
        last = self.row
        if last < first:
            self.append([self.cell("本月没有记录", "说明")])
        table = Table(self.title, first, last, None, letters, sums)
        return table if total is None else self._total(columns, table, {columns[0].key: total, **(fixed or {})})

    def _styles(self, name: str) -> tuple[int, int]:
        """Numbers of a style, and of the same for text that must stay text when it is edited."""
        plain, quoted = self.cell(None, name), self.cell(None, name)
        quoted.quotePrefix = 1
        return plain.style_id, quoted.style_id

    def _filled(
        self, number: int, styles: list[tuple[int, int]], columns: Sequence[Column], letters: dict[str, str], row: Row
    ) -> str:
        """The cells of a row as XML."""
        made = []
        for column, (plain, quoted) in zip(columns, styles, strict=True):
            at = f"{letters[column.key]}{number}"
            if column.is_formula:
                one, two = column.parts
                text = column.formula(f"{letters[one]}{number}", f"{letters[two]}{number}")
                made.append(formula_xml(at, plain, text, column.evaluate(row.get(one), row.get(two))))
            else:
                value = row.get(column.key)
                made.append(cell_xml(at, quoted if is_risky(value) else plain, value))
        return "".join(made)

    def _total(self, columns: Sequence[Column], table: Table, fixed: Row) -> Table:
        number, known, cells = self.row + 1, {**fixed, **table.totals}, []
        for column in columns:
            style, letter = f"合计_{column.kind}", table.letters[column.key]
            if column.key in table.totals:
                text = f"=SUM({letter}{table.first}:{letter}{max(table.first, table.last)})"
                cells.append(self.formula(text, table.totals[column.key], style))
            elif column.is_formula and all(part in known for part in column.parts):
                one, two = column.parts
                text = column.formula(f"{table.letters[one]}{number}", f"{table.letters[two]}{number}")
                cells.append(self.formula(text, column.evaluate(known[one], known[two]), style))
            else:
                cells.append(self.cell(fixed.get(column.key), style))
        return replace(table, total_row=self.append(cells))

    def filter_on(self, table: Table, columns: Sequence[Column]) -> None:
        """Drop-down filters over the table's rows (its total row stays outside)."""
        if table.last >= table.first:
            self.raw.auto_filter.ref = f"A{table.first - 1}:{get_column_letter(len(columns))}{table.last}"

    def finish(self) -> None:
        """Print area and repeated header, once the number of rows is known."""
        self.raw.print_area = f"A1:{get_column_letter(self.columns)}{max(self.row, 1)}"
        if self.raw.freeze_panes:
            head = int(self.raw.freeze_panes.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) - 1
            self.raw.print_title_rows = f"{head}:{head}"
        self.raw.close()
