"""The frame of writes: one transaction however many services take part, and one answer per idempotency key."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealership.audit.models import AuditEntry, IdempotencyKey
from dealership.audit.services import once, record
from dealership.core.errors import DomainError
from dealership.core.services import service


@service
def _inner(*, target: Any, refuse: bool) -> None:
    record(by=None, action="test.inner", target=target)
    if refuse:
        raise DomainError("no", "不行。")


@service
def _outer(*, target: Any, refuse: bool = False, swallow: bool = False) -> None:
    record(by=None, action="test.outer", target=target)
    try:
        _inner(target=target, refuse=refuse)
    except DomainError:
        if not swallow:
            raise


def _written() -> set[str]:
    return set(AuditEntry.objects.filter(action__startswith="test.").values_list("action", flat=True))


def test_a_service_inside_a_service_shares_its_transaction_without_a_savepoint(store: Any) -> None:
    with CaptureQueriesContext(connection) as asked:
        _outer(target=store)
    assert [q["sql"] for q in asked if "SAVEPOINT" in q["sql"]][1:-1] == []
    assert _written() == {"test.inner", "test.outer"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("swallow", [False, True])
def test_a_refusal_inside_keeps_nothing_even_when_it_is_caught_on_the_way(store: Any, swallow: bool) -> None:
    with pytest.raises(RuntimeError if swallow else DomainError):
        _outer(target=store, refuse=True, swallow=swallow)
    assert _written() == set()


def test_a_key_costs_two_statements_and_answers_the_first_result_again(person: Any, store: Any) -> None:
    by, key = person("sales_consultant", store), uuid.uuid4()
    with CaptureQueriesContext(connection) as asked:
        first = once(by=by, action="t", key=key, create=lambda: store, find=lambda pk: store)
    assert sum("audit_idempotencykey" in q["sql"] for q in asked) == 2
    found: list[int] = []
    again = once(by=by, action="t", key=key, create=lambda: pytest.fail("made twice"), find=found.append)
    assert (first, again, found) == ((store, False), (None, True), [store.pk])
    assert IdempotencyKey.objects.get(key=key).result_id == store.pk
