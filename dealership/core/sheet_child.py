"""Reads one foreign workbook in a process of its own, with little memory and little time (B11, I03).

Started by file path from `sheet_read.py`, never imported by the product: it knows no Django and no settings. It looks
at the archive before anything is parsed, then prints one JSON document: the rows of the first visible sheet as text,
or the code of the refusal. Whatever goes wrong here ends this process and nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

MEMORY = 512 * 1024 * 1024
SECONDS = 20
MOST_ENTRIES = 200
MOST_SHEETS = 20
MOST_UNZIPPED = 96 * 1024 * 1024
RATIO, RATIO_FROM = 150, 8 * 1024 * 1024
MOST_COLUMNS = 60
MOST_TEXT = 2_000  # characters of one cell that are handed on; the rules of the fields are far below
LAST_ROW = 60_000  # rows looked at, the empty ones included
MOST_MERGED = 50
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
FOREIGN = ("xl/externallinks/", "xl/connections.xml", "xl/embeddings/", "xl/activex/", "xl/querytables/")
ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")
MERGED = re.compile(rb'<mergeCell\s+ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')


class Refused(Exception):
    """The file is not read; the code says why."""


def limit() -> None:
    """Little memory, little time, and no file may be written."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def scan(path: str) -> None:
    """Look at the archive: what it says of itself, then every part once for entities and its true size."""
    with Path(path).open("rb") as stream:
        start = stream.read(8)
        if start == OLE:
            raise Refused("encrypted" if ENCRYPTED in start + stream.read() else "old_format")
    if not zipfile.is_zipfile(path):
        raise Refused("not_a_workbook")
    with zipfile.ZipFile(path) as archive:
        _look_at_names(archive.infolist())
        _look_inside(archive)


def _look_at_names(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename.replace("\\", "/").lower() for entry in entries]
    if len(names) > MOST_ENTRIES:
        raise Refused("too_many_parts")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("encrypted")
    if any(name.endswith(("vbaproject.bin", ".vbs", ".exe")) or name.startswith("xl/macrosheets/") for name in names):
        raise Refused("macro")
    if any(name.startswith(FOREIGN) for name in names):
        raise Refused("external")
    if "xl/workbook.xml" not in names or "[content_types].xml" not in names:
        raise Refused("not_a_workbook")
    if sum(name.startswith("xl/worksheets/sheet") for name in names) > MOST_SHEETS:
        raise Refused("too_many_sheets")
    size, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if size > MOST_UNZIPPED or (size > RATIO_FROM and size > RATIO * max(packed, 1)):
        raise Refused("bomb")


def _look_inside(archive: zipfile.ZipFile) -> None:
    """Entities make small texts huge; a part of a workbook never needs one."""
    total = 0
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        with archive.open(entry) as stream:
            tail, is_first = b"", True
            while block := stream.read(1 << 20):
                total += len(block)
                if total > MOST_UNZIPPED:
                    raise Refused("bomb")
                if is_first and (block[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in block[:4]):
                    raise Refused("damaged")
                if any(word in tail + block for word in ENTITIES):
                    raise Refused("entities")
                if entry.filename == "[Content_Types].xml" and b"macroEnabled" in block:
                    raise Refused("macro")
                tail, is_first = block[-16:], False


def merged_ranges(path: str, part: str) -> list[str]:
    """Where cells are merged: only their first row holds a text."""
    found: list[str] = []
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
        tail = b""
        while block := stream.read(1 << 20):
            for hit in MERGED.finditer(tail + block):
                if (ref := hit[1].decode()) not in found:
                    found.append(ref)
            if len(found) >= MOST_MERGED:
                break
            tail = block[-80:]
    return found[:MOST_MERGED]


def as_text(value: Any) -> str:
    """A cell as a person would read it: whole numbers without a point, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        plain = value.replace(microsecond=0)
        return str(plain.date()) if plain.time() == dt.time() else plain.isoformat(" ")
    if not isinstance(value, (str, int)) and hasattr(value, "is_integer") and value.is_integer():
        return str(int(value))
    return str(value)[:MOST_TEXT]


def rows_of(sheet: Any, most: int) -> list[list[Any]]:
    """[row number, texts …] of every row that holds something; nothing beyond the limits is skipped silently."""
    found: list[list[Any]] = []
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > LAST_ROW:
            raise Refused("too_long")
        texts = [as_text(value).strip() for value in cells[:MOST_COLUMNS]]
        if len(cells) > MOST_COLUMNS and any(value not in (None, "") for value in cells[MOST_COLUMNS:]):
            raise Refused("too_wide")
        if any(texts):
            found.append([number, *texts])
            if len(found) > most:
                raise Refused("too_many_rows")
    return found


def read(path: str, most: int) -> dict[str, Any]:
    """The first visible sheet; the names of the others are told."""
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    sheets = book.worksheets
    if len(sheets) > MOST_SHEETS:
        raise Refused("too_many_sheets")
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if not visible:
        raise Refused("no_sheet")
    sheet: Any = visible[0]
    sheet.reset_dimensions()
    return {
        "sheet": sheet.title,
        "others": [other.title for other in visible[1:]],
        "hidden": [other.title for other in sheets if other.sheet_state != "visible"],
        "merged": merged_ranges(path, sheet._worksheet_path),  # noqa: SLF001  the part of the sheet that is read
        "rows": rows_of(sheet, most),
    }


def main() -> None:
    """`sheet_child.py PATH MOST_ROWS`: the limits first, then the file."""
    limit()
    path, most = sys.argv[1], int(sys.argv[2])
    try:
        scan(path)
        answer = read(path, most)
    except Refused as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": "bomb"}
    except Exception as error:  # noqa: BLE001  whatever a broken file does to the reader, the answer is one sentence
        forbidden = type(error).__name__ in ("EntitiesForbidden", "DTDForbidden", "ExternalReferenceForbidden")
        answer = {"refused": "entities" if forbidden else "damaged"}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=True).encode())


if __name__ == "__main__":
    main()
