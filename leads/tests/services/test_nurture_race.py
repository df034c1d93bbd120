"""R04 for the nurture pool: two people give a customer back at once, and one of them is told."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from dealership.core.errors import DomainError
from dealership.notices.models import Notice
from dealership.org.choices import Role
from leads.models import NurtureStay
from leads.services import nurture
from leads.services.nurture import nurture_return
from leads.tests.builders import make_prospect
from leads.tests.evaluation_builders import make_nurtured
from leads.tests.services.test_race import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def both_give_back(store: Any, consultant: Any, manager: Any, person: Any) -> list[Any]:
    stay = make_nurtured(consultant, make_prospect(consultant, store, grade="C"))
    marketing = person(Role.MARKETING, store, name="市场专员")
    return at_once(
        lambda: nurture_return(by=marketing, stay_id=stay.pk, reason="客户来电问落地价"),
        lambda: nurture_return(by=manager, stay_id=stay.pk, reason="客户到店看了第二次"),
    )


def test_r04_given_back_once_and_the_other_is_told(store, consultant, manager, person):
    answers = both_give_back(store, consultant, manager, person)
    told = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [(error.code, error.status) for error in told] == [("left", 409)]
    assert Notice.objects.filter(recipient=consultant, kind="nurture.returned").count() == 1
    (winner,) = [answer for answer in answers if isinstance(answer, NurtureStay)]
    assert NurtureStay.objects.get().left_by == winner.left_by


def test_r04_control_without_the_lock_both_believe_it_was_theirs(monkeypatch, store, consultant, manager, person):
    barrier = threading.Barrier(2, timeout=30)

    def unlocked(rows: Any, pk: int) -> Any:
        row = rows.filter(pk=pk).get()
        if isinstance(row, NurtureStay):
            barrier.wait()
        return row

    monkeypatch.setattr(nurture, "lock", unlocked)
    answers = both_give_back(store, consultant, manager, person)
    assert all(isinstance(answer, NurtureStay) for answer in answers)
