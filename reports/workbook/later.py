"""The second pass over a saved workbook: rows of tables, and the known result beside each formula.

openpyxl makes an element for every cell, which is most of a workbook's time. It writes everything of a sheet but the
rows of its tables, for which it leaves empty ones; their XML, made of `cell_xml`, is put in here. Formulas get their
results, so that phone previews and programs without a calculator show totals.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from xml.sax.saxutils import escape

from openpyxl.utils.datetime import to_excel

from dealership.core.cells import cell_text
from dealership.core.money import quantize

_EMPTY = re.compile(rb"<c ([^>]*)><f>(.*?)</f><v ?(?:/>|></v>)</c>", re.DOTALL)
_PLACE = re.compile(rb'<row ((?:[^>]* )?r="(\d+)"[^>]*)></row>')
_CHUNK = 1 << 16

Known = Decimal | int | str | None


@dataclass
class Later:
    """What is put into one sheet: results of formulas in the order they were written, and rows by their numbers."""

    known: list[Known] = field(default_factory=list)
    rows: IO[bytes] | None = None

    def row(self, number: int, xml: str) -> None:
        """Keep a row on disk; numbers only grow. A line of the file is a number and the row's cells."""
        if self.rows is None:
            self.rows = TemporaryFile()  # noqa: SIM115  lives as long as the sheet
        self.rows.write(b"%d %s\n" % (number, xml.encode()))

    def close(self) -> None:
        """The file of the rows goes."""
        if self.rows is not None:
            self.rows.close()


def cell_xml(at: str, style: int, value: Any) -> str:
    """A typed cell at an address: text stays text, numbers and days keep their type, None is only its style."""
    if value is None:
        return f'<c r="{at}" s="{style}"/>'
    if isinstance(value, str):
        # A line break inside a text would end the line of the file the row is kept in.
        text = escape(cell_text(value), {"\n": "&#10;"})
        return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{at}" s="{style}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, dt.date):
        return f'<c r="{at}" s="{style}"><v>{to_excel(value)}</v></c>'  # type: ignore[no-untyped-call]
    return f'<c r="{at}" s="{style}"><v>{value if isinstance(value, int) else format(value.normalize(), "f")}</v></c>'


def formula_xml(at: str, style: int, formula: str, value: Known) -> str:
    """A formula with its result."""
    return _with_result(f'r="{at}" s="{style}"', escape(formula[1:]), value)


def write_later(path: Path, sheets: dict[str, Later]) -> None:
    """Rewrite the sheets named (part name → what is put in)."""
    target = path.with_name(path.name + ".c")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            later = sheets.get(item.filename, Later())
            results, rows = iter(later.known), _Rows(later)
            with old.open(item) as source, new.open(item.filename, "w") as sink:
                for piece in _pieces(source):
                    told = _EMPTY.sub(lambda found: _told(found, next(results, None)), piece)  # noqa: B023
                    sink.write(_PLACE.sub(rows.fill, told))
            rows.check(item.filename)
    target.replace(path)


class _Rows:
    """The rows kept for a sheet, handed out when their places come by."""

    def __init__(self, later: Later) -> None:
        self._rows = _kept(later)
        self._next = next(self._rows, None)

    def fill(self, place: re.Match[bytes]) -> bytes:
        """The row that belongs here; an empty row of its own stays."""
        if self._next is None or self._next[0] != int(place[2]):
            return place[0]
        cells = self._next[1]
        self._next = next(self._rows, None)
        return b"<row %s>%s</row>" % (place[1], cells)

    def check(self, part: str) -> None:
        """A table that lost a row must not pass for a whole one."""
        if self._next is not None:
            raise RuntimeError(f"{part}: row {self._next[0]} has no place")


def _kept(later: Later) -> Iterator[tuple[int, bytes]]:
    if later.rows is not None:
        later.rows.seek(0)
        for line in later.rows:
            number, _space, cells = line[:-1].partition(b" ")
            yield int(number), cells


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    """Chunks that never cut a row in two; small, because the rows put in are many times as long as their places."""
    rest = b""
    while chunk := source.read(_CHUNK):
        rest += chunk
        cut = rest.rfind(b"</row>") + 6
        if cut > 6:
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _told(found: re.Match[bytes], value: Known) -> bytes:
    return _with_result(found[1].decode(), found[2].decode(), value).encode()


def _with_result(attributes: str, formula: str, value: Known) -> str:
    if value is None or isinstance(value, str):
        return f'<c {attributes} t="str"><f>{formula}</f><v>{escape(value or "")}</v></c>'
    return f"<c {attributes}><f>{formula}</f><v>{_plain(value)}</v></c>"


def _plain(value: Decimal | int) -> Decimal | int:
    return value if isinstance(value, int) or value.as_tuple().exponent in (-6, 0) else quantize(value)
