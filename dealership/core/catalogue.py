"""Compiles the catalogues of `dealership/locale`: `.po` (in the repository) → `.mo` (made on each machine).

Without the gettext tools, which a machine with only Python lacks (decision 0043). Called by the launcher, by the build
of the image and by the tests; imports nothing of Django, so it also runs as `python dealership/core/catalogue.py`.
"""

from __future__ import annotations

import ast
import os
import struct
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"
MAGIC = 0x950412DE
Entry = dict[str, str]


def read(text: str) -> dict[str, str]:
    """Message → translation of a `.po`, plural forms joined by NUL; without empty and fuzzy ones."""
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        entry = _entry(block)
        forms = [entry[name] for name in sorted(entry) if name.startswith("msgstr")]
        if "msgid" not in entry or ", fuzzy" in block or not all(forms):
            continue
        key = "\0".join(entry[name] for name in ("msgid", "msgid_plural") if name in entry)
        found[f"{entry['msgctxt']}\x04{key}" if "msgctxt" in entry else key] = "\0".join(forms)
    return found


def _entry(block: str) -> Entry:
    entry: Entry = {}
    name = ""
    for line in block.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        word, quote, text = line.partition('"')
        name = word.strip() or name
        entry[name] = entry.get(name, "") + ast.literal_eval(quote + text)
    return entry


def compiled(messages: dict[str, str]) -> bytes:
    """The bytes of a `.mo`: a header, two tables of (length, offset), the messages, the translations."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    start, offset, tables, body = 28, 28 + 16 * len(pairs), [b"", b""], b""
    for side in (0, 1):
        for pair in pairs:
            tables[side] += struct.pack("<II", len(pair[side]), offset + len(body))
            body += pair[side] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, len(pairs), start, start + 8 * len(pairs), 0, 0)
    return header + tables[0] + tables[1] + body


def compile_all(folder: Path = LOCALE) -> None:
    """Write each `.mo` that is missing or older than its `.po`; several processes may do so at once."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        made = target.with_name(f"{target.name}.{os.getpid()}")
        made.write_bytes(compiled(read(source.read_text(encoding="utf-8"))))
        made.replace(target)


if __name__ == "__main__":
    compile_all()
