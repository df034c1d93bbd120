"""Every state × event × person: who may do what when, and that a refusal changes nothing (§4.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from reviews.choices import ALLOWED_IN, LEADS_TO, ReviewEvent, ReviewKind, ReviewState
from reviews.models import Review, ReviewComment, ReviewStateChange
from reviews.services.judging import review_comment, review_lock, review_mark_reviewed, review_return
from reviews.services.writing import review_submit, review_write
from reviews.tests.builders import DAY, PLAN, Floor, make_floor, open_day

ACTS: dict[str, Callable[[Any, int], Any]] = {
    ReviewEvent.WRITE: lambda by, pk: review_write(by=by, review_id=pk, version=None, words={"problems": "新问题"}),
    ReviewEvent.SUBMIT: lambda by, pk: review_submit(by=by, review_id=pk, words={"tomorrow_plan": PLAN}),
    ReviewEvent.COMMENT: lambda by, pk: review_comment(by=by, review_id=pk, text="明天一起见客户"),
    ReviewEvent.RETURN: lambda by, pk: review_return(by=by, review_id=pk, text="请补充战败原因"),
    ReviewEvent.MARK_REVIEWED: lambda by, pk: review_mark_reviewed(by=by, review_id=pk, text="已阅，明天跟进"),
    ReviewEvent.LOCK: lambda by, pk: review_lock(by=by, review_id=pk),
}
OWNER_EVENTS = {ReviewEvent.WRITE, ReviewEvent.SUBMIT, ReviewEvent.COMMENT}
LEADER_EVENTS = {ReviewEvent.COMMENT, ReviewEvent.MARK_REVIEWED}
MANAGER_EVENTS = {ReviewEvent.COMMENT, ReviewEvent.RETURN, ReviewEvent.MARK_REVIEWED, ReviewEvent.LOCK}
# person → events their part permits; None: the report does not exist for them.
DAY_TABLE: dict[str, set[ReviewEvent] | None] = {
    "owner": OWNER_EVENTS,
    "leader": LEADER_EVENTS,
    "manager": MANAGER_EVENTS,
    "sales_manager": MANAGER_EVENTS,
    "gm": MANAGER_EVENTS,
    "finance": set(),
    "group": set(),
    "colleague": None,
    "other_leader": None,
    "receptionist": None,
    "admin": None,
    "abroad": None,
}
EVENING_TABLE: dict[str, set[ReviewEvent] | None] = {
    "owner": OWNER_EVENTS,
    "second_manager": set(),
    "leader": None,
    "sales_manager": MANAGER_EVENTS,
    "gm": MANAGER_EVENTS,
    "finance": set(),
    "abroad": None,
}
CASES = [
    (table, kind, person, event, state)
    for kind, table in ((ReviewKind.DAY, DAY_TABLE), (ReviewKind.EVENING, EVENING_TABLE))
    for person in table
    for event in ReviewEvent
    for state in ReviewState
]


@pytest.fixture(autouse=True)
def _evening(freeze):
    freeze("2026-11-20 18:00+08:00")


def cast(floor: Floor, other_store: Any, kind: str) -> dict[str, Any]:
    return {
        "owner": floor.consultant if kind == ReviewKind.DAY else floor.manager,
        "leader": floor.leader,
        "manager": floor.manager,
        "sales_manager": floor.sales_manager,
        "second_manager": make_person(Role.SHOWROOM_MANAGER, floor.store),
        "gm": make_person(Role.GENERAL_MANAGER, floor.store),
        "finance": make_person(Role.FINANCE, floor.store),
        "group": make_person(Role.GROUP_OFFICE),
        "colleague": make_person(Role.SALES_CONSULTANT, floor.store, team=floor.team),
        "other_leader": make_person(Role.TEAM_LEADER, floor.store),
        "receptionist": make_person(Role.RECEPTIONIST, floor.store),
        "admin": make_person(Role.SYS_ADMIN),
        "abroad": make_person(Role.GENERAL_MANAGER, other_store),
    }


def put_in_state(review: Review, state: str) -> None:
    handed_in = None if state == ReviewState.OPEN else dt.datetime.fromisoformat("2026-11-20 17:50+08:00")
    Review.objects.filter(pk=review.pk).update(state=state, submitted_at=handed_in)


def snapshot(review: Review) -> tuple[Any, ...]:
    row = Review.objects.values().get(pk=review.pk)
    return (row, ReviewComment.objects.count(), ReviewStateChange.objects.count())


def outcome_of(act: Callable[[], Any]) -> str:
    try:
        act()
    except NotFound:
        return "404"
    except NotAllowed:
        return "403"
    except Conflict:
        return "409"
    return "done"


@pytest.mark.parametrize("kind", [ReviewKind.DAY, ReviewKind.EVENING])
def test_every_state_event_and_person(store, other_store, kind):
    from django.db import transaction

    floor = make_floor(store)
    people = cast(floor, other_store, kind)
    review = open_day(floor)["consultant" if kind == ReviewKind.DAY else "manager"]
    wrong = []
    for table, of_kind, person, event, state in CASES:
        if of_kind != kind:
            continue
        allowed = table[person]
        expected = "404" if allowed is None else "403" if event not in allowed else "done"
        if expected == "done" and state not in ALLOWED_IN[event]:
            expected = "409"
        point = transaction.savepoint()
        put_in_state(review, state)
        before = snapshot(review)
        got = outcome_of(lambda act=event, who=person: ACTS[act](people[who], review.pk))
        after = Review.objects.get(pk=review.pk)
        if got != expected:
            wrong.append((person, event, state, expected, got))
        elif got == "done":
            assert after.state == LEADS_TO.get(event, state)
        else:
            assert snapshot(review) == before, (person, event, state)
        transaction.savepoint_rollback(point)
    assert wrong == []


def test_every_move_leaves_a_history_row_and_an_audit_entry(store):
    from dealership.audit.models import AuditEntry

    floor = make_floor(store)
    review = open_day(floor)["consultant"]
    review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    review_return(by=floor.manager, review_id=review.pk, text="请补充战败原因")
    review_submit(by=floor.consultant, review_id=review.pk)
    review_mark_reviewed(by=floor.leader, review_id=review.pk, text="好")
    review_lock(by=floor.manager, review_id=review.pk)

    moves = list(review.state_changes.order_by("id").values_list("from_state", "to_state", "by_id"))
    assert moves == [
        ("", "open", None),
        ("open", "submitted", floor.consultant.pk),
        ("submitted", "returned", floor.manager.pk),
        ("returned", "submitted", floor.consultant.pk),
        ("submitted", "reviewed", floor.leader.pk),
        ("reviewed", "locked", floor.manager.pk),
    ]
    acts = AuditEntry.objects.filter(object_type="reviews.review", object_id=review.pk).order_by("id")
    assert list(acts.values_list("action", flat=True)) == [
        "review.submit", "review.comment", "review.return", "review.submit", "review.comment", "review.mark_reviewed",
        "review.lock",
    ]  # fmt: skip


def test_history_and_comments_can_only_be_added_to(store):
    from django.db import ProgrammingError, transaction

    floor = make_floor(store)
    review = open_day(floor)["consultant"]
    review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    review_comment(by=floor.manager, review_id=review.pk, text="说得具体些")
    for rows in (review.comments.all(), review.state_changes.all()):
        with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
            rows.update(by=floor.leader)
        with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
            rows.delete()


def test_finishing_needs_a_comment_of_a_superior(store):
    floor = make_floor(store)
    review = open_day(floor)["consultant"]
    review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    review_comment(by=floor.consultant, review_id=review.pk, text="本人补充一句")
    with pytest.raises(DomainError, match="先写一句点评"):
        review_mark_reviewed(by=floor.manager, review_id=review.pk)
    review_comment(by=floor.leader, review_id=review.pk, text="置换客户我陪同")
    assert review_mark_reviewed(by=floor.manager, review_id=review.pk).state == ReviewState.REVIEWED


def test_comments_stand_beside_lines_that_exist(store):
    floor = make_floor(store)
    review = open_day(floor)["consultant"]
    review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    assert review_comment(by=floor.manager, review_id=review.pk, text="太少", line="new_cards").line == "new_cards"
    for line, text in (("salary", "好"), ("", "  "), ("", "长" * 501), ("", "a\u202eb")):
        with pytest.raises(DomainError):
            review_comment(by=floor.manager, review_id=review.pk, text=text, line=line)
    assert ReviewComment.objects.count() == 1


def test_words_are_checked_and_named(store):
    floor = make_floor(store)
    review = open_day(floor)["consultant"]
    for words, field in (
        ({"problems": "问" * 1001}, "problems"),
        ({"help_wanted": "看\u200b不见"}, "help_wanted"),
        ({"state": "locked"}, "state"),
    ):
        with pytest.raises(DomainError) as refused:
            review_write(by=floor.consultant, review_id=review.pk, version=None, words=words)
        assert list(refused.value.fields) == [field]
    with pytest.raises(DomainError) as refused:
        review_submit(by=floor.consultant, review_id=review.pk, words={"problems": "没有计划"})
    assert list(refused.value.fields) == ["tomorrow_plan"]
    review.refresh_from_db()
    assert (review.problems, review.state, review.version) == ("", ReviewState.OPEN, 1)


def test_the_manager_is_told_nothing_but_the_sales_manager_gets_the_evening_report(store):
    from dealership.notices.models import Notice

    floor = make_floor(store)
    rows = open_day(floor)
    review_submit(by=floor.manager, review_id=rows["manager"].pk, words={"tomorrow_plan": PLAN})
    assert list(Notice.objects.values_list("recipient_id", flat=True)) == [floor.sales_manager.pk]


def test_the_owner_is_told_of_comment_and_return(store):
    from dealership.notices.models import Notice

    floor = make_floor(store)
    review = open_day(floor, DAY)["consultant"]
    review_submit(by=floor.consultant, review_id=review.pk, words={"tomorrow_plan": PLAN})
    review_comment(by=floor.manager, review_id=review.pk, text="好")
    review_return(by=floor.manager, review_id=review.pk, text="补充竞品价格")
    texts = list(Notice.objects.filter(recipient=floor.consultant).order_by("id").values_list("text", flat=True))
    assert texts == ["顾芳 点评了您的日报", "顾芳 点评了您的日报", "顾芳 退回了您的日报，请补充"]
