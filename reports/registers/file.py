"""A register as an Excel file: the workbook's own look, text typed as text, the watermark on the sheet."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dealership.core import periods
from dealership.core.cells import file_part
from dealership.org.models import Store
from reports.registers.register import URL, Register
from reports.workbook.book import HEADER_ROW, Book

FEW_FACTS = 4


def register_file(*, user: Any, store: Store, register: Register) -> tuple[str, bytes]:
    """File name and content. Phones are masked already; who took it and when stands on the sheet."""
    now = periods.local_time(periods.now())
    stamp = f"{user.name} {now:%Y-%m-%d %H:%M} 导出 · 内部资料"
    book = Book(owner=store.name, stamp=stamp)
    # A card's many facts would fill the window: only the tables keep their head in view and on every page.
    freeze = f"B{HEADER_ROW + len(register.facts) + 1}" if len(register.facts) <= FEW_FACTS else None
    sheet = book.sheet(register.title[:31], widths=[column.width for column in register.columns], freeze=freeze)
    sheet.heading(register.title, register.note)
    for label, value in register.facts:
        sheet.append([sheet.cell(label, "说明"), sheet.cell(value, "说明")])
    sheet.head(register.columns)
    rows = [{key: value for key, value in row.items() if key != URL} for row in register.rows]
    sheet.body(register.columns, rows, total=register.total)
    for words in register.words:
        sheet.line(words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.xlsx"
        book.save(path)
        content = path.read_bytes()
    return f"{file_part(store.short_name)}_{file_part(register.title)}_{now:%Y%m%d}.xlsx", content
