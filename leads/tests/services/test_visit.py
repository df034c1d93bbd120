"""The visit register decides, nobody types it (domain.md §3.1, §5.2, R-OWN, R-DQ)."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.notices.models import Notice
from dealership.org.models import ClosedMonth, LeadSource, Series
from leads.choices import VisitType
from leads.models import Customer, FollowUpTask, Prospect, StatusChange, Visit
from leads.services.visit import visit_assign, visit_complete, visit_leave
from leads.tests.builders import make_prospect, make_visit, new_phone
from leads.tests.loss_builders import put_in

NOON = "2026-11-22 12:00+08:00"


def test_a_captured_walk_in_makes_customer_card_and_first_task(freeze, store, consultant):
    freeze(NOON)
    series = Series.objects.filter(brand=store.brand).first()
    source = LeadSource.objects.get(code="dongchedi")
    phone = new_phone()
    visit = make_visit(
        consultant,
        store,
        phone=phone,
        name="单小明",
        party_size=3,
        series_ids=[series.pk],
        source=source,
        note="看红色",
    )
    card = visit.prospect
    assert visit.visit_type == VisitType.FIRST_CAPTURED
    assert (visit.owner, visit.received_by, visit.team_id) == (consultant, consultant, card.team_id)
    assert (visit.party_size, list(visit.series.all()), visit.visited_on) == (3, [series], dt.date(2026, 11, 22))
    assert (card.grade, card.status, card.source, card.series) == ("N", "active", source, series)
    assert card.customer.name_pinyin.startswith("shan")
    assert card.customer.phones.get().number == f"+86{phone}"
    assert card.next_follow_up_at == periods.at(dt.date(2026, 11, 23), "18:00")
    task = FollowUpTask.objects.get(prospect=card)
    assert (task.kind, task.due_at, task.original_due_at) == ("first", card.next_follow_up_at, card.next_follow_up_at)
    change = StatusChange.objects.get(prospect=card)
    assert (change.from_status, change.to_status, change.owner, change.team_id) == (
        "",
        "active",
        consultant,
        card.team_id,
    )


def test_uncaptured_party_counts_by_its_size(store, consultant):
    visit = make_visit(consultant, store, captured=False, party_size=4)
    assert (visit.visit_type, visit.party_size, visit.customer, visit.prospect) == ("first_uncaptured", 4, None, None)
    assert (visit.owner, visit.captured) == (consultant, False)
    assert visit.completed_at is not None
    assert not Customer.objects.exists()


def test_service_visits_are_non_intent_and_make_no_card(store, consultant):
    captured = make_visit(consultant, store, purpose="service")
    assert (captured.visit_type, captured.captured, captured.prospect) == ("non_intent", True, None)
    assert make_visit(consultant, store, captured=False, purpose="paperwork").visit_type == "non_intent"
    assert not Prospect.objects.exists()


def test_first_then_repeat_by_local_day(freeze, store, consultant):
    phone = new_phone()
    freeze("2026-11-21 23:59:59+08:00")
    assert make_visit(consultant, store, phone=phone).visit_type == VisitType.FIRST_CAPTURED
    freeze("2026-11-22 00:00:00+08:00")
    assert make_visit(consultant, store, phone=phone).visit_type == VisitType.REPEAT
    assert Visit.objects.count() == 2
    assert Prospect.objects.count() == 1


def test_known_first_when_the_card_came_by_phone(freeze, store, consultant):
    phone = new_phone()
    freeze("2026-11-20 10:00+08:00")
    call = make_visit(consultant, store, phone=phone, channel="phone_in")
    assert (call.visit_type, call.prospect.card_channel) == (VisitType.FIRST_CAPTURED, "dcc")
    freeze(NOON)
    visit = make_visit(consultant, store, phone=phone)
    assert (visit.visit_type, visit.prospect) == (VisitType.FIRST_CARDED, call.prospect)


def test_a_first_purchase_visit_after_service_visits_is_first(freeze, store, consultant):
    phone = new_phone()
    freeze("2026-11-20 10:00+08:00")
    make_visit(consultant, store, phone=phone, purpose="service")
    freeze(NOON)
    assert make_visit(consultant, store, phone=phone).visit_type == VisitType.FIRST_CAPTURED


def test_same_customer_day_and_channel_is_one_visit(freeze, store, consultant):
    phone = new_phone()
    one, two = Series.objects.filter(brand=store.brand)[:2]
    freeze("2026-11-22 10:00+08:00")
    first = make_visit(consultant, store, phone=phone, party_size=3, note="上午看车", series_ids=[one.pk])
    visit_leave(by=consultant, visit_id=first.pk)
    freeze("2026-11-22 15:00+08:00")
    again = make_visit(consultant, store, phone=phone, party_size=2, note="下午又来", series_ids=[two.pk])
    assert again.pk == first.pk
    assert (again.party_size, again.note, again.left_at) == (3, "上午看车；下午又来", None)
    assert (again.visited_at, again.visit_type) == (first.visited_at, VisitType.FIRST_CAPTURED)
    assert set(again.series.all()) == {one, two}
    call = make_visit(consultant, store, phone=phone, channel="phone_in")
    assert call.pk != first.pk


def test_a_purchase_wins_when_the_same_day_began_as_service(store, consultant):
    phone = new_phone()
    first = make_visit(consultant, store, phone=phone, purpose="service")
    again = make_visit(consultant, store, phone=phone)
    assert (again.pk, again.purpose, again.visit_type) == (first.pk, "purchase", VisitType.FIRST_CAPTURED)
    assert again.prospect is not None


def test_a_visit_entered_late_makes_the_later_one_a_repeat(freeze, store, consultant):
    freeze(NOON)
    phone = new_phone()
    today = make_visit(consultant, store, phone=phone)
    earlier = make_visit(consultant, store, phone=phone, visited_at=periods.at(dt.date(2026, 11, 20), "10:00"))
    today.refresh_from_db()
    assert (earlier.visit_type, today.visit_type) == (VisitType.FIRST_CAPTURED, VisitType.REPEAT)


def test_r_own_second_visit_goes_to_the_owner_and_both_are_told(freeze, store, consultant, colleague):
    phone = new_phone()
    freeze("2026-11-20 10:00+08:00")
    card = make_prospect(consultant, store, phone=phone)
    freeze(NOON)
    visit = make_visit(colleague, store, phone=phone, name="另一个名字")
    assert (visit.owner, visit.team_id, visit.received_by) == (consultant, card.team_id, colleague)
    assert (visit.visit_type, visit.prospect) == (VisitType.REPEAT, card)
    card.refresh_from_db()
    assert (card.owner, card.customer.name) == (consultant, "张伟")
    notices = Notice.objects.filter(kind="visit.collision")
    assert {notice.recipient for notice in notices} == {consultant, colleague}
    assert all(phone not in notice.text and "张伟" not in notice.text for notice in notices)


def test_r_own_a_colleagues_card_is_not_regraded_at_the_door(store, consultant, colleague):
    phone = new_phone()
    card = make_prospect(consultant, store, phone=phone, grade="A")
    with pytest.raises(DomainError) as refused:
        make_visit(colleague, store, phone=phone, grade="C", channel="phone_in")
    assert refused.value.code == "not_your_card"
    card.refresh_from_db()
    assert (card.grade, Visit.objects.count()) == ("A", 1)


def test_regrade_at_a_repeat_visit_is_a_follow_up(freeze, store, consultant):
    phone = new_phone()
    freeze("2026-11-20 10:00+08:00")
    card = make_prospect(consultant, store, phone=phone, grade="B")
    freeze(NOON)
    make_visit(consultant, store, phone=phone, grade="H", note="当场试驾，明天带定金过来谈价")
    card.refresh_from_db()
    follow_up = card.follow_ups.get()
    assert (card.grade, follow_up.channel, follow_up.grade_before, follow_up.grade_after) == ("H", "in_store", "B", "H")
    freeze("2026-11-23 12:00+08:00")
    with pytest.raises(DomainError) as refused:
        make_visit(consultant, store, phone=phone, grade="A", note="短")
    assert refused.value.code == "content_short"
    assert Visit.objects.count() == 2


def test_another_store_has_its_own_customer(store, other_store, consultant, stranger):
    phone = new_phone()
    here = make_visit(consultant, store, phone=phone)
    there = make_visit(stranger, other_store, phone=phone)
    assert here.customer != there.customer
    assert there.visit_type == VisitType.FIRST_CAPTURED


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"phone": ""}, "phone_missing"),
        ({"phone": "12345"}, "bad_phone"),
        ({"phone": "0791-88886666"}, "not_mobile"),
        ({"captured": False, "phone": "13900001111"}, "phone_not_expected"),
        ({"name": " "}, "name_missing"),
        ({"party_size": 0}, "bad_party_size"),
        ({"party_size": 31}, "bad_party_size"),
        ({"channel": "fax"}, "bad_choice"),
        ({"purpose": "x"}, "bad_choice"),
        ({"grade": "O"}, "bad_grade"),
        ({"series_ids": [999999]}, "bad_series"),
        ({"note": "长" * 501}, "note_long"),
        ({"visited_at": dt.datetime(2026, 11, 22, 12, 0, 1, tzinfo=periods.ZONE)}, "in_future"),
        ({"visited_at": dt.datetime(1, 1, 1, tzinfo=periods.ZONE)}, "too_old"),
        ({"next_follow_up_at": dt.datetime(2026, 11, 20, tzinfo=periods.ZONE)}, "next_in_past"),
        ({"next_follow_up_at": dt.datetime(2026, 11, 24, tzinfo=periods.ZONE)}, "first_contact_late"),
    ],
)
def test_r_dq_bad_input_is_refused_and_nothing_is_written(freeze, store, consultant, told, code):
    freeze(NOON)
    with pytest.raises(DomainError) as refused:
        make_visit(consultant, store, **told)
    assert refused.value.code == code
    assert not Visit.objects.exists()
    assert not Customer.objects.exists()


def test_r_dq_a_number_marked_fake_cannot_be_captured(store, consultant):
    from leads.services.customer import phone_mark

    visit = make_visit(consultant, store)
    phone = visit.customer.phones.get()
    phone_mark(by=consultant, phone_id=phone.pk, is_invalid=True)
    with pytest.raises(DomainError, match="空错号"):
        make_visit(consultant, store, phone=phone.number, channel="phone_in")


def test_first_call_may_be_sooner_and_chosen_grade_sets_it(freeze, store, consultant):
    freeze(NOON)
    assert make_prospect(consultant, store, grade="B").next_follow_up_at == periods.at(dt.date(2026, 11, 25), "18:00")
    soon = periods.at(dt.date(2026, 11, 22), "17:00")
    assert make_prospect(consultant, store, next_follow_up_at=soon).next_follow_up_at == soon


def test_reception_registers_arrivals_which_the_consultant_completes(store, receptionist, consultant):
    visit = make_visit(receptionist, store, captured=None, party_size=2, received_by=consultant)
    assert (visit.visit_type, visit.owner, visit.completed_at) == (VisitType.INCOMPLETE, consultant, None)
    assert list(Visit.objects.visible_to(consultant).incomplete()) == [visit]
    done = visit_complete(
        by=consultant,
        visit_id=visit.pk,
        captured=True,
        party_size=2,
        phone=new_phone(),
        name="孙丽",
        version=visit.version,
    )
    assert (done.pk, done.visit_type, done.owner) == (visit.pk, VisitType.FIRST_CAPTURED, consultant)
    assert done.prospect.card_created_at == visit.visited_at
    with pytest.raises(DomainError) as refused:
        visit_complete(by=consultant, visit_id=visit.pk, captured=False)
    assert refused.value.code == "already_complete"


def test_completing_an_arrival_of_a_customer_already_registered_today_merges(store, receptionist, consultant):
    phone = new_phone()
    first = make_visit(consultant, store, phone=phone, note="上午")
    arrival = make_visit(receptionist, store, captured=None, party_size=5, received_by=consultant)
    done = visit_complete(by=consultant, visit_id=arrival.pk, captured=True, party_size=5, phone=phone, note="下午")
    assert (done.pk, done.party_size, done.note) == (first.pk, 5, "上午；下午")
    assert Visit.objects.count() == 1


def test_reception_must_name_a_consultant_for_a_new_customer(store, receptionist, consultant, stranger):
    with pytest.raises(DomainError) as refused:
        make_visit(receptionist, store)
    assert refused.value.code == "owner_missing"
    with pytest.raises(DomainError) as refused:
        make_visit(receptionist, store, received_by=stranger)
    assert refused.value.code == "bad_receiver"
    assert make_visit(receptionist, store, received_by=consultant).owner == consultant


def test_an_arrival_nobody_took_is_assigned(store, receptionist, consultant, manager):
    visit = make_visit(receptionist, store, captured=None)
    assert visit.owner is None
    visit_assign(by=receptionist, visit_id=visit.pk, received_by=consultant)
    visit.refresh_from_db()
    assert (visit.owner, visit.received_by) == (consultant, consultant)
    assert Notice.objects.get(recipient=consultant).kind == "visit.assigned"
    captured = make_visit(consultant, store)
    with pytest.raises(DomainError) as refused:
        visit_assign(by=manager, visit_id=captured.pk, received_by=consultant)
    assert refused.value.code == "has_owner"
    with pytest.raises(NotAllowed):
        visit_assign(by=consultant, visit_id=visit.pk, received_by=consultant)


def test_leaving_is_noted_once(freeze, store, consultant, colleague):
    freeze(NOON)
    visit = make_visit(consultant, store)
    freeze("2026-11-22 12:40+08:00")
    assert visit_leave(by=consultant, visit_id=visit.pk).left_at == periods.now()
    freeze("2026-11-22 13:40+08:00")
    assert visit_leave(by=consultant, visit_id=visit.pk).left_at < periods.now()
    other = make_visit(consultant, store)
    for wrong in ("2026-11-22 11:00+08:00", "2026-11-22 14:00+08:00"):
        with pytest.raises(DomainError) as refused:
            visit_leave(by=consultant, visit_id=other.pk, left_at=dt.datetime.fromisoformat(wrong))
        assert refused.value.code == "bad_left_at"
    with pytest.raises(NotFound):
        visit_leave(by=colleague, visit_id=other.pk)


def test_who_received_a_colleagues_customer_still_sees_the_visit(store, consultant, colleague):
    phone = new_phone()
    make_prospect(consultant, store, phone=phone)
    visit = make_visit(colleague, store, phone=phone, channel="phone_in")
    assert visit.owner == consultant
    assert list(Visit.objects.visible_to(colleague)) == [visit]
    assert not Customer.objects.visible_to(colleague).exists()


def test_roles_without_the_act_or_the_store_are_refused(person, store, other_store, stranger):
    for role in ("care_agent", "finance", "marketing", "sys_admin", "group_office"):
        somebody = person(role, None if role in ("sys_admin", "group_office") else store)
        with pytest.raises(NotAllowed):
            make_visit(somebody, store, captured=False)
    with pytest.raises(NotAllowed):
        make_visit(stranger, store, captured=False)


def test_f_closed_month_refuses_a_late_visit(freeze, store, consultant):
    freeze("2026-12-03 10:00+08:00")
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 11, 1))
    with pytest.raises(Conflict, match="2026年11月已关账"):
        make_visit(consultant, store, visited_at=periods.at(dt.date(2026, 11, 30), "23:59"))
    assert not Customer.objects.exists()
    assert make_visit(consultant, store, visited_at=periods.at(dt.date(2026, 12, 1), "00:00")).pk


def test_t01_the_last_second_of_a_month_belongs_to_it(freeze, store, consultant):
    freeze(dt.datetime(2026, 10, 31, 15, 59, 59, 999000, tzinfo=dt.UTC))
    assert make_visit(consultant, store).visited_on == dt.date(2026, 10, 31)
    freeze(dt.datetime(2026, 10, 31, 16, 0, tzinfo=dt.UTC))
    assert make_visit(consultant, store).visited_on == dt.date(2026, 11, 1)


def test_a_customer_who_returns_after_a_finished_card_gets_a_linked_one(store, consultant):
    phone = new_phone()
    old = make_prospect(consultant, store, phone=phone)
    put_in(old, "lost")
    new = make_visit(consultant, store, phone=phone, channel="phone_in").prospect
    assert new.pk != old.pk
    assert new.previous == old
