"""Columns of a table: what a value is, how wide it stands, and formulas between columns of one row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from dealership.core.money import ratio

Kind = Literal["text", "wrap", "centre", "count", "money", "percent", "change", "points", "decimal", "date"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """`share=(a, b)` is the formula a ÷ b of the same row, `growth=(a, b)` is a ÷ b − 1; empty when b is 0.

    `profit` columns are left out for readers without profit; `total` columns are summed in the total row;
    `optional` ones only when at least one value is known (no last year is not a last year of zero).
    """

    key: str
    title: str
    kind: Kind = "text"
    width: int = 12
    total: bool = False
    profit: bool = False
    optional: bool = False
    share: tuple[str, str] | None = None
    growth: tuple[str, str] | None = None

    @property
    def is_formula(self) -> bool:
        return self.share is not None or self.growth is not None

    @property
    def parts(self) -> tuple[str, str]:
        pair = self.share or self.growth
        if pair is None:
            raise ValueError(self.key)
        return pair

    def formula(self, first: str, second: str) -> str:
        """The Excel formula over two cells."""
        tail = "-1" if self.growth else ""
        return f'=IF(N({second})=0,"",ROUND({first}/{second}{tail},6))'

    def evaluate(self, first: Any, second: Any) -> Decimal | None:
        """What the formula shows; the same rounding, so that readers without a calculator see the same figure."""
        found = ratio(_number(first), _number(second))
        if found is None:
            return None
        return found - 1 if self.growth else found


def _number(value: Any) -> Decimal:
    return Decimal(value) if value is not None else Decimal(0)


def visible(columns: tuple[Column, ...], *, profit: bool) -> tuple[Column, ...]:
    """The columns a reader gets; formulas over a hidden column go with it."""
    kept = [column for column in columns if profit or not column.profit]
    keys = {column.key for column in kept}
    return tuple(c for c in kept if not c.is_formula or set(c.parts) <= keys)
