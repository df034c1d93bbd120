"""Put the known result beside each formula, so that phone previews and programs without a calculator show totals."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from dealership.core.money import quantize

_EMPTY = re.compile(rb"<c ([^>]*)><f>(.*?)</f><v ?(?:/>|></v>)</c>", re.DOTALL)
_CHUNK = 1 << 20

Known = Decimal | int | str | None


def write_cached_values(path: Path, known: dict[str, list[Known]]) -> None:
    """Rewrite the sheets named in `known` (part name → results in the order the formulas were written)."""
    target = path.with_name(path.name + ".c")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            results = iter(known.get(item.filename, ()))
            with old.open(item) as source, new.open(item.filename, "w") as sink:
                for piece in _pieces(source):
                    sink.write(_EMPTY.sub(lambda found: _with_value(found, next(results, None)), piece))  # noqa: B023
    target.replace(path)


def _pieces(source: object) -> Iterator[bytes]:
    """Chunks that never cut a cell in two."""
    rest = b""
    while chunk := source.read(_CHUNK):  # type: ignore[attr-defined]
        rest += chunk
        cut = rest.rfind(b"</c>") + 4
        if cut > 4:
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _with_value(found: re.Match[bytes], value: Known) -> bytes:
    attributes, formula = found[1], found[2]
    if value is None or isinstance(value, str):
        text = escape(value or "").encode()
        return b'<c %s t="str"><f>%s</f><v>%s</v></c>' % (attributes, formula, text)
    return b"<c %s><f>%s</f><v>%s</v></c>" % (attributes, formula, str(_plain(value)).encode())


def _plain(value: Decimal | int) -> Decimal | int:
    return value if isinstance(value, int) or value.as_tuple().exponent in (-6, 0) else quantize(value)
