"""How this app tells people something although notices stand above it: the notices app registers itself at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dealership.accounts.models import User

Teller = Callable[..., None]
_tellers: list[Teller] = []


def register_teller(tell: Teller) -> None:
    """`tell(to=…, kind=…, key=…, text=…, url=…)` writes the notices inside the transaction of the event."""
    _tellers.append(tell)


def tell(*, to: Iterable[User], kind: str, key: str, text: str, url: str) -> None:
    """One notice per person and key."""
    people = list(to)
    for teller in _tellers:
        teller(to=people, kind=kind, key=key, text=text, url=url)
