"""Statements PostgreSQL knows by name: read once per connection, and planned once when that pays.

A connection is told a statement the first time it runs it there, and forgets it when it is closed, not when a
transaction is taken back (docs/decisions/0048-named-statements.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections
from psycopg import Connection

# Per connection; a plan may take some hundred kilobytes of the server's memory.
KEPT = 100
_known: WeakKeyDictionary[Connection[Any], dict[str, None]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Named:
    """A statement with parameters $1, $2 … of these types; its name is its own in the whole product."""

    name: str
    types: tuple[str, ...]
    text: str

    def call(self, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """What runs it with these values, once the connection knows it."""
        self._make_known(connections["default"])
        return f"EXECUTE {self.name}{_listed(['%s'] * len(self.types))}", tuple(values)

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """Run it."""
        statement, given = self.call(values)
        with connections["default"].cursor() as cursor:
            cursor.execute(statement, given)
            return cursor.fetchall()

    def _make_known(self, connection: Any) -> None:
        connection.ensure_connection()
        line = connection.connection
        known = _known.setdefault(line, {})
        if self.name in known:
            known[self.name] = known.pop(self.name)  # used last, forgotten last: others in one message with it stay
            return
        with connection.wrap_database_errors:
            while len(known) >= KEPT:
                line.execute(f"DEALLOCATE {next(iter(known))}")
                del known[next(iter(known))]
            line.execute(f"PREPARE {self.name}{_listed(self.types)} AS {self.text}")
        known[self.name] = None


def _listed(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""
