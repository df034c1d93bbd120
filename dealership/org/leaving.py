"""What a person still holds: nobody's account is closed while customers or orders would be left without an owner.

Higher apps register here at start-up what is held and what ends with an account, so that this module needs no import
from above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Holding = Callable[[Any], int]
Ending = Callable[[Any], None]
_holdings: dict[str, Holding] = {}
_endings: list[Ending] = []


def register_holding(label: str, count: Holding) -> None:
    """`label` names the rows in Chinese (意向客户), `count` says how many the person owns now."""
    _holdings[label] = count


def holdings_of(user: Any) -> dict[str, int]:
    """Label → number, only what is not zero."""
    found = {label: count(user) for label, count in _holdings.items()}
    return {label: number for label, number in found.items() if number}


def register_ending(end: Ending) -> None:
    """`end(user)` stops what still works for a person, inside the transaction that closes the account (R12)."""
    _endings.append(end)


def end_all(user: Any) -> None:
    """Everything registered ends; called when an account is closed."""
    for end in _endings:
        end(user)
