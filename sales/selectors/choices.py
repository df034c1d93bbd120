"""What filters let a person choose, always within reach."""

from __future__ import annotations

from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core.errors import NotAllowed, NotFound
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from dealership.org.reach import can, home_store, people_in
from dealership.org.roles import SELLING_ROLES


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
