"""R04, R05 for losses: who answers first decides, and an edit and an answer do not overwrite each other."""

from __future__ import annotations

import threading
from typing import Any

import pgtrigger
import pytest

from dealership.approvals import services as approvals
from dealership.approvals.models import Approval
from dealership.core.errors import DomainError
from dealership.org.choices import Role
from leads.models import LossApplication, StatusChange
from leads.services import loss_decision
from leads.services.loss_decision import loss_decide
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.loss_builders import make_loss
from leads.tests.services.test_race import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def second(person, store):
    return person(Role.SALES_MANAGER, store, name="钱经理")


def asked(store: Any, consultant: Any) -> LossApplication:
    return make_loss(consultant, make_prospect(consultant, store, grade="B"))


def test_r04_two_managers_decide_at_once_and_one_is_told(store, consultant, manager, second):
    row = asked(store, consultant)
    answers = at_once(
        lambda: loss_decide(by=manager, application_id=row.pk, decision="agree"),
        lambda: loss_decide(by=second, application_id=row.pk, decision="reject", comment="再跟进一次"),
    )
    told = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [(error.code, error.status) for error in told] == [("decided", 409)]
    assert StatusChange.objects.filter(prospect=row.prospect, from_status="loss_pending").count() == 1


def test_r04_control_without_locks_and_trigger_both_answer(monkeypatch, store, consultant, manager, second):
    """Both decide on what they read first; the trigger on answered applications would still stop the second."""
    row = asked(store, consultant)
    barrier, memory = threading.Barrier(2, timeout=30), threading.local()

    def unlocked(rows: Any, pk: int) -> Any:
        return rows.filter(pk=pk).get()

    def read_once(application_id: int, *, giving: bool) -> Any:
        if not hasattr(memory, "row"):
            memory.row = LossApplication.objects.select_related("prospect__customer").get(pk=application_id)
            memory.approval = Approval.objects.select_related("store").get(pk=memory.row.approval_id)
            barrier.wait()
        return memory.row.prospect, memory.row

    def decide_as(by: Any, comment: str) -> Any:
        with pgtrigger.ignore("leads.LossApplication:answered"):
            return loss_decide(by=by, application_id=row.pk, decision="reject", comment=comment)

    monkeypatch.setattr(approvals, "lock", lambda rows, pk: memory.approval)
    monkeypatch.setattr(loss_decision, "lock", unlocked)
    monkeypatch.setattr(loss_decision, "_locked", read_once)
    answers = at_once(lambda: decide_as(manager, "再跟进一次"), lambda: decide_as(second, "换人再试"))
    assert [answer for answer in answers if isinstance(answer, DomainError)] == []
    assert StatusChange.objects.filter(prospect=row.prospect, from_status="loss_pending").count() == 2


def test_r05_a_contact_while_the_manager_decides_is_kept_or_told(store, consultant, manager):
    for _ in range(3):
        row = asked(store, consultant)
        row.prospect.refresh_from_db()
        seen = row.prospect.version
        answers = at_once(
            lambda card=row.prospect, version=seen: make_follow_up(consultant, card, version=version),
            lambda pk=row.pk, version=seen: loss_decide(
                by=manager, application_id=pk, decision="agree", version=version
            ),
        )
        told = [answer for answer in answers if isinstance(answer, DomainError)]
        assert [(error.code, error.status) for error in told] == [("stale", 409)]
