"""Frozen versions of a closed month as a reader may see them: figures, and what a later version changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealership.core.kpi import Kpi
from reports.figures import readable_kpis
from reports.models import MonthClose, MonthVersion
from reports.registry import BY_KEY
from reports.selectors.close import names_of


@dataclass(frozen=True)
class Change:
    """A figure that a later version shows otherwise; `who` is empty for the whole store."""

    kpi: Kpi
    who: str
    before: Decimal | None
    after: Decimal | None

    @property
    def before_text(self) -> str:
        return self.kpi.show(self.before)

    @property
    def after_text(self) -> str:
        return self.kpi.show(self.after)


def changes_of(version: MonthVersion, keys: Collection[str] | None = None) -> list[Change]:
    """What this version changed against the one before, the store first; of the figures in `keys` when given."""
    names = names_of(row["who"] for row in version.difference)
    return [
        Change(BY_KEY[row["kpi"]], names.get(row["who"], ""), _number(row["before"]), _number(row["after"]))
        for row in version.difference
        if row["kpi"] in BY_KEY and (keys is None or row["kpi"] in keys)
    ]


def figures_of(version: MonthVersion, keys: Collection[str]) -> list[tuple[Kpi, str]]:
    """The store's figures of a version as shown, those of `keys`."""
    found = version.figures["store"].items()
    return [(BY_KEY[key], BY_KEY[key].show(_number(row[2]))) for key, row in found if key in BY_KEY and key in keys]


def frozen_for(version: MonthVersion, keys: Collection[str]) -> dict[str, Any]:
    """The frozen figures and differences without what the reader may not see."""

    def cut(figures: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in figures.items() if key in keys}

    kept = dict(version.figures)
    kept["store"] = cut(kept["store"])
    kept |= {name: {one: cut(found) for one, found in kept[name].items()} for name in ("people", "parts")}
    return {"figures": kept, "difference": [row for row in version.difference if row["kpi"] in keys]}


def readable_keys(user: Any, close: MonthClose) -> frozenset[str]:
    """The figures of a closed month that this reader may see (profit only for those who see profit)."""
    return frozenset(kpi.key for kpi in readable_kpis(user, [close.store_id]))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
