"""Builders of the ground for tests of every app: group, stores, teams, people with roles."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.contrib.auth.hashers import make_password

from dealership.accounts.models import User
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.models import Brand, DealerGroup, LeadSource, Membership, Series, Store, Team

_numbers = itertools.count(1)
PASSWORD = "Test-pass-2026"


def make_group(name: str = "华辰集团") -> DealerGroup:
    return DealerGroup.objects.get_or_create(name=name)[0]


def make_store(code: str = "A", *, group: DealerGroup | None = None, **fields: Any) -> Store:
    """A store with its brand, two series and two sources."""
    group = group or make_group()
    brand, _ = Brand.objects.get_or_create(group=group, name="远程汽车")
    for name, body in (("远景X7", "suv"), ("远景S5", "sedan")):
        Series.objects.get_or_create(brand=brand, name=name, defaults={"body": body})
    for code_, name in (("walk_in", "自然到店"), ("dongchedi", "懂车帝")):
        LeadSource.objects.get_or_create(group=group, code=code_, defaults={"name": name})
    store, _ = Store.objects.get_or_create(
        code=code,
        defaults={"group": group, "brand": brand, "name": f"华辰{code}店", "short_name": f"{code}店", **fields},
    )
    return store


def make_team(store: Store, name: str = "一组") -> Team:
    return Team.objects.get_or_create(store=store, name=name)[0]


def make_person(
    role: Role | str,
    store: Store | None = None,
    *,
    team: Team | None = None,
    username: str = "",
    name: str = "",
    group: DealerGroup | None = None,
    since: dt.date | None = None,
    **membership: Any,
) -> User:
    """A person with one membership in force since a year ago."""
    number = next(_numbers)
    user = User.objects.create(
        username=username or f"{role}{number}",
        name=name or f"员工{number}",
        password=make_password(PASSWORD),
    )
    owner_group = group or (store.group if store else make_group())
    Membership.objects.create(
        user=user,
        group=owner_group,
        store=store,
        team=team,
        role=role,
        valid=(since or periods.today() - dt.timedelta(days=365), None),
        **membership,
    )
    return user
