"""Two at once on real connections: one phone, one pool lead, one round. Each race has a control without the guard."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from leads.models import Lead, LeadAssignment, LeadChange
from leads.services.lead_assign import lead_pick
from leads.services.lead_intake import LeadRow, lead_create, leads_take_in
from leads.tests.builders import new_phone
from leads.tests.lead_builders import make_lead, nobody_takes
from leads.tests.services.test_race import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
INDEX = "leads_lead_one_open"


def test_two_takes_of_one_phone_end_in_one_lead(store, consultant, colleague):
    for _ in range(5):
        phone = new_phone()
        answers = at_once(
            lambda p=phone: lead_create(by=consultant, store=store, row=LeadRow(p)),
            lambda p=phone: leads_take_in(by=colleague, store=store, rows=[LeadRow(new_phone()), LeadRow(p)])[1],
        )
        assert Lead.objects.filter(phone=f"+86{phone}").count() == 1
        assert sorted(answer.outcome for answer in answers) == ["created", "repeated"]


@pytest.fixture
def _without_the_index(transactional_db: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {INDEX}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_lead CASCADE")
        cursor.execute(
            f"CREATE UNIQUE INDEX {INDEX} ON leads_lead (store_id, phone) "
            "WHERE state IN ('new', 'recycled', 'assigned', 'transfer_pending')"
        )


@pytest.mark.usefixtures("_without_the_index")
def test_control_without_the_index_there_are_two(store, consultant, colleague):
    barrier = threading.Barrier(2)

    def create(by: Any) -> None:
        if not Lead.objects.filter(store=store, phone="+8613911112222").exists():
            barrier.wait()
            Lead.objects.create(store=store, phone="+8613911112222", created_by=by, received_at=periods.now())

    at_once(lambda: create(consultant), lambda: create(colleague))
    assert Lead.objects.count() == 2


def test_two_pick_one_lead_and_one_wins(store, manager):
    one, two = make_person(Role.DCC_AGENT, store), make_person(Role.DCC_AGENT, store)
    nobody_takes(store)
    for _ in range(5):
        lead = make_lead(manager, store)
        answers = at_once(
            lambda pk=lead.pk: lead_pick(by=one, lead_id=pk), lambda pk=lead.pk: lead_pick(by=two, lead_id=pk)
        )
        refused = [answer for answer in answers if isinstance(answer, DomainError)]
        assert [(error.code, error.status) for error in refused] == [("picked", 409)]
        assert "刚刚被同事领走" in refused[0].message
        assert LeadAssignment.objects.filter(lead=lead).count() == 1
        assert LeadChange.objects.filter(lead=lead, event="pick").count() == 1


def test_control_without_the_lock_both_believe_they_won(store, manager):
    nobody_takes(store)
    lead = make_lead(manager, store)
    barrier = threading.Barrier(2)

    def pick() -> bool:
        found = Lead.objects.get(pk=lead.pk).is_in_pool
        barrier.wait()
        return found

    assert at_once(pick, pick) == [True, True]


def test_two_intakes_share_one_round(store, manager):
    people = [make_person(Role.DCC_AGENT, store) for _ in range(2)]

    def take() -> Any:
        return leads_take_in(by=manager, store=store, rows=[LeadRow(new_phone()) for _ in range(3)])

    at_once(take, take)
    assert Counter(Lead.objects.values_list("owner_id", flat=True)) == {person.pk: 3 for person in people}
