"""Prepared statements answer what their querysets answer, for everybody and at every moment (core/prepared.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, InternalError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from dealership.core import named, periods, prepared, request_cache
from dealership.core.prepared import Question, ask_ahead, rows_of
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.prepared import question_for, rows_for
from leads.models import Prospect
from leads.selectors.prospect import prospect_board, prospect_rows, whole_board
from leads.tests.builders import make_prospect

pytestmark = pytest.mark.django_db
built: list[str] = []


def _cards(reader: Any, stores: Sequence[int]) -> QuerySet[Prospect]:
    built.append("cards")
    return Prospect.objects.visible_to(reader).filter(store_id__in=stores).order_by("pk")


def test_people_of_the_same_posts_share_a_statement_and_see_their_own_rows(store, other_store, person):
    first, second = person(Role.SALES_CONSULTANT, store), person(Role.SALES_CONSULTANT, store)
    manager = person(Role.SALES_MANAGER, store)
    stranger = person(Role.SALES_MANAGER, other_store)
    cards = [make_prospect(owner, store) for owner in (first, second)]
    built.clear()
    assert rows_for(first, _cards, ids=[store.pk]) == [cards[0]]
    assert rows_for(second, _cards, ids=[store.pk]) == [cards[1]]
    assert len(built) == 3  # as it is, then with stand-ins and once more for the proof
    for reader, card in ((first, cards[0]), (second, cards[1])):
        assert rows_for(reader, _cards, ids=[store.pk]) == [card]
    assert len(built) == 3
    for _ in range(2):
        assert rows_for(manager, _cards, ids=[store.pk]) == cards
    assert len(built) == 6
    assert rows_for(stranger, _cards, ids=[store.pk]) == []
    assert rows_for(manager, _cards, ids=[other_store.pk]) == []
    assert len(built) == 6
    assert rows_for(manager, _cards, ids=[10**30]) == []
    assert len(built) == 7


def test_a_condition_on_now_is_asked_at_the_moment_of_the_question(store, person, freeze):
    freeze("2026-11-20 10:00+08:00")
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    Prospect.objects.filter(pk=card.pk).update(next_follow_up_at=periods.at(periods.today(), "15:00"))

    def late(ids: Sequence[int]) -> QuerySet[Prospect]:
        built.append("late")
        return Prospect.objects.filter(store_id=ids[0]).overdue(periods.now())

    def ask() -> list[Any]:
        return rows_of("late", late, [store.pk])

    built.clear()
    assert ask() == ask() == []
    freeze("2026-11-20 15:01+08:00")
    assert ask() == [card]
    assert len(built) == 3
    freeze("2026-11-21 09:00+08:00")
    assert ask() == [card]
    assert len(built) == 4


@pytest.mark.parametrize(
    "role", [Role.SALES_CONSULTANT, Role.SHOWROOM_MANAGER, Role.GENERAL_MANAGER, Role.GROUP_OFFICE]
)
def test_the_statements_of_the_busiest_pages_are_kept(store, person, client_for, monkeypatch, role):
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    monkeypatch.setattr(prepared, "_plans", {})
    reader = card.owner if role == Role.SALES_CONSULTANT else person(role, store)
    pages = [
        "/today/",
        "/customers/prospects/",
        "/reports/board/",
        "/reports/month/",
        f"/customers/prospects/{card.pk}/",
    ]
    client = client_for(reader)
    for page in pages * 2:
        assert client.get(page).status_code == 200
    kept = prepared._plans
    assert sum(plan is not prepared.ASKED for plan in kept.values()) > 10
    assert [key for key, plan in kept.items() if plan is None] == []


@pytest.mark.parametrize(
    "depends", ["on a policy", "on a policy known before", "on the number itself", "on a time made of now"]
)
def test_a_statement_that_depends_on_anything_else_is_built_each_time(store, other_store, person, depends):
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    ways: dict[str, Callable[[int], QuerySet[Prospect]]] = {
        "on a policy": lambda pk: Prospect.objects.filter(store_id=pk, pk__gt=-policy("follow_up.repeat_window", pk)),
        "on a policy known before": lambda pk: Prospect.objects.filter(
            store_id=pk, pk__gt=-policy("follow_up.repeat_window", store.pk)
        ),
        "on the number itself": lambda pk: Prospect.objects.filter(store_id=pk, pk__gt=-pk),
        "on a time made of now": lambda pk: Prospect.objects.filter(
            store_id=pk, card_created_at__gt=periods.now() - dt.timedelta(hours=1)
        ),
    }

    def cards(ids: Sequence[int]) -> QuerySet[Prospect]:
        built.append("each")
        return ways[depends](ids[0])

    with request_cache.unit():
        for _ in range(3):
            built.clear()
            assert rows_of(("each", depends), cards, [store.pk]) == [card]
            assert rows_of(("each", depends), cards, [other_store.pk]) == []
            assert built


def _numbered(ids: Sequence[int], number: int) -> QuerySet[Prospect]:
    return Prospect.objects.open().filter(store_id=ids[0]).exclude(pk=number)


def _question(store: Any, number: int) -> Question:
    return Question(("numbered", number), lambda ids: _numbered(ids, number), (store.pk,))


def _ask(store: Any, number: int = 0) -> list[Prospect]:
    return _question(store, number).rows()


def _named() -> list[str]:
    """What this connection has kept of the statements above, the earliest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time, name")
        return [text for (text,) in cursor.fetchall() if "leads_prospect" in text]


