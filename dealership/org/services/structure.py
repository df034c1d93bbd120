"""Stores, teams and the source dictionary."""

from __future__ import annotations

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import request_cache
from dealership.core.errors import NotAllowed
from dealership.core.services import check_version, lock, service
from dealership.org import selectors
from dealership.org.models import Brand, DealerGroup, LeadSource, Store, Team
from dealership.org.reach import may_add_store, require


@service
def store_create(
    *, by: User, group: DealerGroup, code: str, name: str, short_name: str, brand: str, address: str = ""
) -> Store:
    """A new store of the group, of a brand that is known or new. Refused for a code or a name in use.

    Only for those whose reach is the group: a store's own people never widen it.
    """
    if not may_add_store(by) or group not in selectors.groups(user=by):
        raise NotAllowed
    maker = Brand.objects.get_or_create(group=group, name=brand)[0]
    fields = {"code": code, "name": name, "short_name": short_name, "address": address}
    store = Store.objects.create(group=group, brand=maker, **fields)
    request_cache.forget("memberships")
    record(by=by, action="store.create", target=store, changes={"code": code})
    return store


@service
def store_change(*, by: User, store_id: int, version: int | None, name: str, short_name: str, address: str) -> Store:
    """Names and address of a store; its code and group never change."""
    store = lock(Store.objects.visible_to(by), store_id)
    require(by, "store.change", store.pk)
    check_version(store, version, 门店=store.name, 简称=store.short_name, 地址=store.address)
    store.name, store.short_name, store.address = name, short_name, address
    store.touch()
    store.save()
    record(by=by, action="store.change", target=store)
    return store


@service
def team_save(*, by: User, store_id: int, name: str, team_id: int | None = None) -> Team:
    """A new team of a store, or another name for one."""
    store = lock(Store.objects.visible_to(by), store_id)
    require(by, "store.change", store.pk)
    team = lock(Team.objects.filter(store=store), team_id) if team_id else Team(store=store)
    team.name = name
    team.save()
    record(by=by, action="team.save", target=team, changes={"name": name})
    return team


@service
def source_save(
    *, by: User, group: DealerGroup, code: str, name: str, position: int, is_active: bool, source_id: int | None = None
) -> LeadSource:
    """A source of customers. Used ones are switched off, never removed."""
    require(by, "policy.change")
    source = lock(selectors.lead_sources(user=by), source_id) if source_id else LeadSource(group=group, code=code)
    source.name, source.position, source.is_active = name, position, is_active
    source.save()
    record(by=by, action="source.save", target=source, changes={"name": name, "is_active": is_active})
    return source
