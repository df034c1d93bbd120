"""The plain table as a workbook: what openpyxl reads back is what was told."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from dealership.core.cells import CUT_NOTICE
from dealership.core.sheet_write import table_write


def test_i04_i05_texts_come_back_as_texts(tmp_path: Path) -> None:
    """Formula signs stay text, what XML forbids goes, a note too long is cut with a notice, an empty cell is none."""
    texts = [
        "=1+1",
        "+8613800138000",
        "-5",
        "@sum",
        "＝A1",
        "a<b>&\"c'",
        "两行\n文字",
        " 前后 ",
        "😀",
        "]]>",
        "坏\x0b\ud800字",
    ]
    path = tmp_path / "x.xlsx"
    rows = [(number, text, None) for number, text in enumerate(texts, 2)]
    table_write(path, "导入<结果>&", [("行号", 8), ("内容", 20), ("空", 5)], [*rows, (99, "长" * 40_000, "")])
    sheet = load_workbook(path).active
    assert (sheet.title, sheet.freeze_panes, sheet.column_dimensions["B"].width) == ("导入<结果>&", "A2", 20)
    heads, *read = sheet.iter_rows()
    assert [(cell.value, bool(cell.font.b)) for cell in heads] == [("行号", True), ("内容", True), ("空", True)]
    shown = [*texts[:-1], "坏字"]
    assert [(row[0].value, row[1].value, row[2].value) for row in read[:-1]] == [
        (number, text, None) for number, text in enumerate(shown, 2)
    ]
    assert {row[1].data_type for row in read} <= {"s", "inlineStr"}
    assert {row[0].data_type for row in read} == {"n"}
    assert [bool(row[1].quotePrefix) for row in read] == [True] * 5 + [False] * 7
    assert str(read[-1][1].value).endswith(CUT_NOTICE)
