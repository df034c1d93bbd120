"""Search over the whole product: each app says what it can find, one page and the palette ask them all.

An app registers its finders at start-up, so that this module needs no import from above. A finder answers only rows
within the reader's reach, and is not asked when its resource is out of reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dealership.core.scoping import reach_for
from dealership.core.text import clean_text

LONGEST = 40
SHORTEST = 2
PER_GROUP = 6


@dataclass(frozen=True)
class Hit:
    """One row found: what it is called, what tells it from the others, where it opens. No plain phone numbers."""

    title: str
    detail: str
    url: str


@dataclass(frozen=True)
class Finder:
    """`find(user, text, limit)` answers at most `limit` hits, best first, in at most two statements."""

    label: Any
    resource: str
    rank: int
    find: Callable[[Any, str, int], list[Hit]]


@dataclass(frozen=True)
class Group:
    """The hits of one finder; never empty."""

    label: Any
    hits: list[Hit]


_finders: list[Finder] = []


def register_finder(finder: Finder) -> None:
    """Called at start-up; `rank` orders the groups."""
    _finders.append(finder)
    _finders.sort(key=lambda one: one.rank)


def wanted(text: str) -> str:
    """The words as they are looked for: cleaned, at most LONGEST characters."""
    return clean_text(text)[:LONGEST]


def search(user: Any, text: str) -> list[Group]:
    """What the reader may see of what was typed; nothing for fewer than SHORTEST characters."""
    text = wanted(text)
    if len(text) < SHORTEST:
        return []
    groups = []
    for finder in _finders:
        if reach_for(user, finder.resource).is_empty:
            continue
        if hits := finder.find(user, text, PER_GROUP):
            groups.append(Group(finder.label, hits))
    return groups
