"""People of one store on a fixed day, and a second store next door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from dealership.org.choices import Role
from dealership.tests.builders import make_team
from sales.tests.builders import Staff, make_staff


@pytest.fixture
def noon(freeze: Any) -> Any:
    """Sunday 22 November 2026, noon in Shanghai."""
    freeze("2026-11-22 12:00+08:00")
    return freeze


@pytest.fixture
def li(noon: Any, person: Any, store: Any) -> Any:
    return person(Role.SALES_CONSULTANT, store, team=make_team(store, "一组"), name="李明")


@pytest.fixture
def wang(noon: Any, person: Any, store: Any) -> Any:
    return person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="王芳")


@pytest.fixture
def manager(noon: Any, person: Any, store: Any) -> Any:
    return person(Role.SHOWROOM_MANAGER, store, name="赵经理")


@pytest.fixture
def finance(noon: Any, person: Any, store: Any) -> Any:
    return person(Role.FINANCE, store, name="王会计")


@pytest.fixture
def gm(noon: Any, person: Any, store: Any) -> Any:
    return person(Role.GENERAL_MANAGER, store, name="孙总")


@pytest.fixture
def staff(store: Any, freeze: Any) -> Staff:
    """One person per role of the store; the clock stands on Tuesday 20 October 2026."""
    freeze("2026-10-20 10:00+08:00")
    return make_staff(store)


@dataclass(frozen=True)
class Closers:
    """Those who take a month from snapshot to closed and back."""

    manager: Any
    finance: Any
    gm: Any


@pytest.fixture
def closers(manager: Any, finance: Any, gm: Any) -> Closers:
    return Closers(manager, finance, gm)
