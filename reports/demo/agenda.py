"""What happens in the demo stores, in the order of time, up to now."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Callable
from typing import Any

Event = tuple[dt.datetime, int, Callable[..., None], tuple[Any, ...]]


class Agenda:
    """A queue of events; one may put further ones in. `moment` is the time of the event that runs."""

    def __init__(self, start: dt.datetime) -> None:
        self._events: list[Event] = []
        self._order = itertools.count()
        self.moment = start

    def after(self, moment: dt.datetime, act: Callable[..., None], *facts: Any) -> None:
        """`act(*facts)` at that moment."""
        heapq.heappush(self._events, (moment, next(self._order), act, facts))

    def run(self, until: dt.datetime) -> None:
        """Everything up to and including `until`; what lies later never happens."""
        while self._events and self._events[0][0] <= until:
            self.moment, _, act, facts = heapq.heappop(self._events)
            act(*facts)
