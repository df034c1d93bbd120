"""R-FU-4: thanks within two hours after leaving, the first call of a first visitor within a day."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.org.models import PolicySetting
from leads.choices import TaskKind, VisitType
from leads.models import FollowUpTask, Prospect, Visit
from leads.services.visit import visit_leave
from leads.tests.builders import make_follow_up, make_visit

pytestmark = pytest.mark.django_db


def clock(moment: Any) -> str:
    return f"{periods.local_time(moment):%d %H:%M}"


def due(card: Prospect) -> dict[str, str]:
    """Open tasks by kind on the business clock."""
    return {task.kind: clock(task.due_at) for task in FollowUpTask.objects.open().filter(prospect=card)}


@pytest.fixture
def visit(store: Any, consultant: Any, freeze: Any) -> Visit:
    """A first visitor of grade B, in the store since 10:00."""
    freeze("2026-11-22 10:00+08:00")
    return make_visit(consultant, store, grade="B")


def test_r_fu_4_leaving_makes_thanks_due_in_two_hours_and_the_first_call_in_a_day(visit, consultant, freeze):
    assert due(visit.prospect) == {TaskKind.FIRST: "25 18:00"}
    freeze("2026-11-22 11:30+08:00")
    visit_leave(by=consultant, visit_id=visit.pk)
    visit.prospect.refresh_from_db()
    assert due(visit.prospect) == {TaskKind.THANKS: "22 13:30", TaskKind.FIRST: "23 11:30"}
    assert clock(visit.prospect.next_follow_up_at) == "22 13:30"
    visit_leave(by=consultant, visit_id=visit.pk)
    assert FollowUpTask.objects.open().filter(kind=TaskKind.THANKS).count() == 1


def test_r_fu_4_the_hours_are_policies(visit, store, consultant, freeze):
    for key, value in (("follow_up.thanks_hours", 1), ("follow_up.first_call_hours", 4)):
        PolicySetting.objects.create(store=store, key=key, value=value, effective_from=visit.visited_on)
    freeze("2026-11-22 11:00+08:00")
    visit_leave(by=consultant, visit_id=visit.pk)
    assert due(visit.prospect) == {TaskKind.THANKS: "22 12:00", TaskKind.FIRST: "22 15:00"}


def test_r_fu_4_a_thank_you_message_leaves_the_first_call_and_a_call_does_both(visit, consultant, freeze):
    freeze("2026-11-22 11:00+08:00")
    visit_leave(by=consultant, visit_id=visit.pk)
    sent = make_follow_up(consultant, visit.prospect, channel="wechat")
    visit.prospect.refresh_from_db()
    assert due(visit.prospect) == {TaskKind.FIRST: "23 11:00"}
    assert clock(sent.next_follow_up_at) == clock(visit.prospect.next_follow_up_at) == "23 11:00"
    make_follow_up(consultant, visit.prospect, channel="phone")
    assert due(visit.prospect) == {TaskKind.REGULAR: "06 18:00"}


def test_r_fu_4_only_an_answered_contact_thanks(visit, consultant, freeze):
    freeze("2026-11-22 11:00+08:00")
    visit_leave(by=consultant, visit_id=visit.pk)
    make_follow_up(consultant, visit.prospect, outcome="no_answer")
    assert set(due(visit.prospect)) == {TaskKind.THANKS, TaskKind.REGULAR}


def test_r_fu_4_a_repeat_visitor_is_thanked_and_keeps_the_regular_date(visit, store, consultant, freeze):
    number = visit.customer.phones.get().number
    make_follow_up(consultant, visit.prospect)
    freeze("2026-11-24 10:00+08:00")
    again = make_visit(consultant, store, phone=number)
    assert again.visit_type == VisitType.REPEAT
    visit_leave(by=consultant, visit_id=again.pk)
    assert due(visit.prospect) == {TaskKind.REGULAR: "06 18:00", TaskKind.THANKS: "24 12:00"}


def test_r_fu_4_nothing_for_the_uncaptured_and_for_yesterday(visit, store, consultant, freeze):
    left = make_visit(consultant, store, captured=False)
    visit_leave(by=consultant, visit_id=left.pk)
    freeze("2026-11-23 09:00+08:00")
    visit_leave(by=consultant, visit_id=visit.pk, left_at=periods.at(visit.visited_on, "12:00"))
    assert not FollowUpTask.objects.filter(kind=TaskKind.THANKS).exists()


def test_r_fu_4_today_shows_the_thanks_first_with_its_clock(visit, store, consultant, client_for, freeze):
    freeze("2026-11-22 11:00+08:00")
    visit_leave(by=consultant, visit_id=visit.pk)
    page = client_for(consultant).get(reverse("today")).text
    assert "到店致谢" in page
    assert "13:00" in page
