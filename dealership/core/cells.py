"""Text that any spreadsheet program opens without repair and never takes for a formula (I04, I05)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from openpyxl.cell import Cell, WriteOnlyCell

LIMIT = 32_767  # UTF-16 units a cell may hold
CUT_NOTICE = "……（原文过长，已截断）"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_ILLEGAL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)


def cell_text(text: str) -> str:
    """The text without characters XML forbids or that turn the reading direction, cut with a notice when too long.

    A leading `= + - @` stays as it is: the caller types the cell as text, so nothing is evaluated.
    """
    cleaned = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    units = cleaned.encode("utf-16-le")
    if len(units) <= 2 * LIMIT:
        return cleaned
    room = LIMIT - len(CUT_NOTICE)
    return units[: 2 * room].decode("utf-16-le", "ignore") + CUT_NOTICE


def shown_width(text: str) -> int:
    """Columns the text takes: Chinese and full-width characters count two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def header_text(text: str) -> str:
    """Escape for page headers and footers, where `&` starts a code."""
    return cell_text(text).replace("&", "&&")


def file_part(text: str) -> str:
    """A store's name as part of a file name: no path signs, no control characters, at most 40 characters (I09)."""
    return re.sub(r'[\\/:*?"<>|\s]+', "", cell_text(text))[:40] or "门店"


def is_risky(value: Any) -> bool:
    """Would Excel read the text as a formula when somebody edits the cell?"""
    return isinstance(value, str) and value.startswith(FORMULA_SIGNS)


def put(cell: Any, value: Any) -> None:
    """Set a value: text stays text (type `s`), numbers and dates keep their type."""
    if isinstance(value, str):
        cell.value = cell_text(value)
        cell.data_type = "s"
    else:
        cell.value = value


def safe_cell(sheet: Any, value: Any) -> Cell:
    """A cell of a write-only sheet that stays text when edited in Excel, whatever it begins with."""
    cell = WriteOnlyCell(sheet)
    if is_risky(value):
        cell.quotePrefix = 1
    put(cell, value)
    return cell