@pytest.fixture
def nothing_kept(monkeypatch):
    """Here and on this connection; other tests go on with it."""
    monkeypatch.setattr(prepared, "_plans", {})
    _forget()
    yield
    _forget()


def _forget() -> None:
    connection.ensure_connection()
    connection.connection.execute("DEALLOCATE ALL")
    named._known.pop(connection.connection, None)


@pytest.mark.usefixtures("nothing_kept")
def test_the_server_is_told_a_statement_once_with_its_literals(store, person):
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    assert [_ask(store) for _ in range(2)] == [[card]] * 2
    with CaptureQueriesContext(connection) as asked:
        assert [_ask(store) for _ in range(7)] == [[card]] * 7
    assert {query["sql"].partition("(")[0].partition("_")[0] for query in asked} == {"EXECUTE kept"}
    assert len(asked) == 7
    (statement,) = _named()
    assert "'active'" in statement
    assert "$1" in statement
    assert "$2" not in statement


@pytest.mark.usefixtures("nothing_kept")
def test_the_oldest_statement_makes_room(store, person, monkeypatch):
    monkeypatch.setattr(named, "KEPT", 2)
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    for number in (0, 1, 2, 0, 2):
        assert [_ask(store, -number) for _ in range(2)] == [[card]] * 2
        assert len(_named()) <= 2
    assert len(_named()) == 2


@pytest.mark.usefixtures("nothing_kept")
def test_a_statement_outlives_the_transaction_that_made_it(store, person):
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    _ask(store)
    with transaction.atomic():
        assert _ask(store) == [card]
        transaction.set_rollback(True)
    assert _ask(store) == [card]
    assert len(_named()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nothing_kept")
def test_a_new_connection_is_told_anew(store, person):
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    assert [_ask(store) for _ in range(2)] == [[card]] * 2
    connection.close()
    assert _ask(store) == [card]
    assert len(_named()) == 1


@pytest.mark.usefixtures("nothing_kept")
def test_a_failed_transaction_says_so_as_ever(store):
    _ask(store)
    with transaction.atomic():
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        with pytest.raises(InternalError, match="current transaction is aborted"):
            _ask(store)
        transaction.set_rollback(True)


def test_questions_asked_ahead_are_answered_once_and_each_with_its_own_rows(store, other_store, person):
    people = [person(Role.SALES_CONSULTANT, store) for _ in range(2)]
    cards = [make_prospect(owner, store) for owner in people]
    questions = [question_for(reader, _cards, ids=[store.pk]) for reader in people]
    questions.append(question_for(people[0], _cards, ids=[other_store.pk]))
    answers = [[cards[0]], [cards[1]], []]
    assert [question.rows() for question in questions] == answers
    with request_cache.unit():
        with CaptureQueriesContext(connection) as asked:
            ask_ahead(questions)
        assert len(asked) == 1
        with CaptureQueriesContext(connection) as asked:
            assert [question.rows() for question in questions] == answers
        assert len(asked) == 0
        Prospect.objects.filter(pk=cards[0].pk).update(key_concern="油耗")
        with CaptureQueriesContext(connection) as asked:
            (again,) = questions[0].rows()
        assert (len(asked), again.key_concern) == (1, "油耗")
    ask_ahead(questions)  # outside a request nothing is remembered
    with CaptureQueriesContext(connection) as asked:
        assert questions[1].rows() == answers[1]
    assert len(asked) == 1


@pytest.mark.usefixtures("nothing_kept")
def test_making_room_spares_what_travels_in_the_same_message(store, person, monkeypatch):
    monkeypatch.setattr(named, "KEPT", 3)
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    for number in (1, 2, 3, 4):
        assert [_ask(store, -number) for _ in range(2)] == [[card]] * 2
    assert len(_named()) == 3  # the first is forgotten, the second is the oldest now
    oldest_and_forgotten = [_question(store, -number) for number in (2, 1)]
    with request_cache.unit():
        ask_ahead(oldest_and_forgotten)
        assert [question.rows() for question in oldest_and_forgotten] == [[card]] * 2


def test_nothing_is_asked_ahead_that_is_not_kept(store, person, monkeypatch):
    monkeypatch.setattr(prepared, "_plans", {})
    card = make_prospect(person(Role.SALES_CONSULTANT, store), store)
    question = question_for(card.owner, _cards, ids=[store.pk])
    with request_cache.unit(), CaptureQueriesContext(connection) as asked:
        ask_ahead([question])
        assert len(asked) == 0
        assert question.rows() == [card]


def test_the_board_is_the_same_with_its_statements_kept(store, person):
    consultant, colleague = (person(Role.SALES_CONSULTANT, store) for _ in range(2))
    for owner, grades in ((consultant, "HHAC"), (colleague, "HB")):
        for grade in grades:
            make_prospect(owner, store, grade=grade)
    for _ in range(3):  # built, proven, kept
        for reader in (consultant, colleague):
            columns = whole_board(user=reader)
            assert columns == prospect_board(prospect_rows(user=reader))
            assert sum(column.count for column in columns) == (4 if reader == consultant else 2)
