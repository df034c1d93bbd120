"""Who gets a lead: shares, caps, rota, opt-out; by hand; from the pool; and back to it."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.jobs.models import Job
from dealership.jobs.runner import run
from dealership.jobs.services import plan_due
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.leaving import holdings_of
from dealership.org.models import Membership
from dealership.tests.builders import make_person, make_team
from leads.choices import LeadState
from leads.models import Lead, LeadAssignee, LeadAssignment, LeadChange, LeadDesk
from leads.services.lead import lead_attempt_log, lead_mark_invalid
from leads.services.lead_assign import assignee_set, lead_assign, lead_pick, lead_recycle, leads_distribute
from leads.services.lead_intake import LeadRow, leads_take_in
from leads.tests.builders import new_phone
from leads.tests.lead_builders import make_lead, nobody_takes, set_policy

pytestmark = pytest.mark.django_db
SUNDAY_NOON = "2026-11-22 12:00+08:00"


def dcc(store, name="网销甲", **membership):
    return make_person(Role.DCC_AGENT, store, name=name, **membership)


def take(by, store, number):
    return leads_take_in(by=by, store=store, rows=[LeadRow(new_phone()) for _ in range(number)])


def owners(store):
    return Counter(Lead.objects.filter(store=store).values_list("owner_id", flat=True))


def in_pool(by, store, **told):
    nobody_takes(store)
    return make_lead(by, store, **told)


def test_shares_by_weight_one_by_one_and_in_a_batch(store, manager, freeze):
    freeze(SUNDAY_NOON)
    one, two, three = dcc(store), dcc(store, "网销乙"), dcc(store, "网销丙")
    for person, weight in ((one, 3), (two, 2), (three, 1)):
        assignee_set(by=manager, store=store, person=person, weight=weight, cap=100, is_opted_out=False)
    for _ in range(12):
        make_lead(manager, store)
    assert owners(store) == {one.pk: 6, two.pk: 4, three.pk: 2}
    take(manager, store, 48)
    assert owners(store) == {one.pk: 30, two.pk: 20, three.pk: 10}
    assert sum(LeadDesk.objects.get(store=store).credits.values()) == 0


def test_the_round_is_the_same_every_time(store, manager, freeze):
    freeze(SUNDAY_NOON)
    people = [dcc(store), dcc(store, "网销乙"), dcc(store, "网销丙")]
    order = [make_lead(manager, store).owner for _ in range(6)]
    assert order == people * 2


def test_dcc_gets_twice_a_consultants_share_by_default(store, manager, consultant, freeze):
    freeze(SUNDAY_NOON)
    agent = dcc(store)
    take(manager, store, 9)
    assert owners(store) == {agent.pk: 6, consultant.pk: 3}


def test_a_full_person_gets_nothing_until_something_is_processed(store, manager, freeze):
    freeze(SUNDAY_NOON)
    full, other = dcc(store), dcc(store, "网销乙")
    assignee_set(by=manager, store=store, person=full, weight=10, cap=2, is_opted_out=False)
    take(manager, store, 6)
    assert owners(store) == {full.pk: 2, other.pk: 4}
    lead_mark_invalid(by=full, lead_id=Lead.objects.filter(owner=full).first().pk, reason="no_intent")
    assert make_lead(manager, store).owner == full


def test_who_is_off_duty_opted_out_or_without_weight_gets_nothing(store, manager, freeze):
    freeze(SUNDAY_NOON)
    working = dcc(store)
    resting = dcc(store, "轮休", rest_weekday=6)
    out, nothing = dcc(store, "暂停"), dcc(store, "零")
    assignee_set(by=manager, store=store, person=out, weight=None, cap=None, is_opted_out=True)
    assignee_set(by=manager, store=store, person=nothing, weight=0, cap=None, is_opted_out=False)
    take(manager, store, 6)
    assert owners(store) == {working.pk: 6}
    Membership.objects.filter(user=working).update(rest_weekday=6)
    assert make_lead(manager, store).owner is None
    freeze("2026-11-23 12:00+08:00")
    assert leads_distribute(store=store) == 1
    assert make_lead(manager, store).owner == resting


def test_at_night_the_rota_of_the_next_open_day_decides(store, manager, freeze):
    freeze("2026-11-21 22:00+08:00")
    dcc(store, "周日休", rest_weekday=6)
    there = dcc(store, "周六休", rest_weekday=5)
    lead = make_lead(manager, store)
    assert lead.owner == there
    assert lead.sla_due_at == dt.datetime.fromisoformat("2026-11-22 09:00+08:00")


def test_waiting_leads_are_tried_again_in_business_hours(store, manager, freeze):
    freeze("2026-11-22 20:29+08:00")
    first, second = make_lead(manager, store), make_lead(manager, store)
    agent = dcc(store)
    freeze("2026-11-22 23:00+08:00")
    plan_due(periods.now())
    assert not Job.objects.filter(kind="leads.distribute").exists()
    freeze("2026-11-23 08:31+08:00")
    for _ in range(2):
        plan_due(periods.now())
    run(Job.objects.get(kind="leads.distribute").pk)
    for lead in (first, second):
        lead.refresh_from_db()
        assert (lead.owner, lead.state) == (agent, LeadState.ASSIGNED)


def test_by_hand(store, manager, consultant, colleague, stranger):
    lead = in_pool(manager, store)
    lead_assign(by=manager, lead_id=lead.pk, new_owner=consultant)
    with pytest.raises(DomainError, match="改派请填写原因"):
        lead_assign(by=manager, lead_id=lead.pk, new_owner=colleague)
    with pytest.raises(DomainError, match="已在此同事名下"):
        lead_assign(by=manager, lead_id=lead.pk, new_owner=consultant, reason="再派")
    for wrong in (stranger, manager):
        with pytest.raises(DomainError, match="请选择本店在职"):
            lead_assign(by=manager, lead_id=lead.pk, new_owner=wrong, reason="改派")
    with pytest.raises(NotAllowed):
        lead_assign(by=consultant, lead_id=lead.pk, new_owner=colleague, reason="改派")
    lead = lead_assign(by=manager, lead_id=lead.pk, new_owner=colleague, reason="请假")
    assert (lead.owner, lead.previous_owner) == (colleague, consultant)
    turns = LeadAssignment.objects.order_by("id")
    assert [(turn.owner, turn.ended_by_event) for turn in turns] == [(consultant, "assign"), (colleague, "")]
    assert Notice.objects.filter(recipient=consultant, kind="lead.taken").count() == 1


def test_the_leader_of_the_desk_gives_out_too(store, consultant, person):
    leader = person(Role.TEAM_LEADER, store, team=make_team(store, "网销组"))
    lead = in_pool(leader, store)
    assert lead_assign(by=leader, lead_id=lead.pk, new_owner=consultant).owner == consultant


def test_pick_wins_once_and_the_pool_is_hidden_from_consultants(store, manager, consultant):
    one, two = dcc(store), dcc(store, "网销乙")
    lead = in_pool(manager, store)
    with pytest.raises(NotFound):
        lead_pick(by=consultant, lead_id=lead.pk)
    with pytest.raises(NotAllowed):
        lead_pick(by=manager, lead_id=lead.pk)
    assert lead_pick(by=one, lead_id=lead.pk).owner == one
    with pytest.raises(Conflict, match="已经在您名下"):
        lead_pick(by=one, lead_id=lead.pk)
    with pytest.raises(Conflict, match="刚刚被同事领走"):
        lead_pick(by=two, lead_id=lead.pk)
    with pytest.raises(NotFound):
        lead_pick(by=two, lead_id=make_lead(consultant, store, owner=consultant).pk)


def test_pick_limits(store, manager, freeze):
    freeze(SUNDAY_NOON)
    set_policy(store, "lead.pick_daily", 2)
    agent = dcc(store)
    leads = [in_pool(manager, store) for _ in range(4)]
    for lead in leads[:2]:
        lead_pick(by=agent, lead_id=lead.pk)
    with pytest.raises(DomainError, match="每天最多领取 2 条"):
        lead_pick(by=agent, lead_id=leads[2].pk)
    freeze("2026-11-23 12:00+08:00")
    lead_pick(by=agent, lead_id=leads[2].pk)
    assignee_set(by=manager, store=store, person=agent, weight=None, cap=3, is_opted_out=False)
    with pytest.raises(DomainError, match="未处理的线索已有 3 条"):
        lead_pick(by=agent, lead_id=leads[3].pk)
    assert LeadAssignment.objects.count() == 3


def test_twice_the_clock_sends_it_back_once_and_cools_off(store, manager, freeze):
    freeze("2026-11-22 20:00+08:00")
    agent, other = dcc(store), dcc(store, "网销乙")
    lead = in_pool(manager, store)
    lead_pick(by=agent, lead_id=lead.pk)
    turn = LeadAssignment.objects.get(lead=lead)
    freeze("2026-11-23 08:59+08:00")  # 30 + 29 business minutes
    plan_due(periods.now())
    assert not Job.objects.filter(kind="leads.recycle").exists()
    assert lead_recycle(lead_id=lead.pk, assignment_id=turn.pk) is False
    freeze("2026-11-23 09:00+08:00")
    for _ in range(2):
        plan_due(periods.now())
    run(Job.objects.get(kind="leads.recycle").pk)
    assert lead_recycle(lead_id=lead.pk, assignment_id=turn.pk) is False
    lead.refresh_from_db()
    assert (lead.state, lead.owner, lead.previous_owner, lead.recycled_count) == (LeadState.RECYCLED, None, agent, 1)
    change = LeadChange.objects.get(event="recycle")
    assert (change.from_owner, change.owner, change.by) == (agent, None, None)
    assert Notice.objects.filter(kind="lead.recycled").count() == 2
    with pytest.raises(DomainError, match="11-26 周四 起才能再领"):
        lead_pick(by=agent, lead_id=lead.pk)
    freeze("2026-11-26 09:00+08:00")
    assert lead_pick(by=agent, lead_id=lead.pk).owner == agent
    assert lead_assign(by=manager, lead_id=lead.pk, new_owner=other, reason="换人").owner == other


def test_a_recycled_lead_is_not_given_out_by_itself(store, manager, freeze):
    freeze(SUNDAY_NOON)
    agent = dcc(store)
    lead = make_lead(manager, store)
    assert lead.owner == agent
    freeze("2026-11-22 13:00+08:00")
    lead_recycle(lead_id=lead.pk, assignment_id=LeadAssignment.objects.get().pk)
    assert leads_distribute(store=store) == 0


def test_a_call_stops_the_clock(store, manager, freeze):
    freeze(SUNDAY_NOON)
    agent = dcc(store)
    lead = make_lead(manager, store)
    freeze("2026-11-22 12:30+08:00")
    lead_attempt_log(by=agent, lead_id=lead.pk, channel="phone", outcome="no_answer")
    turn = LeadAssignment.objects.get()
    assert turn.first_contact_at == turn.sla_due_at
    freeze("2026-11-22 18:00+08:00")
    plan_due(periods.now())
    assert not Job.objects.filter(kind="leads.recycle").exists()
    assert lead_recycle(lead_id=lead.pk, assignment_id=turn.pk) is False


def test_settings_are_the_managers_and_checked(store, manager, consultant, stranger):
    with pytest.raises(NotAllowed):
        assignee_set(by=consultant, store=store, person=consultant, weight=9, cap=None, is_opted_out=False)
    with pytest.raises(DomainError, match="权重请填 0 到 10"):
        assignee_set(by=manager, store=store, person=consultant, weight=11, cap=None, is_opted_out=False)
    with pytest.raises(DomainError, match="请选择本店在职"):
        assignee_set(by=manager, store=store, person=stranger, weight=1, cap=None, is_opted_out=False)
    assert not LeadAssignee.objects.exists()


def test_an_account_with_open_leads_is_not_closed(store, manager, consultant):
    lead = make_lead(consultant, store, owner=consultant)
    assert holdings_of(consultant) == {"未处理线索": 1}
    lead_mark_invalid(by=consultant, lead_id=lead.pk, reason="no_intent")
    assert holdings_of(consultant) == {}
