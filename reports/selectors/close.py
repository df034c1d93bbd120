"""Reading month closes within reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.org.policy import policy
from reports.choices import CloseState
from reports.models import MonthClose, MonthVersion

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


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """Names of people named in figures and identities of a close in reach, by id."""
    wanted = {int(pk) for pk in ids if pk.isdecimal()}
    return {str(user.pk): str(user) for user in User.objects.filter(pk__in=wanted)}
