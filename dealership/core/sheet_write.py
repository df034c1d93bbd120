"""A plain table as a workbook, written straight into the archive: what openpyxl needs seconds for with many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import get_column_letter

from dealership.core.cells import cell_text, is_risky

Cell = str | int | None
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Style 0 is a plain cell, 1 a head (bold white on dark blue), 2 a text that stays one when it is edited in Excel.
_STYLES = (
    f'<styleSheet {_MAIN}><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FF1F4E79"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def table_write(target: Path, title: str, heads: Sequence[tuple[str, int]], rows: Iterable[Sequence[Cell]]) -> None:
    """One sheet: a fixed head row of (title, width), then the rows.

    Texts stay texts, whatever they begin with (I04); what a cell cannot hold is cleaned or cut with a notice (I05).
    """
    letters = [get_column_letter(number) for number in range(1, len(heads) + 1)]
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _parts(title).items():
            archive.writestr(name, _HEAD + text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write((_HEAD + _opening(heads) + _row(1, letters, [head for head, _ in heads], ' s="1"')).encode())
            for number, row in enumerate(rows, 2):
                sheet.write(_row(number, letters, row).encode())
            sheet.write(b"</sheetData></worksheet>")


def _parts(title: str) -> dict[str, str]:
    """Everything of the archive but the sheet."""
    name = escape(title, {'"': "&quot;"})
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
    }


def _opening(heads: Sequence[tuple[str, int]]) -> str:
    """The sheet up to its rows: the head row stands still, the columns have their widths."""
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, (_, width) in enumerate(heads, 1)
    )
    view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    return f"<worksheet {_MAIN}>{view}<cols>{columns}</cols><sheetData>"


def _row(number: int, letters: Sequence[str], row: Sequence[Cell], style: str = "") -> str:
    """One row; an empty cell needs none. The words of a head are ours and never risky."""
    cells = []
    for letter, value in zip(letters, row, strict=True):
        at = f'<c r="{letter}{number}"{style}'
        if isinstance(value, str):
            at += ' s="2"' if is_risky(value) else ""
            text = escape(cell_text(value))
            cells.append(f'{at} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>')
        elif value is not None:
            cells.append(f"{at}><v>{value}</v></c>")
    return f'<row r="{number}">{"".join(cells)}</row>'
