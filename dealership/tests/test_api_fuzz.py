"""A11: whatever a program sends, the API answers in its own shape: no defect, no traceback, a schema that is valid."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.db import transaction
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from rest_framework.test import APIClient
from schemathesis.core import NotSet

from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.tests.builders import make_person
from dealership.tests.clients import api_for
from leads.tests.builders import make_prospect
from sales.choices import DealStatus
from sales.tests.builders import deal_in, make_staff

pytestmark = pytest.mark.django_db
ROUNDS = settings(
    max_examples=2, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
ALLOWED = {200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 410, 415, 422, 429}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def api(store: Store, freeze: Callable[[str], None]) -> APIClient:
    """The general manager, who may do most, in a store that has something of each kind."""
    freeze("2026-11-18 12:00+08:00")
    staff = make_staff(store)
    make_prospect(staff.consultant, store)
    deal_in(DealStatus.ORDERED, staff, store)
    client = api_for(make_person(Role.GENERAL_MANAGER, store))
    client.raise_request_exception = False
    return client


def test_a11_the_schema_is_valid_and_no_call_of_it_is_a_defect(api: APIClient) -> None:
    """Generated calls, wrong ones too, of every operation: problem+json for refusals, JSON for answers, never 500."""
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        raw = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    validate_schema(raw)
    # Two shapes of one name, or names made up for a list of words, would be a document that lies.
    assert not GENERATOR_STATS, [*GENERATOR_STATS._error_cache, *GENERATOR_STATS._warn_cache]
    schema = schemathesis.openapi.from_dict(raw)
    wrong: list[str] = []
    asked: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 80

    def call(case: Any) -> None:
        asked.append(case.formatted_path)
        query, body = case.query or {}, case.body
        sent = {} if isinstance(body, NotSet) else body
        path = f"{case.formatted_path}?{urlencode(query, doseq=True, errors='replace')}"
        with transaction.atomic():
            answer = api.generic(case.method, path, json.dumps(sent, default=str), "application/json")
            transaction.set_rollback(True)
        kind = answer.headers.get("Content-Type", "")
        if answer.status_code not in ALLOWED:
            wrong.append(f"{case.method} {path} {sent!r}: {answer.status_code} {getattr(answer, 'exc_info', '')}"[:600])
        elif answer.status_code >= 400 and kind != "application/problem+json":
            wrong.append(f"{case.method} {case.formatted_path}: {answer.status_code} as {kind}")

    for operation in operations:
        for mode in schemathesis.GenerationMode:
            cases = operation.as_strategy(generation_mode=mode)
            with suppress(Unsatisfiable):  # a call that takes nothing cannot be made wrong
                seed(20261118)(ROUNDS(given(case=cases)(call)))()
    assert len(asked) > 2 * len(operations)
    assert not wrong, "\n".join(wrong)
