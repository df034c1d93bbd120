"""What a register is: a heading with facts, one table, and lines to sign. Screen, paper and Excel show this object."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealership.core.money import show_money
from dealership.core.periods import day_label
from dealership.org.models import Store
from dealership.org.policy import policy
from reports.workbook.columns import Column, Row

NOTHING = "—"
SHORT = 10
# A row's own address stands beside its values under this key; no column shows it.
URL = "_url"


@dataclass(frozen=True)
class Cell:
    """One value as people read it; long words take several lines rather than push the table out of the page."""

    text: str
    is_number: bool
    is_long: bool = False

    @property
    def is_short(self) -> bool:
        """Names, dates and grades stay on one line on paper; only what is told is broken into lines."""
        return len(self.text) <= SHORT


@dataclass(frozen=True)
class Register:
    """`rows` are keyed by the columns' keys; `facts` stand above the table, `signatures` below it on paper."""

    title: str
    note: str
    columns: tuple[Column, ...]
    rows: list[Row]
    total: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    empty: str = ""
    # What an unknown value reads; a table of days is easier to read with empty days.
    blank: str = NOTHING
    # Columns that name a row on the phone: the first is its title, the others its note.
    on_phone: tuple[str, ...] = field(default=())

    def totals(self) -> Row:
        """The sums under the table; columns that are no sums, and optional ones nobody filled in, stay empty."""
        sums: Row = {
            column.key: sum((row.get(column.key) or 0 for row in self.rows), start=0)
            for column in self.columns
            if column.total and not (column.optional and all(row.get(column.key) is None for row in self.rows))
        }
        return {self.columns[0].key: self.total, **sums}

    def cells(self, row: Row) -> list[Cell]:
        """A row as the screen and the paper show it."""
        return [
            Cell(shown(row.get(column.key), column, self.blank), is_number(column), column.kind == "wrap")
            for column in self.columns
        ]

    def lines(self) -> Iterator[tuple[str, list[Cell]]]:
        """Address and cells of every row."""
        return ((row.get(URL, ""), self.cells(row)) for row in self.rows)

    def phone_lines(self) -> Iterator[tuple[str, list[str]]]:
        """Address and the phone's words of every row."""
        by_key = {column.key: column for column in self.columns}
        for row in self.rows:
            words = [_phone_word(row.get(key), by_key[key]) for key in self.on_phone]
            yield row.get(URL, ""), [word for word in words if word != NOTHING]

    def total_cells(self) -> list[Cell]:
        return self.cells(self.totals()) if self.total else []


def _phone_word(value: Any, column: Column) -> str:
    """A number on the phone carries its heading: alone it says nothing."""
    word = shown(value, column)
    return f"{column.title} {word}" if is_number(column) and word != NOTHING else word


def is_number(column: Column) -> bool:
    """Does the column stand to the right?"""
    return column.kind in ("count", "money", "percent", "decimal")


def shown(value: Any, column: Column, blank: str = NOTHING) -> str:
    """Dates `11-22 周日`, money `168,000.00`, unknown an em dash or what the register says."""
    if value is None or value == "":
        return blank
    if isinstance(value, dt.date):
        return day_label(value)
    if column.kind == "money" and isinstance(value, (Decimal, int)):
        return show_money(Decimal(value))
    return str(value)


def card_name(kind: str, store: Store) -> str:
    """What the store calls its 表 or 卡 (a label of the store, §2.3)."""
    return str(policy(f"register.{kind}", store))
