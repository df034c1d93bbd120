"""Leads come in: new, known in the store, known elsewhere, the same again, many at once."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.models import LeadSource, Series
from dealership.tests.builders import make_person
from leads.choices import LeadState
from leads.models import Customer, Lead, LeadAssignment, LeadChange
from leads.selectors.timeline import customer_timeline
from leads.services.lead import lead_mark_invalid
from leads.services.lead_intake import LeadRow, Outcome, lead_create, leads_take_in
from leads.tests.builders import make_prospect, new_phone
from leads.tests.lead_builders import make_lead, nobody_takes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def business_hours():
    """Clocks of leads run in business hours only; real time goes on from there."""
    with time_machine.travel("2026-11-22 12:00+08:00", tick=True):
        yield


@pytest.fixture
def source(store):
    return LeadSource.objects.get(code="dongchedi")


def test_a_new_lead_is_given_out_with_its_clock(store, consultant, manager, source):
    lead = make_lead(manager, store, source=source, phone="138 0013 8000", series=Series.objects.first())
    assert (lead.state, lead.owner, lead.phone) == (LeadState.ASSIGNED, consultant, "+8613800138000")
    assert lead.assigned_at == lead.first_assigned_at
    assert lead.sla_due_at > lead.assigned_at
    turn = LeadAssignment.objects.get(lead=lead)
    assert (turn.owner, turn.how, turn.sla_due_at, turn.ended_at) == (consultant, "auto", lead.sla_due_at, None)
    assert [row.to_state for row in LeadChange.objects.order_by("id")] == [LeadState.NEW, LeadState.ASSIGNED]
    notice = Notice.objects.get(recipient=consultant)
    assert "新线索" in notice.text
    assert "138" not in notice.text


def test_a_number_with_a_file_goes_to_its_owner(store, consultant, colleague, source):
    card = make_prospect(consultant, store, phone="13800138000")
    taken = lead_create(by=colleague, store=store, row=LeadRow("13800138000", source=source, note="看到广告"))
    lead = taken.lead
    assert (taken.outcome, lead.state) == (Outcome.MERGED, LeadState.MERGED)
    assert (lead.owner, lead.customer, lead.prospect) == (consultant, card.customer, card)
    assert lead.processed_at == lead.first_assigned_at
    assert not LeadAssignment.objects.exists()
    assert Notice.objects.filter(recipient=consultant, kind="lead.merged").count() == 1
    story = customer_timeline(user=consultant, customer_id=card.customer_id)
    assert any("懂车帝" in entry.title and entry.text == "看到广告" for entry in story)
    again = lead_create(by=colleague, store=store, row=LeadRow("13800138000"))
    assert (again.outcome, again.lead) == (Outcome.REPEATED, lead)


def test_a_number_of_another_store_is_a_flag_without_a_name(store, other_store, consultant, stranger):
    make_prospect(stranger, other_store, phone="13800138000", name="金丝雀")
    lead = make_lead(consultant, store, owner=consultant, phone="13800138000")
    assert lead.is_elsewhere
    assert (lead.state, lead.customer) == (LeadState.ASSIGNED, None)
    assert LeadChange.objects.filter(lead=lead, reason="集团其他门店已有档案").exists()
    assert not make_lead(consultant, store, owner=consultant).is_elsewhere


def test_an_open_number_stays_one_lead_with_its_first_source(store, consultant, colleague, source):
    lead = make_lead(consultant, store, owner=consultant, phone="13800138000")
    taken = lead_create(by=colleague, store=store, row=LeadRow("13800138000", source=source))
    assert (taken.outcome, taken.lead) == (Outcome.REPEATED, lead)
    lead.refresh_from_db()
    assert lead.source is None
    assert Lead.objects.count() == 1
    assert Notice.objects.filter(recipient=consultant, kind="lead.repeated").count() == 1
    assert LeadChange.objects.filter(lead=lead, event="repeat").get().to_state == LeadState.ASSIGNED


def test_after_it_was_processed_the_number_may_come_again(store, consultant):
    first = make_lead(consultant, store, owner=consultant, phone="13800138000")
    lead_mark_invalid(by=consultant, lead_id=first.pk, reason="no_intent")
    second = make_lead(consultant, store, owner=consultant, phone="13800138000")
    assert second.pk != first.pk


def test_an_external_id_is_taken_once(store, other_store, consultant, stranger, source):
    row = LeadRow("13800138000", source=source, external_id="DCD-1")
    first = lead_create(by=consultant, store=store, row=row, owner=consultant)
    again = lead_create(by=consultant, store=store, row=LeadRow("13900139000", source=source, external_id="DCD-1"))
    assert (again.outcome, again.lead) == (Outcome.REPLAYED, first.lead)
    with pytest.raises(Conflict, match="集团其他门店接收"):
        lead_create(by=stranger, store=other_store, row=LeadRow("13700137000", source=source, external_id="DCD-1"))
    assert Lead.objects.count() == 1


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"phone": "123"}, "电话号码不正确"),
        ({"phone": "0791-88886666"}, "11 位手机号"),
        ({"name": "长" * 41}, "姓名最多 40 字"),
        ({"note": "长" * 501}, "备注最多 500 字"),
        ({"external_id": "x"}, "请同时选择来源"),
        ({"received_at": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, "不能晚于现在"),
    ],
)
def test_a_lead_that_cannot_be_is_refused(store, consultant, told, sentence):
    with pytest.raises(DomainError, match=sentence):
        lead_create(by=consultant, store=store, row=LeadRow(**{"phone": new_phone(), **told}))
    assert not Lead.objects.exists()
    assert not LeadChange.objects.exists()


def test_who_may_not_enter_or_give_is_refused(store, consultant, colleague, receptionist, stranger):
    with pytest.raises(NotAllowed):
        make_lead(receptionist, store)
    with pytest.raises(NotAllowed):
        make_lead(stranger, store)
    with pytest.raises(NotAllowed):
        make_lead(consultant, store, owner=colleague)
    assert not Lead.objects.exists()


def test_many_at_once_each_row_has_its_answer(store, consultant, manager, source):
    card = make_prospect(consultant, store)
    known = card.customer.phones.get().number
    make_lead(manager, store, phone="13800138001")
    rows = [
        LeadRow("13800138002", name="甲", source=source),
        LeadRow("13800138002", name="乙"),
        LeadRow("abc"),
        LeadRow(known),
        LeadRow("13800138001"),
        LeadRow("13800138003"),
    ]
    found = leads_take_in(by=manager, store=store, rows=rows)
    assert [row.outcome for row in found] == ["created", "in_file", "refused", "merged", "repeated", "created"]
    assert [row.position for row in found] == list(range(6))
    assert "第 1 行" in found[1].message
    assert "电话号码不正确" in found[2].message
    assert Lead.objects.get(phone="+8613800138002").owner == consultant


def test_one_notice_for_many_leads(store, consultant, manager):
    leads_take_in(by=manager, store=store, rows=[LeadRow(new_phone()) for _ in range(5)])
    assert Notice.objects.get(recipient=consultant).text.startswith("您有 5 条新线索")
    assert LeadAssignment.objects.count() == 5


def test_many_need_few_statements(store, consultant, manager, django_assert_max_num_queries):
    nobody_takes(store)
    with django_assert_max_num_queries(40):
        leads_take_in(by=manager, store=store, rows=[LeadRow(new_phone()) for _ in range(200)])
    assert Lead.objects.filter(state=LeadState.NEW).count() == 200
    assert LeadChange.objects.count() == 200


def test_nobody_able_leaves_it_in_the_pool(store, manager):
    assert make_lead(manager, store).state == LeadState.NEW


def test_the_card_of_a_merged_lead_is_of_the_customer_only(store, consultant, manager):
    """A file without a live card: the owner is told, no card is invented."""
    customer = make_prospect(consultant, store).customer
    customer.prospects.update(status="delivered", next_follow_up_at=None)
    taken = lead_create(by=manager, store=store, row=LeadRow(customer.phones.get().number))
    assert (taken.lead.customer, taken.lead.prospect) == (customer, None)
    assert Customer.objects.count() == 1
    assert taken.lead.processed_at <= periods.now()


def test_reception_of_a_person_in_two_stores(store, other_store, source):
    """Dedupe is per store: the same person may be a lead of both."""
    one, two = make_person(Role.DCC_AGENT, store), make_person(Role.DCC_AGENT, other_store)
    first = make_lead(one, store, phone="13800138000")
    second = make_lead(two, other_store, phone="13800138000")
    assert (first.owner, second.owner) == (one, two)
