"""What forms and the API let a person choose: stores, sellers, sources and models, always within reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import CharField, QuerySet, Value

from dealership.accounts.models import User
from dealership.accounts.names import shown_name
from dealership.core import request_cache
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.scoping import reach_for
from dealership.org.models import LeadSource, Membership, Series, Store
from dealership.org.prepared import rows_for
from dealership.org.reach import can, home_store, people_in
from dealership.org.roles import SELLING_ROLES


def store_for(user: Any, act: str, store_id: int | None = None) -> Store:
    """The store of a new row: the one asked for when the person may act there, else the one they work in."""
    if store_id is not None:
        store = Store.objects.visible_to(user).filter(pk=store_id).first()
        if store is None:
            raise NotFound
    else:
        store = home_store(user)
    if store is None or not can(user, act, store.pk):
        raise NotAllowed
    return store


def stores_seen_by(user: Any) -> QuerySet[Store]:
    """Stores a list can be filtered by."""
    return Store.objects.visible_to(user)


def sellers_in(store: Store) -> QuerySet[User]:
    """People of the store who may hold customers."""
    return people_in([store.pk], SELLING_ROLES)


def sellers_between(store: Store, first: dt.date, end: dt.date) -> list[User]:
    """People who sell in the store, then those who did between two days (`end` excluded) and have left since."""
    here = list(sellers_in(store))
    held = Membership.objects.filter(store=store, role__in=SELLING_ROLES, valid__overlap=DateRange(first, end))
    gone = User.objects.filter(pk__in=held.values("user")).exclude(pk__in=[person.pk for person in here])
    return [*here, *gone.order_by("name", "pk")]


def sellers_seen_by(user: Any) -> QuerySet[User]:
    """Owners a list can be filtered by: the sellers of the stores within reach."""
    if not sees_others(user):
        return User.objects.filter(pk=user.pk)
    return people_in(Store.objects.visible_to(user).values_list("pk", flat=True), SELLING_ROLES)


def sees_others(user: Any) -> bool:
    """Does the person reach rows of colleagues? Else a filter by consultant has nothing to offer."""
    reach = reach_for(user, "prospect")
    return bool(reach.group_ids or reach.store_ids or reach.team_ids)


def sources_of(store: Store) -> QuerySet[LeadSource]:
    """Sources in use in the store's group."""
    return LeadSource.objects.filter(group_id=store.group_id, is_active=True)


def sources_seen_by(user: Any) -> QuerySet[LeadSource]:
    """Sources of the groups within reach, for filters."""
    return LeadSource.objects.filter(group__in=Store.objects.visible_to(user).values("group"))


def filter_options(user: Any) -> dict[str, list[tuple[int, str]]]:
    """(id, name) of the sellers and sources a list can be filtered by, in one statement; read once per request."""

    def load() -> dict[str, list[tuple[int, str]]]:
        rows = rows_for(user, _filter_options)
        found: dict[str, list[tuple[int, str]]] = {"owner": [], "source": []}
        for kind, pk, label, _place in sorted(rows, key=lambda row: (row[0], row[3], row[1])):
            found[kind].append((pk, label))
        return found

    return request_cache.remember(("filter_options", user.pk), load)


def _filter_options(user: Any, _ids: Sequence[int]) -> QuerySet[Any, Any]:
    sources: QuerySet[Any, Any] = sources_seen_by(user).order_by()
    sources = sources.values_list(Value("source", CharField()), "pk", "name", "position")
    if not sees_others(user):
        return sources
    sellers: QuerySet[Any, Any] = sellers_seen_by(user).order_by()
    return sellers.values_list(Value("owner", CharField()), "pk", shown_name(), "pk").union(sources, all=True)


def series_of(store: Store) -> QuerySet[Series]:
    """Models the store sells."""
    return Series.objects.filter(brand_id=store.brand_id, is_active=True)


def source_chosen(store: Store, source_id: int | None) -> LeadSource | None:
    """A source by id, refused (422) when it is not one of the store's group (A05)."""
    if source_id is None:
        return None
    source = sources_of(store).filter(pk=source_id).first()
    if source is None:
        raise DomainError("bad_source", "来源无效，请重新选择。", {"source": ["来源无效，请重新选择。"]})
    return source


def series_chosen(store: Store, series_id: int | None) -> Series | None:
    """A model by id, refused (422) when the store does not sell it (A05)."""
    if series_id is None:
        return None
    series = series_of(store).filter(pk=series_id).first()
    if series is None:
        raise DomainError("bad_series", "车系无效，请重新选择。", {"series": ["车系无效，请重新选择。"]})
    return series


def seller_chosen(store: Store, user_id: int | None, field: str = "received_by") -> User | None:
    """A seller by id, refused (422) when they do not sell in the store (A05)."""
    if user_id is None:
        return None
    person = sellers_in(store).filter(pk=user_id).first()
    if person is None:
        raise DomainError("bad_receiver", "请选择本店在职的销售顾问。", {field: ["请选择本店在职的销售顾问。"]})
    return person


def seller_seen(user: Any, user_id: int, field: str) -> User:
    """A seller by id among those the person sees, for many cards at once; refused (422) otherwise (A05)."""
    person = sellers_seen_by(user).filter(pk=user_id).first()
    if person is None:
        text = "请选择在职的销售顾问。"
        raise DomainError("bad_owner", text, {field: [text]})
    return person
