"""Field history per statement: the same events as one by one, whoever writes and however many rows."""

from __future__ import annotations

import pgtrigger
import pytest
from django.db import connection

from dealership.audit.history import InsertEvent, UpdateEvent
from dealership.org.models import Store
from leads.models import Customer


def events(*customers: Customer) -> list[tuple[str, str, int]]:
    """(name, label, version) of the customers' events as they were written, customer by customer."""
    return [
        (event.name, event.pgh_label, event.version)
        for customer in customers
        for event in Customer.pgh_event_model.objects.filter(pgh_obj_id=customer.pk).order_by("pgh_id")
    ]


def some(store: Store, number: int) -> list[Customer]:
    return [Customer(store=store, name=f"客户{index}") for index in range(number)]


@pytest.mark.django_db
def test_many_rows_leave_the_events_of_single_writes(store):
    one = some(store, 1)[0]
    one.save()
    one.name, one.version = "张伟", 2
    one.save()
    one.save(update_fields=["name"])
    assert events(one) == [("客户0", "insert", 1), ("张伟", "update", 2)]

    many = Customer.objects.bulk_create(some(store, 3))
    assert events(*many) == [(f"客户{index}", "insert", 1) for index in range(3)]
    Customer.objects.filter(pk=many[0].pk).update(name="改一", version=2)
    # The second is what it was already: no event, as when it is saved alone.
    Customer.objects.filter(pk__in=[row.pk for row in many]).update(name="改一", version=2)
    assert events(*many) == [
        ("客户0", "insert", 1), ("改一", "update", 2), ("客户1", "insert", 1), ("改一", "update", 2),
        ("客户2", "insert", 1), ("改一", "update", 2),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_customer SET name = 'sql' WHERE id = %s", [one.pk])
    assert events(one)[-1] == ("sql", "update", 2)
    Customer.objects.filter(pk=0).update(name="niemand")
    assert Customer.pgh_event_model.objects.count() == 9


def test_every_tracked_model_writes_its_history_per_statement():
    """The update triggers pair rows by a join that cannot turn into a nested loop (see `audit.history`)."""
    found = [(model, made) for model, made in pgtrigger.registry.registered() if made.name == "update_update"]
    assert len(found) > 20
    for model, made in pgtrigger.registry.registered():
        if made.name in ("insert_insert", "update_update"):
            assert made.level == pgtrigger.Statement, model
    assert [model for model, made in found if "FULL JOIN" not in str(made.render_func(model))] == []
    assert (InsertEvent.level, UpdateEvent.level) == (pgtrigger.Statement, pgtrigger.Statement)
