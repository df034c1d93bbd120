"""Working on a lead: attempts, 非意向, 建卡, transfer, the logged look at the number."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.approvals.models import Approval
from dealership.approvals.services import decide
from dealership.audit.models import RevealLog
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.models import LeadSource, Series
from dealership.tests.builders import make_person
from leads.choices import CardChannel, LeadState
from leads.models import Customer, Lead, LeadAssignment, LeadAttempt, LeadChange, Prospect
from leads.selectors.lead import clock_of, lead_story
from leads.selectors.timeline import customer_timeline
from leads.services.lead import lead_attempt_log, lead_mark_invalid, lead_reveal
from leads.services.lead_assign import lead_assign, lead_recycle
from leads.services.lead_convert import lead_convert
from leads.services.lead_transfer import lead_transfer_ask
from leads.tests.builders import make_prospect
from leads.tests.lead_builders import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(store, consultant):
    return make_lead(consultant, store, owner=consultant, phone="13800138000")


def no_answer(by, lead):
    return lead_attempt_log(by=by, lead_id=lead.pk, channel="phone", outcome="no_answer")


def untouched(lead):
    """Nothing was written by a refusal."""
    before = lead.version
    lead.refresh_from_db()
    return lead.version == before and LeadChange.objects.filter(lead=lead).count() == 2


def test_the_clock_runs_in_business_hours_and_stops_at_the_first_attempt(store, consultant, freeze):
    freeze("2026-11-22 20:20+08:00")
    lead = make_lead(consultant, store, owner=consultant)
    assert lead.sla_due_at == dt.datetime.fromisoformat("2026-11-23 08:50+08:00")
    assert (clock_of(lead).minutes, clock_of(lead).text) == (30, "剩 30 分钟")
    freeze("2026-11-23 03:00+08:00")
    assert clock_of(lead).minutes == 20
    freeze("2026-11-23 10:00+08:00")
    assert (clock_of(lead).is_late, clock_of(lead).text) == (True, "已超时 1 小时 10 分")
    no_answer(consultant, lead)
    lead.refresh_from_db()
    assert clock_of(lead) is None
    assert LeadAssignment.objects.get().first_contact_at == lead.first_contact_at == periods.now()
    freeze("2026-11-23 11:00+08:00")
    lead_attempt_log(by=consultant, lead_id=lead.pk, channel="wechat", outcome="reached", note="加了微信")
    lead.refresh_from_db()
    assert lead.first_contact_at == dt.datetime.fromisoformat("2026-11-23 10:00+08:00")
    assert [row.outcome for row in LeadAttempt.objects.order_by("id")] == ["no_answer", "reached"]


@pytest.mark.parametrize(
    ("days", "enough"), [((0, 0, 0), False), ((0, 1), False), ((0, 0, 1), True), ((0, 1, 2, 3), True)]
)
def test_no_answer_needs_three_attempts_on_two_days(lead, consultant, freeze, days, enough):
    start = periods.today() + dt.timedelta(days=1)
    for number, day in enumerate(days):
        freeze(periods.at(start + dt.timedelta(days=day), "09:00") + dt.timedelta(minutes=number))
        no_answer(consultant, lead)
    freeze(periods.at(start + dt.timedelta(days=9), "09:00"))
    if enough:
        assert lead_mark_invalid(by=consultant, lead_id=lead.pk, reason="no_answer").state == LeadState.INVALID
        assert LeadAttempt.objects.count() == len(days)
        return
    with pytest.raises(DomainError, match=rf"至少拨打 3 次、分布在 2 天；目前 {len(days)} 次、{len(set(days))} 天"):
        lead_mark_invalid(by=consultant, lead_id=lead.pk, reason="no_answer")
    lead.refresh_from_db()
    assert (lead.state, lead.invalid_reason) == (LeadState.ASSIGNED, "")


def test_invalid_ends_the_turn_and_keeps_the_reason(lead, consultant):
    done = lead_mark_invalid(by=consultant, lead_id=lead.pk, reason="bought_other", note="买了同级合资车")
    assert (done.state, done.invalid_reason, done.processed_at is not None) == (LeadState.INVALID, "bought_other", True)
    assert LeadAttempt.objects.get().outcome == "refused"
    turn = LeadAssignment.objects.get()
    assert (turn.ended_by_event, turn.first_contact_at) == ("invalidate", done.first_contact_at)
    assert "已购竞品" in [entry.text for entry in lead_story(lead=done)]
    with pytest.raises(DomainError, match="已处理"):
        no_answer(consultant, lead)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"reason": "x"}, "请选择非意向原因"),
        ({"reason": "other"}, "请写明情况"),
        ({"reason": "no_intent", "note": "长" * 201}, "最多 200 字"),
        ({"reason": "no_intent", "channel": "fax"}, "请选择联系方式"),
        ({"reason": "no_intent", "version": 99}, "刚刚被别人修改过"),
    ],
)
def test_a_bad_invalid_is_refused_and_writes_nothing(lead, consultant, told, sentence):
    with pytest.raises(DomainError, match=sentence):
        lead_mark_invalid(by=consultant, lead_id=lead.pk, **told)
    assert untouched(lead)
    assert not LeadAttempt.objects.exists()


def test_a_bad_attempt_is_refused(lead, consultant):
    for told in ({"outcome": "refused"}, {"outcome": "x"}, {"channel": "fax"}):
        with pytest.raises(DomainError, match="请选择联系方式和结果"):
            lead_attempt_log(by=consultant, lead_id=lead.pk, **{"channel": "phone", "outcome": "reached", **told})
    assert untouched(lead)


def test_a_card_keeps_source_and_model_and_has_a_next_step(store):
    agent, source = make_person(Role.DCC_AGENT, store), LeadSource.objects.get(code="dongchedi")
    series = Series.objects.first()
    lead = make_lead(agent, store, owner=agent, source=source, series=series, phone="13800138000")
    done = lead_convert(by=agent, lead_id=lead.pk, name="陈静", gender="female", grade="A")
    card = done.prospect
    assert (done.state, done.customer, card.owner) == (LeadState.CARDED, card.customer, agent)
    assert (card.source, card.series, card.grade, card.card_channel) == (source, series, "A", CardChannel.DCC)
    assert card.next_follow_up_at is not None
    assert card.customer.phones.get().number == "+8613800138000"
    assert done.processed_at == card.card_created_at or done.processed_at <= card.card_created_at
    assert LeadAttempt.objects.get().outcome == "reached"
    titles = [entry.title for entry in customer_timeline(user=agent, customer_id=card.customer_id)]
    assert "线索 · 懂车帝 · 已建卡" in titles
    with pytest.raises(Conflict, match="不能建卡"):
        lead_convert(by=agent, lead_id=lead.pk, name="陈静")


def test_a_consultants_card_is_another_channel_and_not_judged_is_n(lead, consultant):
    card = lead_convert(by=consultant, lead_id=lead.pk, name="陈静").prospect
    assert (card.grade, card.card_channel) == ("N", CardChannel.OTHER)


def test_a_file_made_meanwhile_is_joined(store, lead, consultant, colleague):
    card = make_prospect(colleague, store, phone="13800138000")
    done = lead_convert(by=consultant, lead_id=lead.pk, name="陈静", grade="H")
    assert (done.state, done.owner, done.prospect) == (LeadState.MERGED, consultant, card)
    assert Prospect.objects.count() == 1
    assert Notice.objects.filter(recipient=colleague, kind="lead.merged").count() == 1
    assert LeadAssignment.objects.get().ended_by_event == "merge"


def test_an_own_customer_whose_card_has_ended_gets_a_new_one(store, lead, consultant):
    old = make_prospect(consultant, store, phone="13800138000")
    Prospect.objects.filter(pk=old.pk).update(status="delivered", next_follow_up_at=None)
    done = lead_convert(by=consultant, lead_id=lead.pk, name="陈静")
    assert done.state == LeadState.CARDED
    assert done.prospect.previous == old


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"name": ""}, "请填写客户姓名"),
        ({"grade": "O"}, "级别只能选"),
        ({"next_follow_up_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "首次回访时间要晚于"),
        ({"next_follow_up_at": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, "最迟"),
        ({"version": 99}, "刚刚被别人修改过"),
    ],
)
def test_a_bad_card_is_refused_and_writes_nothing(lead, consultant, told, sentence):
    with pytest.raises(DomainError, match=sentence):
        lead_convert(by=consultant, lead_id=lead.pk, **{"name": "陈静", **told})
    assert untouched(lead)
    assert not Customer.objects.exists()
    assert not LeadAttempt.objects.exists()


def test_transfer_is_asked_by_the_owner_and_decided_by_the_manager(lead, consultant, colleague, manager, freeze):
    freeze(lead.sla_due_at)
    lead_transfer_ask(by=consultant, lead_id=lead.pk, new_owner=colleague, reason="客户是老乡")
    with pytest.raises(DomainError, match="正在申请转移"):
        no_answer(consultant, lead)
    with pytest.raises(Conflict):
        lead_assign(by=manager, lead_id=lead.pk, new_owner=colleague, reason="改派")
    freeze(lead.recycle_due_at)
    turn = LeadAssignment.objects.get()
    assert lead_recycle(lead_id=lead.pk, assignment_id=turn.pk) is False
    decide(by=manager, approval_id=Approval.objects.get().pk, approve=True, comment="")
    lead.refresh_from_db()
    assert (lead.state, lead.owner, lead.previous_owner) == (LeadState.ASSIGNED, colleague, consultant)
    assert lead.sla_due_at > periods.now()
    assert LeadAssignment.objects.get(ended_at=None).how == "transfer"
    with pytest.raises(NotFound):
        no_answer(consultant, lead)


def test_a_rejected_transfer_goes_on_with_the_owner(lead, consultant, colleague, manager, freeze):
    lead_transfer_ask(by=consultant, lead_id=lead.pk, new_owner=colleague, reason="太忙")
    freeze(lead.recycle_due_at + dt.timedelta(minutes=1))
    decide(by=manager, approval_id=Approval.objects.get().pk, approve=False, comment="请自己跟进")
    lead.refresh_from_db()
    assert (lead.state, lead.owner) == (LeadState.ASSIGNED, consultant)
    assert lead.recycle_due_at > periods.now()
    assert LeadChange.objects.get(event="reject_transfer").reason == "请自己跟进"
    lead_transfer_ask(by=consultant, lead_id=lead.pk, new_owner=colleague, reason="再申请")


def test_who_may_not_ask_for_a_transfer(lead, consultant, colleague, manager, stranger):
    with pytest.raises(NotAllowed, match="经理请直接改派"):
        lead_transfer_ask(by=manager, lead_id=lead.pk, new_owner=colleague, reason="转移")
    with pytest.raises(DomainError, match="请填写转移原因"):
        lead_transfer_ask(by=consultant, lead_id=lead.pk, new_owner=colleague, reason=" ")
    for wrong, sentence in ((stranger, "请选择本店在职"), (consultant, "已在您名下")):
        with pytest.raises(DomainError, match=sentence):
            lead_transfer_ask(by=consultant, lead_id=lead.pk, new_owner=wrong, reason="转移")
    assert untouched(lead)
    assert not Approval.objects.exists()


def test_the_plain_number_is_logged(lead, consultant, colleague, person, store):
    assert lead_reveal(by=consultant, lead_id=lead.pk, reason="电话联系", ip=None) == "13800138000"
    log = RevealLog.objects.get()
    assert (log.actor, log.object_type, log.object_id) == (consultant, "leads.lead", lead.pk)
    with pytest.raises(DomainError, match="填写原因"):
        lead_reveal(by=consultant, lead_id=lead.pk, reason="", ip=None)
    with pytest.raises(NotFound):
        lead_reveal(by=colleague, lead_id=lead.pk, reason="看看", ip=None)
    with pytest.raises(NotAllowed):
        lead_reveal(by=person(Role.MARKETING, store), lead_id=lead.pk, reason="看看", ip=None)
    assert Lead.objects.count() == RevealLog.objects.count() == 1
