"""One timeline of a customer: what this app knows, and what higher apps add.

`sales` (and whoever else stands above) registers its own source at start-up with `register_source`; this app never
imports them. A source gets the reader and the customer's id and answers entries within the reader's reach.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

PER_SOURCE = 100


@dataclass(frozen=True)
class Entry:
    """One line: when, what kind, a title, words, who, where it leads; `state` is what the thing became by it."""

    at: dt.datetime
    kind: str
    title: str
    text: str = ""
    by: str = ""
    url: str = ""
    grade: str = ""
    state: str = ""


Source = Callable[[Any, int], Iterable[Entry]]
_sources: dict[str, Source] = {}


def register_source(name: str, source: Source) -> None:
    """Add a kind of entries to every timeline: `register_source("deals", entries)` in an AppConfig.ready."""
    _sources[name] = source


def customer_timeline(*, user: Any, customer_id: int) -> list[Entry]:
    """Everything that happened with one customer, newest first. The caller has checked the customer's reach."""
    entries = [entry for source in _sources.values() for entry in source(user, customer_id)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
