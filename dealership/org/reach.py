"""From memberships to reach and permission. The only place that reads the role table for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from dealership.accounts.models import User
from dealership.core import periods, request_cache
from dealership.core.errors import NotAllowed
from dealership.core.prepared import rows_of
from dealership.core.scoping import NOTHING, Reach
from dealership.org.choices import Role
from dealership.org.models import DutyDay, Membership, Store
from dealership.org.roles import ROLE_TABLE


def memberships_of(user: Any) -> list[Membership]:
    """The memberships in force today, read once per request; `covered` are the colleagues stood in for (替岗)."""

    def load() -> list[Membership]:
        return rows_of(_memberships, _memberships, [user.pk])

    return request_cache.remember(("memberships", user.pk), load)


def _memberships(values: Sequence[int]) -> QuerySet[Membership]:
    rows = Membership.objects.filter(user_id=values[0], valid__contains=periods.today())
    covered = DutyDay.objects.filter(store=OuterRef("store"), replacement=OuterRef("user"), day=periods.today())
    rows = rows.annotate(covered=ArraySubquery(covered.order_by("user_id").values("user_id")))
    return rows.select_related("store", "team").order_by("id")


def reach_of(user: Any, resource: str, action: str = "view") -> Reach:
    """Union of the person's roles for one resource. `action` other than view needs one of the role's acts."""
    groups, stores, teams, own = set(), set(), set(), set()
    for row in memberships_of(user):
        rule = ROLE_TABLE[Role(row.role)]
        kind = rule.reach.get(resource)
        if kind is None or (action != "view" and action not in rule.acts):
            continue
        if kind == "group" and row.store_id is None:
            groups.add(row.group_id)
        elif row.store_id is None:
            continue
        elif kind in ("store", "group"):
            stores.add(row.store_id)
        elif kind == "team" and row.team_id is not None:
            teams.add(row.team_id)
            own.add(row.store_id)
        else:
            own.add(row.store_id)
    if not (groups or stores or teams or own):
        return NOTHING
    return Reach(user.pk, frozenset(groups), frozenset(stores), frozenset(teams), frozenset(own))


def can(user: Any, act: str, store_id: int | None = None) -> bool:
    """May this person perform the act (in that store)? Group roles count for every store of their group."""
    for row in memberships_of(user):
        if act not in ROLE_TABLE[Role(row.role)].acts:
            continue
        if store_id is None or row.store_id == store_id:
            return True
        if row.store_id is None and store_id in group_store_ids(row.group_id):
            return True
    return False


def require(user: Any, act: str, store_id: int | None = None) -> None:
    """Raise `NotAllowed` (403) unless `can`."""
    if not can(user, act, store_id):
        raise NotAllowed


def has_role(user: Any, roles: Iterable[Role], store_id: int | None = None) -> bool:
    """Does the person hold one of these roles (in that store, or group-wide)?"""
    wanted = set(roles)
    for row in memberships_of(user):
        if Role(row.role) in wanted and (store_id is None or row.store_id in (store_id, None)):
            return True
    return False


def roles_of(user: Any) -> set[Role]:
    """All roles in force today."""
    return {Role(row.role) for row in memberships_of(user)}


def sees_profit(user: Any, store_id: int | None = None) -> bool:
    """May this person see cost and gross profit (of that store)?"""
    return any(
        ROLE_TABLE[Role(row.role)].profit
        for row in memberships_of(user)
        if store_id is None or row.store_id in (store_id, None)
    )


def group_store_ids(group_id: int) -> frozenset[int]:
    """Ids of the group's stores, read once per request."""
    return request_cache.remember(
        ("group_stores", group_id),
        lambda: frozenset(Store.objects.filter(group_id=group_id).values_list("id", flat=True)),
    )


def home_store(user: Any) -> Store | None:
    """The store a person works in: that of the first store membership."""
    return next((row.store for row in memberships_of(user) if row.store_id), None)


def team_id_in(user: Any, store_id: int) -> int | None:
    """The person's team in a store today: the snapshot written on business rows."""
    return next((row.team_id for row in memberships_of(user) if row.store_id == store_id and row.team_id), None)


def people_in(store_ids: Iterable[int], roles: Iterable[Role], on: dt.date | None = None) -> QuerySet[User]:
    """People holding one of the roles in the stores on a day (default today), active accounts only.

    Stores given as a queryset of ids become part of the statement.
    """
    stores = store_ids if isinstance(store_ids, QuerySet) else list(store_ids)
    held = Membership.objects.filter(store_id__in=stores, role__in=list(roles), valid__contains=on or periods.today())
    return User.objects.filter(Q(pk__in=held.values("user_id")), is_active=True).order_by("id")


def may_add_store(user: Any) -> bool:
    """A new store widens the group: only for who reaches the whole group and may change stores."""
    return can(user, "store.change") and bool(reach_of(user, "store").group_ids)
