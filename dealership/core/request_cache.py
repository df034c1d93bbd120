"""Memory that lives for one request, task or write: policies and reach are read once per unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_store: ContextVar[dict[Any, Any] | None] = ContextVar("request_cache", default=None)


def begin() -> None:
    """Start with an empty memory (request middleware, task wrapper)."""
    _store.set({})


def end() -> None:
    """Forget everything; outside a unit of work nothing is remembered."""
    _store.set(None)


@contextmanager
def unit() -> Iterator[None]:
    """A unit of work of its own when none is under way (writes, roll-ups and reports outside a request or job)."""
    if _store.get() is not None:
        yield
        return
    begin()
    try:
        yield
    finally:
        end()


def remember(key: Any, compute: Callable[[], T]) -> T:
    """The value computed for `key` in this unit of work."""
    memory = _store.get()
    if memory is None:
        return compute()
    if key not in memory:
        memory[key] = compute()
    return memory[key]


def put(key: Any, value: Any) -> None:
    """What another read brought along, for whoever asks for `key` later in this unit of work."""
    memory = _store.get()
    if memory is not None:
        memory.setdefault(key, value)


def take(key: Any) -> Any:
    """What was put there, once: it is gone then. None when there is nothing."""
    memory = _store.get()
    return None if memory is None else memory.pop(key, None)


def forget(prefix: str) -> None:
    """Drop what a write made stale; keys are tuples whose first item is a topic name."""
    memory = _store.get()
    if memory is not None:
        for key in [key for key in memory if key[0] == prefix]:
            del memory[key]
