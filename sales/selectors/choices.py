"""What filters let a person choose, always within reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat

from dealership.accounts.models import User
from dealership.accounts.names import shown_name
from dealership.core.errors import NotAllowed, NotFound
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from dealership.org.prepared import rows_for
from dealership.org.reach import can, home_store, people_in
from dealership.org.roles import SELLING_ROLES
from sales.selectors.catalogue import colours, configurations


def stores_seen_by(user: User) -> QuerySet[Store]:
    """Stores a list can be filtered by."""
    return Store.objects.visible_to(user)


def sees_several_stores(user: User) -> bool:
    """Has a choice of the store anything to offer?"""
    reach = reach_for(user, "store")
    return bool(reach.group_ids) or len(reach.store_ids | reach.own_store_ids) > 1


def sellers_seen_by(user: User) -> QuerySet[User]:
    """Sellers a list can be filtered by: those of the stores within reach, or only oneself."""
    reach = reach_for(user, "deal")
    if reach.own_store_ids and not (reach.store_ids or reach.group_ids or reach.team_ids):
        return User.objects.filter(pk=user.pk)
    return people_in(stores_seen_by(user).values_list("pk", flat=True), SELLING_ROLES)


def filter_options(user: User, kinds: tuple[str, ...]) -> dict[str, list[tuple[int, str]]]:
    """(id, label) of the stores, sellers, configurations and colours of a list's filter, in one statement."""
    found: dict[str, list[tuple[int, str]]] = {kind: [] for kind in kinds}
    for kind, pk, label, _place in sorted(rows_for(user, _filter_options, kinds), key=lambda row: (row[3], row[1])):
        found[kind].append((pk, label))
    return found


def _filter_options(user: User, _ids: Sequence[int], kinds: tuple[str, ...]) -> QuerySet[Any, Any]:
    model = Concat("series__name", Value(" "), "name")
    rows: dict[str, tuple[Callable[[User], QuerySet[Any]], Combinable, Combinable]] = {
        "store": (stores_seen_by, F("short_name"), F("code")),
        "owner": (sellers_seen_by, shown_name(), shown_name()),
        "configuration": (_configurations, model, model),
        "colour": (_colours, F("name"), F("name")),
    }
    first, *others = (
        reached(user)
        .order_by()
        .annotate(label=label, place=place)
        .values_list(Value(kind, CharField()), "pk", "label", "place")
        for kind, (reached, label, place) in rows.items()
        if kind in kinds
    )
    return first.union(*others, all=True)


def _configurations(user: User) -> QuerySet[Any]:
    return configurations(user=user, with_stopped=True)


def _colours(user: User) -> QuerySet[Any]:
    return colours(user=user, with_stopped=True)


def store_for(user: User, act: str, store_id: int | None = None) -> Store:
    """The store asked for (404 out of reach), else one's own, else the first in reach; 403 without the act there."""
    store = home_store(user) or stores_seen_by(user).first()
    if store_id is not None:
        store = stores_seen_by(user).filter(pk=store_id).first()
        if store is None:
            raise NotFound
    if store is None or (act and not can(user, act, store.pk)):
        raise NotAllowed
    return store
