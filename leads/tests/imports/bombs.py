"""Files that want to hurt (I03), small on disk and made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from openpyxl import Workbook

from leads.tests.imports.files import LEADS, number, workbook

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?>'
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sound() -> bytes:
    """A file that can be imported."""
    return workbook(LEADS, [["张伟", number(1)]]).getvalue()


def changed(name: str, content: bytes | Callable[[bytes], bytes] | None = None, **more: bytes) -> bytes:
    """The sound file with one part replaced, changed or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sound())) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new,
    ):
        for entry in old.namelist():
            part = old.read(entry)
            if entry == name and content is not None:
                part = content(part) if callable(content) else content
            new.writestr(entry, part)
        if name not in old.namelist() and isinstance(content, bytes):
            new.writestr(name, content)
    return target.getvalue()


def zip_bomb() -> bytes:
    """Less than a megabyte that unzips to 800."""
    target = io.BytesIO(changed("xl/none"))
    with (
        zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("xl/media/filler.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(800):
            part.write(b" " * (1 << 20))
    return target.getvalue()


def laughs() -> bytes:
    """Ten entities of ten of ten …"""
    entities = b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
    )
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row>'
    sheet = b"<worksheet " + SPACE + b"><sheetData>" + row + b"</sheetData></worksheet>"
    return changed(SHEET, HEAD + b"<!DOCTYPE z [" + entities + b"]>" + sheet)


def far_corner() -> bytes:
    """One cell in the last corner of the sheet."""
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return changed(SHEET, lambda part: part.replace(b"</sheetData>", cell))


def far_column() -> bytes:
    """One cell in the last column."""
    cell = b'<row r="3"><c r="XFD3"><v>1</v></c></row></sheetData>'
    return changed(SHEET, lambda part: part.replace(b"</sheetData>", cell))


def empty_rows() -> bytes:
    """A million formatted rows without a text."""
    rows = b"".join(b'<row r="%d"/>' % n for n in range(3, 1_000_003))
    return changed(SHEET, lambda part: part.replace(b"</sheetData>", rows + b"</sheetData>"))


def many_sheets() -> bytes:
    """A hundred sheets."""
    book = Workbook()
    for n in range(100):
        book.create_sheet(f"表{n}").append(LEADS)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def shared_strings() -> bytes:
    """Two million texts that no cell uses."""
    texts = b"<si><t>x</t></si>" * 5_000_000
    content = HEAD + b"<sst " + SPACE + b">" + texts + b"</sst>"
    return changed("xl/sharedStrings.xml", content)


def encrypted() -> bytes:
    """What Office writes for a file with a password: an OLE container."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip bomb": (zip_bomb, "解压后过大"),
    "billion laughs": (laughs, "不安全的定义"),
    "far corner": (far_corner, "1048576"),
    "far column": (far_column, "第 60 列以后"),
    "a million empty rows": (empty_rows, "1048576"),
    "a hundred sheets": (many_sheets, "工作表过多"),
    "shared strings": (shared_strings, "解压后过大|超出限制"),
    "no zip": ("姓名,手机\n".encode, "不是 Excel 工作簿"),
    "old format": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "旧版 .xls"),
    "password": (encrypted, "打开密码"),
    "macro": (lambda: changed("xl/vbaProject.bin", b"x"), "带有宏"),
    "external link": (lambda: changed("xl/externalLinks/externalLink1.xml", b"<a/>"), "外部链接"),
    "cut off": (lambda: sound()[:-400], "不是 Excel 工作簿|已损坏"),
    "broken sheet": (lambda: changed(SHEET, b"<worksheet><row>"), "已损坏"),
}
