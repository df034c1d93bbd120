"""The rota (R-TIME, R-FLOOR): who works on a day, who plans it, who takes over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.periods import Period
from dealership.org import duty
from dealership.org.choices import DutyKind, LeaveState, Role
from dealership.org.models import CalendarDay, DutyDay
from dealership.org.services import duty as writes

SUNDAY = dt.date(2026, 11, 22)
MONDAY = dt.date(2026, 11, 23)
pytestmark = pytest.mark.django_db


@pytest.fixture
def crew(store: Any, person: Any, freeze: Any) -> dict[str, Any]:
    """A manager, the one above, and two consultants; `resting` has Monday off every week."""
    freeze("2026-11-22 09:00+08:00")
    return {
        "manager": person(Role.SHOWROOM_MANAGER, store),
        "boss": person(Role.SALES_MANAGER, store),
        "working": person(Role.SALES_CONSULTANT, store),
        "resting": person(Role.SALES_CONSULTANT, store, rest_weekday=0),
    }


def test_r_floor_without_a_plan_calendar_and_rest_weekday_decide(crew, store):
    assert not duty.off_duty(crew["resting"], SUNDAY)
    assert duty.off_duty(crew["resting"], MONDAY)
    assert duty.people_on_duty(store, MONDAY) == [crew["working"]]
    CalendarDay.objects.create(store=store, day=SUNDAY, kind="closed")
    assert duty.off_duty(crew["working"], SUNDAY)
    assert duty.people_on_duty(store, SUNDAY) == []


def test_r_floor_a_plan_overrides_the_weekday_and_can_be_taken_back(crew, store):
    writes.duty_set(by=crew["manager"], store=store, user=crew["resting"], day=MONDAY, kind="late")
    writes.duty_set(by=crew["manager"], store=store, user=crew["working"], day=MONDAY, kind="rest")
    assert duty.late_shift(crew["resting"], MONDAY)
    assert duty.people_on_duty(store, MONDAY) == [crew["resting"]]
    writes.duty_clear(by=crew["manager"], store=store, user=crew["resting"], day=MONDAY)
    assert duty.off_duty(crew["resting"], MONDAY)


def test_r_floor_the_replacement_works_that_day_and_sells_in_the_store(crew, store, other_store, person, freeze):
    over = {"by": crew["manager"], "store": store, "user": crew["working"], "day": MONDAY}
    for refused in (crew["working"], crew["resting"], crew["manager"], person(Role.SALES_CONSULTANT, other_store)):
        with pytest.raises(DomainError) as error:
            writes.duty_hand_over(**over, replacement=refused)
        assert error.value.code == "bad_replacement"
    taker = person(Role.SALES_CONSULTANT, store)
    row = writes.duty_hand_over(**over, replacement=taker)
    assert (row.kind, duty.replacement_of(crew["working"], MONDAY)) == (DutyKind.DUTY, taker)
    assert duty.stands_in_for(taker) == []
    freeze("2026-11-23 08:00+08:00")
    assert duty.stands_in_for(taker) == [(store.pk, crew["working"].pk)]
    writes.duty_hand_over(**over, replacement=None)
    assert duty.replacement_of(crew["working"], MONDAY) is None


def test_r_floor_who_may_not_plan(crew, store, other_store, person):
    plan = {"store": store, "user": crew["working"], "day": MONDAY, "kind": "rest"}
    for stranger in (crew["working"], person(Role.SHOWROOM_MANAGER, other_store), person(Role.FINANCE, store)):
        with pytest.raises(NotAllowed):
            writes.duty_set(by=stranger, **plan)
    with pytest.raises(NotAllowed):
        writes.duty_set(by=crew["manager"], **{**plan, "user": crew["manager"]})
    with pytest.raises(NotFound):
        writes.duty_set(by=crew["manager"], **{**plan, "user": person(Role.SALES_CONSULTANT, other_store)})
    with pytest.raises(DomainError) as error:
        writes.duty_set(by=crew["manager"], **{**plan, "day": SUNDAY - dt.timedelta(days=1)})
    assert error.value.code == "bad_day"
    assert not DutyDay.objects.exists()


def test_r_time_leave_is_approved_by_somebody_else(crew, store):
    asked = writes.leave_ask(by=crew["manager"], store=store, first_day=MONDAY, last_day=MONDAY, reason="家中有事")
    with pytest.raises(NotAllowed) as error:
        writes.leave_decide(by=crew["manager"], leave_id=asked.pk, approve=True)
    assert error.value.code == "own_request"
    assert not duty.off_duty(crew["manager"], MONDAY)
    writes.leave_decide(by=crew["boss"], leave_id=asked.pk, approve=True)
    assert duty.off_duty(crew["manager"], MONDAY)


def test_r_time_leave_from_asking_to_taking_back(crew, store):
    me, days = crew["working"], {"first_day": MONDAY, "last_day": MONDAY + dt.timedelta(days=1)}
    row = writes.leave_ask(by=me, store=store, reason="回老家探亲", **days)
    with pytest.raises(DomainError):
        writes.leave_ask(by=me, store=store, reason="再请一次假", **days)
    with pytest.raises(NotFound):
        writes.leave_decide(by=crew["resting"], leave_id=row.pk, approve=True)
    with pytest.raises(NotAllowed):
        writes.leave_decide(by=me, leave_id=row.pk, approve=True)
    writes.leave_decide(by=crew["manager"], leave_id=row.pk, approve=True)
    with pytest.raises(DomainError):
        writes.leave_decide(by=crew["manager"], leave_id=row.pk, approve=False)
    known = duty.duties(store.pk, Period(MONDAY, MONDAY + dt.timedelta(days=3)), user_ids=[me.pk])
    assert [duty_.kind for _key, duty_ in sorted(known.items())] == ["leave", "leave", "duty"]
    assert writes.leave_withdraw(by=me, leave_id=row.pk).state == LeaveState.WITHDRAWN
    assert not duty.off_duty(me, MONDAY)


def test_r_floor_last_week_is_copied_without_leave_and_without_overwriting(crew, store, freeze):
    for kind, day in (("late", 23), ("rest", 24), ("leave", 25), ("late", 26)):
        writes.duty_set(by=crew["manager"], store=store, user=crew["working"], day=dt.date(2026, 11, day), kind=kind)
    next_monday = MONDAY + dt.timedelta(days=7)
    thursday = dt.date(2026, 12, 3)
    writes.duty_set(by=crew["manager"], store=store, user=crew["working"], day=thursday, kind="duty")
    assert writes.rota_copy_week(by=crew["manager"], store=store, monday=next_monday) == 2
    rows = DutyDay.objects.filter(day__gte=next_monday).order_by("day").values_list("day", "kind")
    assert list(rows) == [(next_monday, "late"), (dt.date(2026, 12, 1), "rest"), (thursday, "duty")]
    assert writes.rota_copy_week(by=crew["manager"], store=store, monday=next_monday) == 0
