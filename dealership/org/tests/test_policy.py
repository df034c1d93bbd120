"""Dated policies: store → group → shipped default."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.org.models import PolicySetting
from dealership.org.policy import DEFAULTS, policy

D = dt.date


@pytest.mark.django_db
def test_r_grade_defaults_are_those_of_the_rule_book():
    assert {g: DEFAULTS[f"grade.{g}"]["interval"] for g in "HABCO"} == {"H": 2, "A": 7, "B": 14, "C": 30, "O": 7}
    assert {g: DEFAULTS[f"grade.{g}"]["out_of_control"] for g in "NHABC"} == {"N": 3, "H": 4, "A": 10, "B": 21, "C": 45}


@pytest.mark.django_db
def test_the_nearest_scope_and_the_newest_day_in_force_win(store, other_store):
    key = "report.daily_due"
    PolicySetting.objects.create(key=key, value="19:00", effective_from=D(2026, 1, 1))
    PolicySetting.objects.create(group=store.group, key=key, value="19:30", effective_from=D(2026, 2, 1))
    PolicySetting.objects.create(store=store, key=key, value="21:00", effective_from=D(2026, 3, 1))
    PolicySetting.objects.create(store=store, key=key, value="21:30", effective_from=D(2026, 4, 1))
    assert policy(key, store, D(2025, 12, 31)) == "20:00"
    assert policy(key, store, D(2026, 1, 15)) == "19:00"
    assert policy(key, store, D(2026, 2, 15)) == "19:30"
    assert policy(key, store, D(2026, 3, 31)) == "21:00"
    assert policy(key, store, D(2026, 4, 1)) == "21:30"
    assert policy(key, other_store, D(2026, 4, 1)) == "19:30"


def test_an_unknown_policy_is_a_programming_error():
    with pytest.raises(KeyError):
        policy("no.such.policy")
