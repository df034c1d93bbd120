"""One world of people and rows for the tests that ask every address of the product."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from dealership.core.middleware import SessionTimeoutMiddleware
from dealership.tests.clients import client_for
from dealership.tests.matrix import World, make_world


@pytest.fixture
def quiet(settings: Any) -> Iterator[None]:
    """Thousands of requests from one address: no limits (they have their own tests), no log."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.HEALTH_PROBE_SECONDS = 3600
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One world for the whole module, taken back at its end; every request is undone on its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def clients(world: World) -> dict[str, Client]:
    """A signed-in browser per person."""
    found = {}
    for key, persona in world.personas.items():
        found[key] = client_for(persona.user)
        found[key].get("/me/")
        session = found[key].session
        session[SessionTimeoutMiddleware.KEY] += 3600  # noted as seen for the whole module: no request saves it again
        session.save()
        found[key].raise_request_exception = False
    return found
