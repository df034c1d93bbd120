"""Fixtures every app's tests may use."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import translation

from dealership.core import catalogue, request_cache
from dealership.org.models import Store
from dealership.tests import builders, clients, database


def pytest_configure() -> None:
    """The English screens need the compiled catalogue."""
    catalogue.compile_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order in every worker."""
    from dealership.tests.scheduling import longest_first

    longest_first(items)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector need not look through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Some tests keep to one worker; asked only where there are workers."""
    from dealership.tests.scheduling import TogetherScheduling

    return TogetherScheduling(config, log)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any) -> Any:
    """pytest-django's own fixture would run every migration in every worker; this copies a migrated database."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    with django_db_blocker.unblock():
        made = database.make(worker)
    yield
    with django_db_blocker.unblock():
        database.remove(made)


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    """Neither request memory nor the language of a request leaks from one test to the next."""
    request_cache.end()
    translation.activate(settings.LANGUAGE_CODE)
    yield
    request_cache.end()


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def store(db: Any) -> Store:
    return builders.make_store("A")


@pytest.fixture
def other_store(db: Any) -> Store:
    """A second store of the same group: what must not leak."""
    return builders.make_store("B")


@pytest.fixture
def person(db: Any) -> Callable[..., Any]:
    return builders.make_person


@pytest.fixture
def client_for() -> Callable[[Any], Any]:
    return clients.client_for


@pytest.fixture
def api_for() -> Callable[[Any], Any]:
    return clients.api_for


@pytest.fixture
def freeze() -> Iterator[Callable[[Any], None]]:
    """`freeze("2026-11-22 20:00+08:00")`: the clock stands there until the test ends."""
    travellers: list[Any] = []

    def stop_at(moment: Any) -> None:
        while travellers:
            travellers.pop().stop()
        traveller = time_machine.travel(moment, tick=False)
        traveller.start()
        travellers.append(traveller)

    yield stop_at
    while travellers:
        travellers.pop().stop()
