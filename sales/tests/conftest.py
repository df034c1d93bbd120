"""The people of one store, and a person next door."""

from __future__ import annotations

from typing import Any

import pytest

from dealership.org.choices import Role
from sales.tests.builders import Staff, make_staff


@pytest.fixture
def staff(store: Any) -> Staff:
    return make_staff(store)


@pytest.fixture
def stranger(person: Any, other_store: Any) -> Any:
    return person(Role.SALES_MANAGER, other_store, name="外店经理")
