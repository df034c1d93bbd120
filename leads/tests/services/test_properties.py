"""Whatever people do in whatever order: no active card without a next action, and histories that join."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealership.core import periods
from dealership.core.errors import DomainError
from leads.choices import FollowUpOutcome, ProspectStatus
from leads.models import FollowUpTask, GradeChange, Prospect, StatusChange
from leads.services.prospect import prospect_order_cancelled, prospect_ordered, prospect_reassign
from leads.tests.builders import make_follow_up, make_prospect

START = dt.datetime(2026, 10, 1, 9, 0, tzinfo=periods.ZONE)
GRADES = [None, "H", "A", "B", "C"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("follow"), st.sampled_from(FollowUpOutcome.values), st.sampled_from(GRADES), st.integers(-1, 40)
        ),
        st.tuples(st.sampled_from(["order", "cancel", "reassign"])),
    ),
    max_size=12,
)


def act(card: Prospect, event: tuple[Any, ...], people: dict[str, Any]) -> None:
    now = periods.now()
    if event[0] == "order":
        prospect_ordered(by=people["manager"], prospect_id=card.pk, at=now)
    elif event[0] == "cancel":
        prospect_order_cancelled(by=people["manager"], prospect_id=card.pk, at=now, reason="贷款未批")
    elif event[0] == "reassign":
        other = people["colleague"] if card.owner == people["consultant"] else people["consultant"]
        prospect_reassign(by=people["manager"], prospect_id=card.pk, new_owner=other, reason="轮换")
    else:
        _, outcome, grade, days = event
        chosen = None if days < 0 else now + dt.timedelta(days=days, hours=1)
        make_follow_up(
            people["manager"], card, outcome=outcome, grade=grade, next_follow_up_at=chosen, delay_reason="客户出差",
            grade_reason="客户推迟",
        )  # fmt: skip


def check(card: Prospect) -> None:
    card.refresh_from_db()
    due = [task.due_at for task in FollowUpTask.objects.open().filter(prospect=card)]
    assert card.next_follow_up_at == min(due, default=None)
    if card.status in (ProspectStatus.ACTIVE, ProspectStatus.ORDERED):
        assert card.next_follow_up_at is not None
    assert set(FollowUpTask.objects.open().values_list("owner", flat=True)) <= {card.owner_id}
    for model, start, end, last in (
        (GradeChange, "from_grade", "to_grade", card.grade),
        (StatusChange, "from_status", "to_status", card.status),
    ):
        rows = list(model.objects.filter(prospect=card).order_by("id").values_list(start, end))
        assert rows[0][0] == ""
        assert [end for _, end in rows[:-1]] == [start for start, _ in rows[1:]]
        assert rows[-1][1] == last


@pytest.fixture
def people(consultant, colleague, manager):
    return {"consultant": consultant, "colleague": colleague, "manager": manager}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, grade=st.sampled_from("NHABC"))
def test_r_fu_1_no_active_card_without_a_next_action(freeze, store, people, events, grade):
    with transaction.atomic():
        freeze(START)
        card = make_prospect(people["consultant"], store, grade=grade)
        check(card)
        for number, event in enumerate(events, 1):
            freeze(START + dt.timedelta(days=2 * number))
            before = Prospect.objects.filter(pk=card.pk).values().get()
            try:
                act(card, event, people)
            except DomainError:
                assert Prospect.objects.filter(pk=card.pk).values().get() == before
            check(card)
        transaction.set_rollback(True)
