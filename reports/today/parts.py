"""What the page is made of: tiles with a figure, sections with rows, and links."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from dealership.core.addresses import address

SHOWN = 12


@dataclass(frozen=True)
class Line:
    """One thing to do. `act` is the second tap (log a follow-up), beside opening the row."""

    title: str
    note: str = ""
    side: str = ""
    url: str = ""
    grade: str = ""
    is_late: bool = False
    act_url: str = ""


@dataclass(frozen=True)
class Section:
    """A queue: its rows, where the rest is, what an empty one says, and where to work through H one by one."""

    key: str
    title: Any
    lines: list[Line]
    url: str = ""
    empty: Any = ""
    more: bool = False
    count: int | None = None
    late: int = 0
    focus_url: str = ""


@dataclass(frozen=True)
class Tile:
    """A figure with its unit, and the rows behind it one tap away."""

    label: Any
    value: str
    unit: str = ""
    note: str = ""
    url: str = ""
    is_late: bool = False


@dataclass
class Parts:
    """What one role contributes."""

    tiles: list[Tile] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    actions: list[tuple[Any, str]] = field(default_factory=list)


def page(name: str, *ids: int, **query: Any) -> str:
    """Address of a page with its filter."""
    url = address(name, *ids)
    return f"{url}?{urlencode(query)}" if query else url


def cut(lines: list[Any], limit: int = SHOWN) -> tuple[list[Any], bool]:
    """The rows shown, and whether there are more."""
    return lines[:limit], len(lines) > limit
