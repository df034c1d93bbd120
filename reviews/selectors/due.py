"""Who owes a report on a day: working there by the rota (no rest day, no approved leave), not reported yet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dealership.accounts.models import User
from dealership.core.periods import Period
from dealership.org.choices import DutyKind, Role
from dealership.org.duty import duties
from dealership.org.models import Membership, Store
from dealership.org.roles import SELLING_ROLES
from reviews.choices import ReviewKind
from reviews.models import Review

EVENING_ROLES = (Role.SHOWROOM_MANAGER,)


@dataclass(frozen=True)
class DuePerson:
    """One report to be opened; the team is the snapshot written on it."""

    user_id: int
    team_id: int | None
    kind: ReviewKind
    is_late_shift: bool = False


def due_people(*, store: Store, day: dt.date, only: User | None = None) -> list[DuePerson]:
    """People whose report of that day is still to be opened, one per person and kind."""
    rows = Membership.objects.filter(
        store=store, valid__contains=day, user__is_active=True, role__in=(*SELLING_ROLES, *EVENING_ROLES)
    )
    if only is not None:
        rows = rows.filter(user=only)
    rota = duties(store.pk, Period.day(day), user_ids=None if only is None else [only.pk])
    found: dict[tuple[int, ReviewKind], DuePerson] = {}
    for row in rows.order_by("user_id", "id"):
        if rota[row.user_id, day].is_off:
            continue
        kind = ReviewKind.EVENING if row.role in EVENING_ROLES else ReviewKind.DAY
        key = (row.user_id, kind)
        if key not in found or found[key].team_id is None:
            team_id = None if kind == ReviewKind.EVENING else row.team_id
            found[key] = DuePerson(row.user_id, team_id, kind, rota[row.user_id, day].kind is DutyKind.LATE)
    there = set(Review.objects.filter(store=store, starts_on=day).values_list("owner_id", "kind"))
    return [person for key, person in found.items() if key not in there]
