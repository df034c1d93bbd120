"""What the rota page and its API show: people × days with what each does, and the leave requests. Reads only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.org.choices import DutyKind, LeaveState
from dealership.org.duty import NOT_THERE, Duty, duties
from dealership.org.models import LeaveRequest, Membership, Store
from dealership.org.reach import can, home_store, people_in
from dealership.org.roles import ROTA_ROLES, SELLING_ROLES


@dataclass(frozen=True)
class Cell:
    """One day of one person; `may_set` says whether the reader may plan it."""

    user_id: int
    day: dt.date
    duty: Duty
    taken_by: str
    may_set: bool

    @property
    def code(self) -> str:
        """What the cell's button sends."""
        return f"{self.user_id}:{self.day}"

    @property
    def label(self) -> str:
        return str(DutyKind(self.duty.kind).label)


@dataclass(frozen=True)
class Row:
    """One person's days."""

    user: User
    role: str
    cells: list[Cell]


def rota_store(user: Any, store_id: int | None) -> Store:
    """The asked store within reach, else the one the person works in, else the first within reach; 404 otherwise."""
    stores = Store.objects.visible_to(user)
    found: Store | None = stores.filter(pk=store_id).first() if store_id else home_store(user) or stores.first()
    if found is None:
        raise NotFound
    return found


def rota(*, user: Any, store: Store, period: Period) -> list[Row]:
    """The people planned in the store with their days: everybody for who reaches the store's rota, else oneself."""
    reach = reach_for(user, "duty")
    posts = Membership.objects.filter(
        store=store, role__in=ROTA_ROLES, user__is_active=True, valid__overlap=DateRange(period.start, period.end)
    ).select_related("user")
    if store.pk not in reach.store_ids and store.group_id not in reach.group_ids:
        posts = posts.filter(user=user)
    people = {post.user_id: post for post in posts.order_by("role", "team_id", "user_id")}
    known = duties(store.pk, period, user_ids=people)
    takers = {duty.replacement_id for duty in known.values() if duty.replacement_id is not None}
    names = dict(User.objects.filter(pk__in=takers).values_list("pk", "name")) if takers else {}
    plans, today = can(user, "duty.manage", store.pk), periods.today()

    def cell(user_id: int, day: dt.date) -> Cell:
        duty = known.get((user_id, day), NOT_THERE)
        return Cell(user_id, day, duty, names.get(duty.replacement_id or 0, ""), plans and day >= today)

    days = list(period.days())
    return [
        Row(post.user, post.get_role_display(), [cell(user_id, day) for day in days])
        for user_id, post in people.items()
    ]


def rota_person(*, store: Store, user_id: int) -> User:
    """A person the rota of the store may plan, else 404; the services check the day."""
    return _person(people_in([store.pk], ROTA_ROLES), user_id)


def rota_replacement(*, store: Store, user_id: int) -> User:
    """A seller of the store who may take over, else 404."""
    return _person(people_in([store.pk], SELLING_ROLES), user_id)


def _person(rows: QuerySet[User], user_id: int) -> User:
    person = rows.filter(pk=user_id).first()
    if person is None:
        raise NotFound
    return person


def sellers_of(store: Store) -> QuerySet[User]:
    """Who may take over a duty."""
    return people_in([store.pk], SELLING_ROLES)


def leave_list(*, user: Any, store: Store | None = None) -> QuerySet[LeaveRequest]:
    """Leave requests within reach, newest first."""
    rows = LeaveRequest.objects.visible_to(user).select_related("user", "store", "decided_by")
    return (rows if store is None else rows.filter(store=store)).order_by("-first_day", "-id")


def leave_waiting(*, user: Any, store: Store | None = None) -> QuerySet[LeaveRequest]:
    """Requests the reader can decide: of stores where they plan, never their own."""
    rows = leave_list(user=user, store=store).filter(state=LeaveState.ASKED).exclude(user=user)
    stores = list(rows.values_list("store_id", flat=True).distinct().order_by("store_id"))
    return rows.filter(store_id__in=[pk for pk in stores if can(user, "duty.manage", pk)])
