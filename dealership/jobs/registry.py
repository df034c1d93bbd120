"""Kinds of work and periodic work, registered by each app's `tasks.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dealership.jobs.runner import JobRun

Handler = Callable[["JobRun"], None]
# A plan looks at the clock and answers what should exist: (kind, unique key, payload, due_at, store_id).
Planned = tuple[str, str, dict[str, object], dt.datetime, int | None]
Plan = Callable[[dt.datetime], Iterable[Planned]]


@dataclass(frozen=True)
class Kind:
    name: str
    handler: Handler
    max_attempts: int = 3
    act: str = ""


kinds: dict[str, Kind] = {}
plans: list[Plan] = []


def job_kind(name: str, *, max_attempts: int = 3, act: str = "") -> Callable[[Handler], Handler]:
    """Register the function that does this kind of work: `def build(run: JobRun) -> None`.

    act: what its requester must still be permitted when they fetch the result file (A08).
    """

    def register(handler: Handler) -> Handler:
        kinds[name] = Kind(name, handler, max_attempts, act)
        return handler

    return register


def periodic(plan: Plan) -> Plan:
    """Register a plan: asked at every tick, it names all work due up to now, also what was missed (F18)."""
    plans.append(plan)
    return plan
