"""Clients and assertions shared by the tests of pages and API."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dealership.core import request_cache


def client_for(user: Any) -> Client:
    """A signed-in browser session."""
    client = Client()
    client.force_login(user)
    return client


def api_for(user: Any) -> APIClient:
    """An API client acting as the user."""
    client = APIClient()
    client.force_authenticate(user)
    return client


def count_queries(act: Callable[[], Any]) -> int:
    """How many statements an act needs (outside any remembered request memory)."""
    request_cache.end()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    # Several that travel in one message are several (core/prepared.py).
    return sum(query["sql"].count("; EXECUTE ") + 1 for query in captured)


def assert_same_query_count(act: Callable[[], Any], add_rows: Callable[[], Any], *, limit: int) -> None:
    """The act needs as many statements with one row as with three, and no more than `limit`."""
    act()
    one = count_queries(act)
    add_rows()
    three = count_queries(act)
    assert one == three, f"{one} queries with one row, {three} with three"
    assert three <= limit, f"{three} queries, budget {limit}"


def own_environment() -> dict[str, str]:
    """The environment for a child process, without what the browser tests set for this one."""
    return {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
