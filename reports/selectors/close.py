"""Reading month closes within reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.kpi import Kpi
from dealership.org.policy import policy
from reports.choices import CloseState
from reports.figures import readable_kpis
from reports.models import MonthClose, MonthVersion
from reports.registry import BY_KEY

RELATED = ("store", "confirmed_by", "closed_by", "reopen_requested_by", "reopened_by")
CLOCK = "18:00"


@dataclass(frozen=True)
class Deadlines:
    """When the store confirms and finance closes (R-TIME); `late` says the present step is overdue."""

    confirm_at: dt.datetime
    close_at: dt.datetime
    late: bool


def close_list(*, user: Any) -> QuerySet[MonthClose]:
    """Month closes of the stores in reach."""
    return MonthClose.objects.visible_to(user).select_related(*RELATED)  # type: ignore[no-any-return]


def close_get(*, user: Any, pk: int) -> MonthClose:
    """One month close in reach, else 404."""
    close = close_list(user=user).filter(pk=pk).first()
    if close is None:
        raise NotFound
    return close


def version_get(*, close: MonthClose, number: int) -> MonthVersion:
    """A frozen version of a close the reader already reached."""
    version = close.versions.select_related("made_by").filter(number=number).first()
    if version is None:
        raise NotFound
    return version


def deadlines_of(close: MonthClose) -> Deadlines:
    """By policy days 2 and 3 of the next month, 18:00."""
    following = periods.add_months(close.month, 1)

    def due(key: str) -> dt.datetime:
        return periods.at(following.replace(day=int(policy(key, close.store_id, following))), CLOCK)

    confirm_at, close_at = due("month.confirm_day"), due("month.close_day")
    now = periods.now()
    waiting_store = close.state in (CloseState.SNAPSHOT, CloseState.CHECKING)
    late = (waiting_store and now > confirm_at) or (close.state == CloseState.STORE_CONFIRMED and now > close_at)
    return Deadlines(confirm_at, close_at, late)


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


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """Names of people named in figures and identities of a close in reach, by id."""
    wanted = {int(pk) for pk in ids if pk.isdecimal()}
    return {str(user.pk): str(user) for user in User.objects.filter(pk__in=wanted)}
