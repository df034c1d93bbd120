"""跟进质量 and 抽查: each sign is found and only it, samples are fair and single, a check corrects the grade."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for, count_queries
from leads.models import FollowUp, FollowUpTask, GradeChange, Prospect, SpotCheck
from leads.selectors.quality import Quality, quality_of, suspicious
from leads.services.spot_check import spot_check_record, spot_checks_sample
from leads.tests.builders import make_follow_up, make_prospect

pytestmark = pytest.mark.django_db
MONTH = Period.month(2026, 11)
WEEK = dt.date(2026, 11, 9)
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


@pytest.fixture
def sampled(store: Any, consultant: Any, colleague: Any, freeze: Any) -> Any:
    """A week in which one wrote three answered follow-ups and the other one; drawn on Monday."""
    freeze("2026-11-10 10:00+08:00")
    for _ in range(3):
        make_follow_up(consultant, make_prospect(consultant, store, grade="H"))
    make_follow_up(consultant, make_prospect(consultant, store), outcome="no_answer")
    make_follow_up(colleague, make_prospect(colleague, store, grade="H"))
    freeze("2026-11-16 06:00+08:00")
    assert spot_checks_sample(store=store, week=WEEK) == 3
    return SpotCheck.objects.filter(owner=consultant).order_by("id").first()


def test_the_sample_is_per_person_and_drawn_once(store: Any, sampled: SpotCheck) -> None:
    drawn = list(SpotCheck.objects.values_list("owner_id", flat=True))
    assert sorted(drawn.count(person) for person in set(drawn)) == [1, 2]
    assert not SpotCheck.objects.filter(follow_up__outcome="no_answer").exists()
    assert spot_checks_sample(store=store, week=WEEK) == 0


def test_r_fu_6_a_check_sets_the_grade_with_its_note(store: Any, sampled: SpotCheck, manager: Any) -> None:
    spot_check_record(by=manager, check_id=sampled.pk, result="partly", grade_found="C", note="客户说明年才考虑")
    card = Prospect.objects.get(pk=sampled.prospect_id)
    change = GradeChange.objects.filter(prospect=card).latest("id")
    assert (card.grade, change.from_grade, change.to_grade) == ("C", "H", "C")
    assert change.reason == "抽查核实：客户说明年才考虑"
    row = month_of(manager, store)[sampled.owner_id]
    assert (row.checked, row.true, row.truth_rate) == (1, 0, 0)
    with pytest.raises(Conflict, match="已抽查过"):
        spot_check_record(by=manager, check_id=sampled.pk, result="true", grade_found="", note="再查一次")


def test_r_fu_6_a_hotter_grade_is_contacted_within_its_interval(
    store: Any, consultant: Any, manager: Any, freeze: Any
) -> None:
    """A C that turns out to be an H is not left for thirty days: H is due within two; the plan written first stays."""
    freeze("2026-11-10 10:00+08:00")
    card = make_prospect(consultant, store, grade="C")
    make_follow_up(consultant, card)
    planned = Prospect.objects.get(pk=card.pk).next_follow_up_at
    freeze("2026-11-16 06:00+08:00")
    spot_checks_sample(store=store, week=WEEK)
    check = SpotCheck.objects.get(owner=consultant)
    spot_check_record(by=manager, check_id=check.pk, result="partly", grade_found="H", note="客户说这周就定")
    card.refresh_from_db()
    task = FollowUpTask.objects.open().get(prospect=card)
    assert card.next_follow_up_at == task.due_at == periods.at(dt.date(2026, 11, 18), "18:00")
    assert task.original_due_at == planned


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"result": "maybe"}, "请选择抽查结果"),
        ({"note": "好"}, "请写明核实到的情况"),
        ({"grade_found": "O"}, "核实级别只能选"),
        ({"called_at": dt.datetime(2026, 12, 1, tzinfo=dt.UTC)}, "不能晚于现在"),
        ({"called_at": dt.datetime(2026, 11, 10, 1, 59, tzinfo=dt.UTC)}, "不能早于这条跟进"),
    ],
)
def test_a_check_is_refused_with_a_sentence(sampled: SpotCheck, manager: Any, told: Any, sentence: str) -> None:
    good: dict[str, Any] = {"result": "true", "grade_found": "H", "note": "客户确认周末到店"}
    with pytest.raises(DomainError, match=sentence):
        spot_check_record(by=manager, check_id=sampled.pk, **(good | told))
    sampled.refresh_from_db()
    assert (sampled.result, sampled.checked_by_id) == ("", None)


def test_nobody_checks_their_own(store: Any, sampled: SpotCheck, manager: Any) -> None:
    FollowUp.objects.filter(pk=sampled.follow_up_id).update(done_by=manager)
    SpotCheck.objects.filter(pk=sampled.pk).update(owner=manager)
    with pytest.raises(DomainError, match="不能抽查自己的跟进"):
        spot_check_record(by=manager, check_id=sampled.pk, result="true", grade_found="", note="我自己查的")


def test_the_pages_show_and_take_a_check(sampled: SpotCheck, manager: Any, consultant: Any) -> None:
    client, address = client_for(manager), f"/customers/spot-checks/{sampled.pk}/"
    assert sampled.follow_up.content in client.get("/customers/spot-checks/").content.decode()
    person = f"/?store={sampled.store_id}&amp;person={sampled.owner_id}"
    shown = client.get(address).content.decode()
    assert f"/activity{person}&amp;day=2026-11-10" in shown
    assert f"/grades{person}&amp;month=2026-11" in shown
    assert client.post(address, {"result": "true", "note": ""}).status_code == 422
    assert client.post(address, {"result": "true", "note": "客户确认周末到店"}).status_code == 302
    assert "客户确认周末到店" in client.get(address).content.decode()
    mine = client_for(consultant)
    assert "保存抽查结果" not in mine.get(address).content.decode()
    assert mine.post(address, {"result": "true", "note": "我说是真的"}).status_code == 403
