"""Several people at once on real connections (R01, R03, R06, R11). Each race has a control without its guard."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections

from dealership.audit.services import once
from dealership.core import services
from dealership.core.errors import DomainError
from dealership.core.text import pinyin_of
from dealership.org.choices import Role
from leads.models import Customer, CustomerPhone, FollowUp, OwnerChange, Prospect, Visit
from leads.selectors.leaver import split
from leads.services.leaver import hand_over_do
from leads.services.prospect import prospect_reassign
from leads.tests.builders import make_follow_up, make_prospect, make_visit, new_phone

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
INDEX = "leads_customerphone_one_owner"


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts on threads released together; answers their results or refusals in order."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(position: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[position] = act()
        except DomainError as error:
            results[position] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_r03_two_consultants_enter_one_phone_and_meet_in_one_customer(store, consultant, colleague):
    for _ in range(5):
        phone = new_phone()
        visits = at_once(
            lambda p=phone: make_visit(consultant, store, phone=p, name="孙丽"),
            lambda p=phone: make_visit(colleague, store, phone=p, name="孙丽"),
        )
        customer = CustomerPhone.objects.get(number=f"+86{phone}").customer
        assert {visit.customer_id for visit in visits} == {customer.pk}
        assert {visit.owner for visit in visits} == {customer.owner}
        assert Visit.objects.filter(customer=customer).count() == 1
        assert Prospect.objects.filter(customer=customer).count() == 1


@pytest.fixture
def _without_unique_phone(transactional_db: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE leads_customerphone DROP CONSTRAINT {INDEX}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_customerphone CASCADE")
        cursor.execute(f"ALTER TABLE leads_customerphone ADD CONSTRAINT {INDEX} UNIQUE (store_id, number)")


@pytest.mark.usefixtures("_without_unique_phone")
def test_r03_control_without_the_unique_index_two_customers_appear(store, consultant, colleague):
    def create(owner: Any, phone: str, barrier: threading.Barrier) -> None:
        if not CustomerPhone.objects.filter(store=store, number=phone).exists():
            barrier.wait()
            customer = Customer.objects.create(store=store, owner=owner, name="孙丽", name_pinyin=pinyin_of("孙丽"))
            CustomerPhone.objects.create(store=store, customer=customer, number=phone, last4=phone[-4:])

    barrier = threading.Barrier(2)
    at_once(lambda: create(consultant, "+8613911112222", barrier), lambda: create(colleague, "+8613911112222", barrier))
    assert CustomerPhone.objects.filter(number="+8613911112222").count() == 2


def test_r01_the_same_form_sent_twice_is_one_visit(store, consultant):
    key = uuid.uuid4()

    def send() -> tuple[Visit, bool]:
        return once(
            by=consultant, action="visit.register", key=key,
            create=lambda: make_visit(consultant, store, captured=False, party_size=2), find=lambda pk: Visit(pk=pk),
        )  # fmt: skip

    answers = at_once(send, send, send)
    assert sorted(replay for _, replay in answers) == [False, True, True]
    assert len({visit.pk for visit, _ in answers}) == 1
    assert Visit.objects.count() == 1


def test_r01_control_without_the_key_there_are_three(store, consultant):
    at_once(*[lambda: make_visit(consultant, store, captured=False)] * 3)
    assert Visit.objects.count() == 3


def test_r06_two_tabs_log_on_one_card_and_the_second_is_told(store, consultant):
    card = make_prospect(consultant, store)

    def log(version: int | None) -> Any:
        return make_follow_up(consultant, card, version=version)

    answers = at_once(lambda: log(card.version), lambda: log(card.version))
    stale = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [error.code for error in stale] == ["stale"]
    assert FollowUp.objects.count() == 1
    at_once(lambda: log(None), lambda: log(None))
    assert FollowUp.objects.count() == 3


def in_opposite_order(cards: list[Prospect], givers: list[tuple[Any, Any]]) -> list[Any]:
    """Each gives all cards to their taker in one transaction, the second in the other order; both hold one first."""
    meet, begun = threading.Barrier(2, timeout=20), threading.local()

    @services.service
    def give(by: Any, to: Any, order: list[Prospect]) -> str:
        for card in order:
            prospect_reassign(by=by, prospect_id=card.pk, new_owner=to, reason="客户就近")
            if not hasattr(begun, "once"):
                begun.once = True
                meet.wait()
        return "done"

    (first, one), (second, two) = givers
    return at_once(lambda: give(first, one, cards), lambda: give(second, two, cards[::-1]))


def test_r11_transfers_that_wait_for_each_other_both_happen(store, consultant, colleague, manager, person):
    """Of A→B and B→A one is ended by PostgreSQL, done again, and both are whole: one owner, a history that joins."""
    cards = [make_prospect(consultant, store) for _ in range(2)]
    other = person(Role.SALES_MANAGER, store)
    third = person(Role.SALES_CONSULTANT, store, name="陈静")
    assert in_opposite_order(cards, [(manager, colleague), (other, third)]) == ["done", "done"]
    owners = {Prospect.objects.get(pk=card.pk).owner_id for card in cards}
    assert len(owners) == 1
    for card in cards:
        rows = list(OwnerChange.objects.filter(prospect=card).order_by("id").values_list("from_owner", "owner"))
        assert len(rows) == 2
        assert rows[0][0] == consultant.pk
        assert rows[0][1] == rows[1][0]
        assert {rows[1][1], Customer.objects.get(pk=card.customer_id).owner_id} == owners


def test_r11_control_without_a_second_try_one_is_told(monkeypatch, store, consultant, manager, person):
    monkeypatch.setattr(services, "DEADLOCK_RETRIES", 0)
    cards = [make_prospect(consultant, store) for _ in range(2)]
    one, two = (person(Role.SALES_CONSULTANT, store) for _ in range(2))
    answers = in_opposite_order(cards, [(manager, one), (person(Role.SALES_MANAGER, store), two)])
    assert [(answer.code, answer.status) for answer in answers if answer != "done"] == [("busy", 409)]
    assert OwnerChange.objects.count() == 2


def test_r11_two_hand_overs_towards_each_other(store, consultant, colleague, manager, person):
    """All of A to B while all of B goes to A: each card ends with one owner, the customer's; nobody meets an error."""
    mine, theirs = ([make_prospect(who, store) for _ in range(3)] for who in (consultant, colleague))
    second = person(Role.SALES_MANAGER, store)

    def over(by: Any, giver: Any, taker: Any) -> Any:
        shown = split(user=by, store=store, person=giver, takers=[taker])
        moves = {"card_moves": shown.card_moves, "lead_moves": {}}
        return lambda: hand_over_do(by=by, store=store, person=giver, reason="对调", **moves)

    answers = at_once(over(manager, consultant, colleague), over(second, colleague, consultant))
    told = [answer.code for answer in answers if isinstance(answer, DomainError)]
    assert told in ([], ["split_stale"])
    for card in Prospect.objects.select_related("customer"):
        assert card.owner_id == card.customer.owner_id
    moved = {card.pk for card in (*mine, *theirs)} & set(OwnerChange.objects.values_list("prospect", flat=True))
    assert len(moved) == 6 - 3 * len(told)
