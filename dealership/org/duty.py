"""Who works on a day (排班): planned days, else the working calendar and the person's rest weekday (R-TIME, R-FLOOR).

The questions other apps ask: `off_duty`, `late_shift`, `replacement_of`, `people_on_duty`, `stands_in_for`;
for many people or days at once `duties`. Pages and API of the rota read `rota`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from dealership.accounts.models import User
from dealership.core import request_cache
from dealership.core.periods import Period
from dealership.core.prepared import rows_of
from dealership.org.calendar import is_open
from dealership.org.choices import DutyKind, Role
from dealership.org.models import DutyDay, Membership, Store
from dealership.org.reach import memberships_of
from dealership.org.roles import SELLING_ROLES

OFF_KINDS = (DutyKind.REST, DutyKind.LEAVE)


@dataclass(frozen=True)
class Duty:
    """One person's day in one store. `is_planned` False means it follows from calendar and rest weekday."""

    kind: DutyKind
    replacement_id: int | None = None
    is_planned: bool = False

    @property
    def is_off(self) -> bool:
        return self.kind in OFF_KINDS


NOT_THERE = Duty(DutyKind.REST)


def duties(
    store_id: int, period: Period, *, user_ids: Iterable[int] | None = None, roles: Iterable[Role] | None = None
) -> dict[tuple[int, dt.date], Duty]:
    """(person, day) → duty for everybody with a membership in the store on that day; one statement.

    A person with several roles in the store rests only when each of them rests.
    """
    people, held = None if user_ids is None else list(user_ids), None if roles is None else tuple(roles)
    shape = (_posts, period, held, None if people is None else len(people))
    ids = [store_id, *(people or ())]
    rows = rows_of(shape, lambda ids: _posts(ids[0], period, held, None if people is None else ids[1:]), ids)
    found = _by_default(rows, [(day, is_open(day, store_id)) for day in period.days()])
    for post in rows:
        for row in post.planned:
            key = (post.user_id, dt.date.fromisoformat(row["day"]))
            if key in found:
                found[key] = Duty(DutyKind(row["kind"]), row["replacement"], is_planned=True)
    return found


def _posts(
    store_id: int, period: Period, roles: tuple[Role, ...] | None, people: Sequence[int] | None
) -> QuerySet[Any, Any]:
    """The posts of those days, each with what is planned for them: whose, from when till when, the weekday off."""
    posts = Membership.objects.filter(store_id=store_id, valid__overlap=DateRange(period.start, period.end))
    if roles is not None:
        posts = posts.filter(role__in=roles)
    if people is not None:
        posts = posts.filter(user_id__in=people)
    planned = DutyDay.objects.filter(
        store_id=store_id, user_id=OuterRef("user_id"), **period.filter("day", is_date=True)
    )
    as_text = JSONObject(day="day", kind="kind", replacement="replacement_id")
    posts = posts.annotate(planned=ArraySubquery(planned.values(json=as_text))).order_by("id")
    return posts.values_list("user_id", "valid", "rest_weekday", "planned", named=True)


def _by_default(posts: Iterable[Any], days: list[tuple[dt.date, bool]]) -> dict[tuple[int, dt.date], Duty]:
    found: dict[tuple[int, dt.date], Duty] = {}
    for post in posts:
        for day, store_open in days:
            if _holds(post, day):
                rests = not store_open or post.rest_weekday == day.weekday()
                key = (post.user_id, day)
                if not rests or key not in found:
                    found[key] = Duty(DutyKind.REST if rests else DutyKind.DUTY)
    return found


def _holds(post: Any, day: dt.date) -> bool:
    last = post.valid.upper
    return bool(post.valid.lower <= day and (last is None or day < last))


def duty_of(user: Any, day: dt.date, store: Store | int) -> Duty:
    """One person's day in one store; somebody without a post there rests."""
    store_id = store.pk if isinstance(store, Store) else store
    return _day(store_id, day).get((user.pk, day), NOT_THERE)


def off_duty(user: Any, day: dt.date, store: Store | int | None = None) -> bool:
    """Rest, leave, store closed or no post that day: in this store or, when none is given, in each of the person's."""
    stores = [store] if store is not None else _stores_of(user, day)
    return all(duty_of(user, day, one).is_off for one in stores)


def late_shift(user: Any, day: dt.date, store: Store | int | None = None) -> bool:
    """Planned for the late shift (晚班): the daily report is due later (R-TIME)."""
    stores = [store] if store is not None else _stores_of(user, day)
    return any(duty_of(user, day, one).kind is DutyKind.LATE for one in stores)


def replacement_of(user: Any, day: dt.date, store: Store | int | None = None) -> User | None:
    """Who takes over this person's duty on that day (替岗), if anybody."""
    stores = [store] if store is not None else _stores_of(user, day)
    found = (duty_of(user, day, one).replacement_id for one in stores)
    chosen = next((pk for pk in found if pk is not None), None)
    return None if chosen is None else User.objects.filter(pk=chosen, is_active=True).first()


def people_on_duty(store: Store | int, day: dt.date, roles: Iterable[Role] = SELLING_ROLES) -> list[User]:
    """Active people of these roles who work in the store that day, by id: who may be given leads and visitors."""
    store_id = store.pk if isinstance(store, Store) else store
    known = duties(store_id, Period.day(day), roles=roles)
    working = [user_id for (user_id, _day), duty in known.items() if not duty.is_off]
    return list(User.objects.filter(pk__in=working, is_active=True).order_by("id"))


def stands_in_for(user: Any) -> list[tuple[int, int]]:
    """(store, colleague) whose duty this person took over today; read with the memberships, once per request."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return []
    posts: list[Any] = memberships_of(user)
    return sorted({(post.store_id, colleague) for post in posts if post.store_id for colleague in post.covered})


def _day(store_id: int, day: dt.date) -> dict[tuple[int, dt.date], Duty]:
    return request_cache.remember(("duty", store_id, day), lambda: duties(store_id, Period.day(day)))


def _stores_of(user: Any, day: dt.date) -> list[int]:
    rows = Membership.objects.filter(user=user, store__isnull=False, valid__contains=day)
    return sorted({store_id for store_id in rows.values_list("store_id", flat=True) if store_id is not None})
