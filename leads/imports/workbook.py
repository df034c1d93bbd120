"""The files handed out: the empty template, the rows to mend, and what became of every row (I04, I05)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from dealership.core.cells import safe_cell
from dealership.core.sheet_write import table_write
from leads.choices import ImportKind
from leads.imports.columns import COLUMNS, NUMBER, REASON

HEAD_FONT, HEAD_FILL = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F4E79")
NOTES = (
    "第一张工作表是数据，第一行是表头；示例行请删除或改成真实数据。",
    "表头可以换顺序，也认得常见叫法（如 手机号、电话、销售顾问）；不认识的列会忽略并提示。",
    "一个文件最多 {most} 行、10 MB；不要合并单元格，不要带宏、外部链接和打开密码。",
    "上传后先预览：可导入、重复、有错误各多少行，逐行说明原因；确认之前不会写入任何数据。",
    "有错误的行可以下载“错误文件”，改好后直接再次上传。",
)


def template_write(target: IO[bytes] | Path, kind: str, most: int) -> None:
    """The template: Chinese headers, one example row, and a sheet of notes."""
    book = Workbook(write_only=True)
    columns = COLUMNS[kind]
    sheet = _sheet(book, str(ImportKind(kind).label), [(column.title, column.width) for column in columns])
    sheet.append([safe_cell(sheet, column.example) for column in columns])
    notes = book.create_sheet("填写说明")
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 16, 70
    for column in columns:
        notes.append([safe_cell(notes, column.title), safe_cell(notes, column.help)])
    for text in NOTES:
        notes.append([safe_cell(notes, "说明"), safe_cell(notes, text.format(most=most))])
    book.save(target)


def errors_write(target: Path, kind: str, lines: Iterable[tuple[int, dict[str, str], str]]) -> None:
    """Only the bad rows as they were typed, each with its reasons; may be mended and uploaded again."""
    heads = [(NUMBER, 8), *((column.title, column.width) for column in COLUMNS[kind]), (REASON, 60)]
    rows = ((number, *_texts(kind, values), reason) for number, values, reason in lines)
    table_write(target, "错误行", heads, rows)


def results_write(target: Path, kind: str, lines: Iterable[tuple[int, dict[str, str], str, str]]) -> None:
    """Every row with what happened to it."""
    heads = [(NUMBER, 8), ("处理结果", 18), ("说明", 50), *((c.title, c.width) for c in COLUMNS[kind])]
    rows = ((number, outcome, reason, *_texts(kind, values)) for number, values, outcome, reason in lines)
    table_write(target, "导入结果", heads, rows)


def reasons(errors: list[dict[str, str]]) -> str:
    """`手机：号码不正确；来源：没有…`."""
    return "；".join(f"{error['column']}：{error['reason']}" for error in errors)


def _texts(kind: str, values: dict[str, str]) -> list[str | None]:
    """Text cells; an empty one needs no cell."""
    return [values.get(column.key) or None for column in COLUMNS[kind]]


def _sheet(book: Workbook, title: str, heads: list[tuple[str, int]]) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, (_title, width) in enumerate(heads, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    cells = []
    for head, _width in heads:
        cell = safe_cell(sheet, head)
        cell.font, cell.fill = HEAD_FONT, HEAD_FILL
        cells.append(cell)
    sheet.append(cells)
    return sheet
