"""COPY of instances writes what `bulk_create` writes, with the same triggers and errors."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from dealership.core import periods
from dealership.core.copying import FEW, among, copy_in, copy_plain
from dealership.org.models import ClosedMonth
from leads.choices import LeadState
from leads.models import Customer, CustomerPhone, Lead


def people(store, number):
    return [Customer(store=store, name=f"客\t户\\{index}", birthday=dt.date(1990, 2, 28)) for index in range(number)]


@pytest.mark.django_db
def test_rows_keys_relations_stamps_and_history_are_those_of_bulk_create(store, freeze):
    freeze("2026-11-22 10:00+08:00")
    slow, fast = Customer.objects.bulk_create(people(store, FEW)), people(store, FEW)
    # The relation is assigned before the customer has a key.
    phones = [
        CustomerPhone(store=store, customer=row, number=f"+86{index}", last4="0") for index, row in enumerate(fast)
    ]
    assert copy_in(Customer, fast) == fast
    copy_in(CustomerPhone, phones)
    pairs = [(Customer.objects.get(pk=a.pk), Customer.objects.get(pk=b.pk)) for a, b in zip(slow, fast, strict=True)]
    for one, other in pairs:
        same = {"name": other.name, "created_at": other.created_at, "version": 1}
        assert {**model_to_dict(one), "id": 0} == {**model_to_dict(other), "id": 0}
        assert {name: getattr(one, name) for name in same} == same
        assert other.phones.get().customer_id == other.pk
    events = Customer.pgh_event_model.objects.filter(pgh_obj_id__in=[row.pk for row in fast])
    assert [event.pgh_label for event in events] == ["insert"] * FEW
    fast[0].name = "改"
    fast[0].save()  # an update, not a second insert
    assert Customer.objects.count() == 2 * FEW


@pytest.mark.django_db
def test_documents_and_states_are_stored_as_by_the_orm(store):
    moment = periods.now()
    facts = {"store": store, "state": LeadState.NEW, "received_at": moment, "clock_spans": [["甲", "\t乙"]]}
    rows = copy_in(Lead, (Lead(phone=f"+86139{index:08d}", **facts) for index in range(FEW)))
    lead = Lead.objects.get(pk=rows[-1].pk)
    assert (lead.state, lead.clock_spans, lead.received_at) == ("new", [["甲", "\t乙"]], moment)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        copy_in(Lead, (Lead(phone="+8613900000000", **facts) for _ in range(FEW)))
    assert refused.value.__cause__.diag.constraint_name == "leads_lead_one_open"
    assert Lead.objects.count() == FEW


@pytest.mark.django_db
def test_r09_a_closed_month_is_refused_to_a_copy_too(store):
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 10, 1))
    told = {"store": store, "state": LeadState.MERGED, "received_at": periods.now()}
    inside = periods.at(dt.date(2026, 10, 31), "23:59")
    with pytest.raises(IntegrityError, match="closed_month:2026-10"), transaction.atomic():
        copy_in(
            Lead, (Lead(phone=f"+86{i}", processed_at=inside, first_assigned_at=inside, **told) for i in range(FEW))
        )
    assert not Lead.objects.exists()


@pytest.mark.django_db
def test_plain_rows_take_defaults_stamps_and_keys_as_instances_do(store, freeze):
    freeze("2026-11-22 10:00+08:00")
    for number in (1, FEW):  # inserted, and copied
        first = Customer.objects.count()
        copy_plain(Customer, ({"store_id": store.pk, "name": f"客{first + index}"} for index in range(number)))
    one, *_, other = Customer.objects.order_by("pk")
    assert Customer.objects.count() == FEW + 1
    assert {**model_to_dict(one), "id": 0, "name": ""} == {**model_to_dict(other), "id": 0, "name": ""}
    assert (other.name, other.version, other.created_at) == (f"客{FEW}", 1, one.created_at)
    assert Customer.pgh_event_model.objects.filter(pgh_obj_id=other.pk).count() == 1
    assert set(Customer.objects.filter(pk__in=among([one.pk, other.pk]))) == {one, other}
    assert not Customer.objects.filter(pk__in=among([])).exists()
