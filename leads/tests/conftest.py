"""People of one store, and a second store next door."""

from __future__ import annotations

from typing import Any

import pytest

from dealership.org.choices import Role
from dealership.tests.builders import make_team


@pytest.fixture
def consultant(person: Any, store: Any) -> Any:
    return person(Role.SALES_CONSULTANT, store, team=make_team(store, "一组"), name="李明")


@pytest.fixture
def colleague(person: Any, store: Any) -> Any:
    return person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="王芳")


@pytest.fixture
def manager(person: Any, store: Any) -> Any:
    return person(Role.SHOWROOM_MANAGER, store, name="赵经理")


@pytest.fixture
def receptionist(person: Any, store: Any) -> Any:
    return person(Role.RECEPTIONIST, store, name="小周")


@pytest.fixture
def stranger(person: Any, other_store: Any) -> Any:
    return person(Role.SALES_CONSULTANT, other_store, name="外店顾问")
