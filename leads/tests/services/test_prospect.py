"""The card's state machine (domain.md §4.2), reassignment, and what its deal does to it."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.notices.models import Notice
from dealership.org.models import Series
from leads.choices import PROSPECT_TRANSITIONS, ProspectStatus
from leads.models import CareTask, FollowUpTask, GradeChange, OwnedVehicle, OwnerChange, StatusChange
from leads.services.prospect import (
    card_create,
    prospect_change,
    prospect_delivered,
    prospect_order_cancelled,
    prospect_ordered,
    prospect_reassign,
)
from leads.tests.builders import make_follow_up, make_prospect, make_visit
from leads.tests.loss_builders import put_in

VIN = "LSVAU2180N2183294"


def grades(card):
    rows = GradeChange.objects.filter(prospect=card).order_by("id")
    return [f"{row.from_grade}{row.to_grade}" for row in rows]


def statuses(card):
    return [row.to_status for row in StatusChange.objects.filter(prospect=card).order_by("id")]


def deliver(by, card, at=None, vin=VIN):
    series = Series.objects.first()
    return prospect_delivered(
        by=by, prospect_id=card.pk, at=at or periods.now(), deal_id=card.pk, vin=vin, series=series, description="X7"
    )


def test_order_sets_o_and_a_weekly_progress_call(freeze, store, consultant, person):
    freeze("2026-11-22 12:00+08:00")
    card = make_prospect(consultant, store, grade="B")
    card = prospect_ordered(by=person("cashier", store), prospect_id=card.pk, at=periods.now())
    assert (card.status, card.grade, grades(card)) == ("ordered", "O", ["B", "BO"])
    assert card.next_follow_up_at == periods.at(dt.date(2026, 11, 29), "18:00")
    assert FollowUpTask.objects.filter(prospect=card).exclude(cancelled_at=None).count() == 1
    row = make_follow_up(consultant, card)
    assert (row.grade_after, row.next_follow_up_at) == ("O", periods.at(dt.date(2026, 11, 29), "18:00"))
    with pytest.raises(DomainError) as refused:
        make_follow_up(consultant, card, grade="H")
    assert refused.value.code == "grade_fixed"


def test_cancelled_order_returns_to_the_grade_before_with_t_in_the_history(freeze, store, consultant):
    freeze("2026-11-22 12:00+08:00")
    card = make_prospect(consultant, store, grade="A")
    make_follow_up(consultant, card, grade="H")
    prospect_ordered(by=consultant, prospect_id=card.pk, at=periods.now())
    freeze("2026-11-25 12:00+08:00")
    card = prospect_order_cancelled(by=consultant, prospect_id=card.pk, at=periods.now(), reason="贷款未批")
    assert (card.status, card.grade, grades(card)) == ("active", "H", ["A", "AH", "HO", "OT", "TH"])
    assert card.next_follow_up_at == periods.at(dt.date(2026, 11, 27), "18:00")
    assert StatusChange.objects.latest("id").reason == "贷款未批"
    assert FollowUpTask.objects.open().count() == 1


def test_delivery_makes_an_owner_and_care_tasks_from_the_hand_over_date(freeze, store, consultant):
    freeze("2026-11-30 10:00+08:00")
    card = make_prospect(consultant, store)
    prospect_ordered(by=consultant, prospect_id=card.pk, at=periods.now())
    vehicle = deliver(consultant, card, at=dt.datetime(2026, 11, 30, 15, 59, 59, tzinfo=dt.UTC))
    card.refresh_from_db()
    assert (card.status, card.grade, card.next_follow_up_at) == ("delivered", "D", None)
    assert (vehicle.customer, vehicle.owner, vehicle.delivered_on) == (card.customer, consultant, dt.date(2026, 11, 30))
    due = dict(CareTask.objects.filter(vehicle=vehicle).values_list("kind", "due_on"))
    assert due == {"d7": dt.date(2026, 12, 7), "d30": dt.date(2026, 12, 30), "d90": dt.date(2027, 2, 28)}
    assert not FollowUpTask.objects.open().exists()
    assert statuses(card) == ["active", "ordered", "delivered"]


def test_a_delivered_vin_is_owned_once(store, consultant):
    first, second = make_prospect(consultant, store), make_prospect(consultant, store)
    for card in (first, second):
        prospect_ordered(by=consultant, prospect_id=card.pk, at=periods.now())
    deliver(consultant, first)
    with pytest.raises(Conflict) as refused:
        deliver(consultant, second)
    assert refused.value.code == "vin_owned"
    second.refresh_from_db()
    assert (second.status, OwnedVehicle.objects.count()) == ("ordered", 1)


EVENTS = {
    "order": (lambda by, card: prospect_ordered(by=by, prospect_id=card.pk, at=periods.now()), "ordered"),
    "cancel": (
        lambda by, card: prospect_order_cancelled(by=by, prospect_id=card.pk, at=periods.now(), reason="改买他牌"),
        "active",
    ),
    "deliver": (deliver, "delivered"),
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", ProspectStatus.values)
def test_every_state_and_event(store, consultant, status, event):
    card = make_prospect(consultant, store)
    open_step = card.next_follow_up_at if status == "active" else None
    put_in(card, status, open_step)
    act, wanted = EVENTS[event]
    moves = {"order": ("active", "out_of_control"), "cancel": ("ordered",), "deliver": ("ordered",)}[event]
    before = (StatusChange.objects.count(), GradeChange.objects.count())
    if status in moves:
        assert wanted in PROSPECT_TRANSITIONS[status]
        act(consultant, card)
        card.refresh_from_db()
        assert card.status == wanted
        return
    with pytest.raises(DomainError) as refused:
        act(consultant, card)
    assert refused.value.code == "bad_transition"
    card.refresh_from_db()
    assert (card.status, card.next_follow_up_at) == (status, open_step)
    assert (StatusChange.objects.count(), GradeChange.objects.count()) == before


def test_reassign_moves_card_customer_and_tasks_and_keeps_the_past(store, consultant, colleague, manager):
    card = make_prospect(consultant, store)
    make_follow_up(consultant, card)
    old_team = card.team_id
    moved = prospect_reassign(by=manager, prospect_id=card.pk, new_owner=colleague, reason="李明调休一周")
    assert (moved.owner, moved.customer.owner, FollowUpTask.objects.open().get().owner) == (colleague,) * 3
    change = OwnerChange.objects.get(prospect=card)
    assert (change.from_owner, change.from_team_id, change.owner, change.by) == (
        consultant,
        old_team,
        colleague,
        manager,
    )
    assert card.follow_ups.get().owner == consultant
    assert FollowUpTask.objects.exclude(done_at=None).get().owner == consultant
    assert set(Notice.objects.values_list("recipient", flat=True)) == {consultant.pk, colleague.pk}


def test_reassign_is_for_managers_to_sellers_of_the_store(store, consultant, manager, stranger, person):
    colleague, receptionist = person("sales_consultant", store), person("receptionist", store)
    card = make_prospect(consultant, store)
    with pytest.raises(NotAllowed):
        prospect_reassign(by=consultant, prospect_id=card.pk, new_owner=colleague, reason="换人")
    with pytest.raises(NotFound):
        prospect_reassign(by=stranger, prospect_id=card.pk, new_owner=colleague, reason="换人")
    cases = [(stranger, "换人", "bad_owner"), (receptionist, "换人", "bad_owner")]
    cases += [(consultant, "换人", "same_owner"), (colleague, " ", "reason_missing")]
    for somebody, reason, code in cases:
        with pytest.raises(DomainError) as refused:
            prospect_reassign(by=manager, prospect_id=card.pk, new_owner=somebody, reason=reason)
        assert refused.value.code == code
    assert not OwnerChange.objects.exists()


def test_change_is_versioned_and_keeps_grade_status_and_owner(store, consultant, colleague):
    card = make_prospect(consultant, store)
    details = {"competitor": "对手X5", "budget_min": 150000, "budget_max": 180000, "grade": "H", "owner": colleague}
    changed = prospect_change(by=consultant, prospect_id=card.pk, version=card.version, details=details)
    changed.refresh_from_db()
    assert (changed.competitor, changed.budget_max, changed.grade, changed.owner) == ("对手X5", 180000, "A", consultant)
    with pytest.raises(Conflict) as stale:
        prospect_change(by=consultant, prospect_id=card.pk, version=card.version, details={"competitor": "别的"})
    assert stale.value.current == {"version": changed.version, "competitor": "对手X5"}
    with pytest.raises(DomainError) as refused:
        prospect_change(by=consultant, prospect_id=card.pk, version=None, details={"budget_max": 100})
    assert refused.value.code == "budget_order"


def test_a_card_without_a_visit_and_only_one_live_card(store, consultant):
    customer = make_visit(consultant, store, purpose="service").customer
    card = card_create(by=consultant, customer_id=customer.pk, grade="B")
    assert (card.card_channel, card.grade, statuses(card)) == ("other", "B", ["active"])
    with pytest.raises(DomainError) as refused:
        card_create(by=consultant, customer_id=customer.pk)
    assert refused.value.code == "card_exists"
