"""跟进质量: each sign is found and only it."""

from __future__ import annotations

from typing import Any

import pytest

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for, count_queries
from leads.selectors.quality import Quality, quality_of, suspicious
from leads.tests.builders import make_follow_up, make_prospect

pytestmark = pytest.mark.django_db
MONTH = Period.month(2026, 11)
COPY = "已联系客户，客户表示再考虑一下"


def month_of(user: Any, store: Any) -> dict[int, Quality]:
    return {row.person.pk: row for row in quality_of(user=user, store=store, period=MONTH) if row.person}


def signs(row: Quality) -> dict[str, int]:
    return {code: number for code, _label, number in row.counts if number}


def test_copied_words_are_found_across_customers(store: Any, consultant: Any, manager: Any, freeze: Any) -> None:
    freeze("2026-11-10 10:00+08:00")
    cards = [make_prospect(consultant, store) for _ in range(4)]
    for card in cards[:3]:
        make_follow_up(consultant, card, content=COPY)
    make_follow_up(consultant, cards[3])
    row = month_of(manager, store)[consultant.pk]
    assert (row.contacts, signs(row)) == (4, {"copied": 3})
    # 60 points for three of four contacts.
    assert row.score(policy("quality.weights", store)) == 55
    assert len(suspicious(user=manager, store=store, period=MONTH, person_id=consultant.pk, issue="copied")) == 3


def test_a_burst_at_the_days_end_is_found(store: Any, consultant: Any, manager: Any, freeze: Any) -> None:
    """Five within ten minutes after 17:00; the same five spread over the afternoon are work."""
    for number in range(5):
        freeze(f"2026-11-10 1{number + 3}:30+08:00")
        make_follow_up(consultant, make_prospect(consultant, store))
    assert signs(month_of(manager, store)[consultant.pk]) == {}
    for number in range(5):
        freeze(f"2026-11-11 18:5{number}+08:00")
        make_follow_up(consultant, make_prospect(consultant, store))
    assert signs(month_of(manager, store)[consultant.pk]) == {"burst": 5}


def test_endless_no_answer_and_a_grade_that_never_moves(
    store: Any, consultant: Any, colleague: Any, manager: Any, freeze: Any
) -> None:
    freeze("2026-11-02 10:00+08:00")
    silent, stuck = make_prospect(consultant, store, grade="C"), make_prospect(colleague, store, grade="C")
    moved = make_prospect(colleague, store, grade="C")
    for day in range(3, 9):
        freeze(f"2026-11-0{day} 10:00+08:00")
        if day < 7:
            make_follow_up(consultant, silent, outcome="no_answer")
        make_follow_up(colleague, stuck)
        make_follow_up(colleague, moved, grade="B" if day == 8 else "C")
    rows = month_of(manager, store)
    assert signs(rows[consultant.pk]) == {"no_answer": 4}
    assert signs(rows[colleague.pk]) == {"stuck": 6}


def test_only_what_is_within_reach(store: Any, other_store: Any, consultant: Any, colleague: Any, manager: Any) -> None:
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    for person, place in ((consultant, store), (colleague, store), (stranger, other_store)):
        make_follow_up(person, make_prospect(person, place))
    month = Period.containing("month", periods.today())
    ask = {"store": store, "period": month}
    assert {row.person for row in quality_of(user=manager, **ask)} == {consultant, colleague}
    assert [row.person for row in quality_of(user=consultant, **ask)] == [consultant]
    assert quality_of(user=manager, store=other_store, period=month) == []


def test_statements_do_not_grow_with_rows(store: Any, consultant: Any, manager: Any) -> None:
    client = client_for(manager)
    make_follow_up(consultant, make_prospect(consultant, store))

    def ask() -> Any:
        assert client.get("/customers/quality/").status_code == 200

    ask()
    one = count_queries(ask)
    for _ in range(2):
        make_follow_up(consultant, make_prospect(consultant, store))
    assert count_queries(ask) == one
