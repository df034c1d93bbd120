"""What a workbook shows, free of where it came from: live rows of an open month or the frozen rows of a closed one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from reports.workbook.columns import Row

RowsOf = Callable[[str], Iterable[Row]]


@dataclass(frozen=True)
class Definition:
    """A line of the definitions sheet."""

    key: str
    label: str
    unit: str
    explanation: str


@dataclass(frozen=True)
class MonthContent:
    """One store's month. `rows` answers the records of a table by its key; `profit` is what the reader may see.

    `figures` are the store's own totals as the month page shows them; the cover proves the sheets against them.
    `version` is that of a closed month (0 while it is open); from the second on the file shows what changed.
    `retail_column` names the cars column that retail counts: handed over, or invoiced where that is the store's policy.
    """

    store_name: str
    month_label: str
    month_code: str
    status_label: str
    version_label: str
    closed_text: str
    made_by: str
    made_at: str
    compare_note: str
    profit: bool
    rows: RowsOf
    definitions: tuple[Definition, ...]
    figures: dict[str, Decimal] = field(default_factory=dict)
    retail_column: str = "delivered"
    findings: tuple[tuple[str, int], ...] = ()
    version: int = 0
    reopen_reason: str = ""

    @property
    def note(self) -> str:
        """The second row of every sheet."""
        return f"{self.store_name}　{self.month_label}　{self.status_label}　{self.version_label}　金额单位：元"

    @property
    def stamp(self) -> str:
        """The watermark: who made this copy and when."""
        return f"由 {self.made_by} 于 {self.made_at} 生成，仅限内部使用，请勿外传"
