"""Lost only by two: the rules of asking and answering (§4.2, R-REJ, R-FU-5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from dealership.approvals.models import Approval, ApprovalState
from dealership.approvals.selectors import to_decide
from dealership.approvals.services import decide
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.jobs.services import plan_due
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.models import PolicySetting
from leads.choices import ProspectStatus
from leads.loss_choices import LossReason, LossState
from leads.models import FollowUpTask, LossApplication, OwnerChange, Prospect, StatusChange
from leads.policies import is_sampled
from leads.services.loss import dormancy_apply, loss_apply, loss_withdraw
from leads.services.loss_call_back import loss_call_back
from leads.services.loss_decision import loss_decide
from leads.services.second import second_assign
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.loss_builders import BOUGHT, WHY, lose, make_loss, make_rest, refuse_twice

NOON = "2026-11-22 12:00+08:00"


@pytest.fixture
def sales_manager(person, store):
    return person(Role.SALES_MANAGER, store, name="钱经理")


@pytest.fixture
def at_noon(freeze):
    freeze(NOON)


@pytest.fixture
def card(at_noon, store, consultant):
    return make_prospect(consultant, store, grade="B")


def refused(code: str, act: Any, **told: Any) -> DomainError:
    before = LossApplication.objects.count(), StatusChange.objects.count(), Approval.objects.count()
    with pytest.raises(DomainError) as error:
        act(**told)
    assert error.value.code == code
    assert before == (LossApplication.objects.count(), StatusChange.objects.count(), Approval.objects.count())
    assert "。" in error.value.message
    return error.value


def ask(by: Any, card: Prospect, code: str, **told: Any) -> DomainError:
    given = {"by": by, "prospect_id": card.pk, "reason": LossReason.PRICE, "explanation": WHY, **told}
    return refused(code, loss_apply, **given)


def test_r_rej_no_loss_before_the_second_follow_up(card, consultant):
    error = ask(consultant, card, "second_missing")
    assert "登记客户的拒绝" in error.message
    make_follow_up(consultant, card, outcome="refused")
    task = FollowUpTask.objects.open().get(prospect=card, kind="second")
    assert periods.local_date(task.due_at) == dt.date(2026, 11, 29)
    assert "11-29" in ask(consultant, card, "second_missing").message
    make_follow_up(consultant, card, outcome="no_answer")
    ask(consultant, card, "second_missing")
    contact = make_follow_up(consultant, card, outcome="refused")
    row = loss_apply(by=consultant, prospect_id=card.pk, reason="price", explanation=WHY)
    card.refresh_from_db()
    assert (row.second_follow_up, row.grade, row.owner, row.state) == (contact, "B", consultant, "pending")
    assert (card.status, card.next_follow_up_at) == ("loss_pending", None)
    assert not FollowUpTask.objects.open().filter(prospect=card).exists()


def test_r_rej_a_contact_from_before_the_refusal_is_no_second_look(freeze, card, consultant):
    """Entered after the fact it is kept, but the second follow-up waits."""
    freeze("2026-11-23 15:00+08:00")
    make_follow_up(consultant, card, outcome="refused")
    make_follow_up(consultant, card, done_at=periods.at(dt.date(2026, 11, 23), "14:59"))
    assert FollowUpTask.objects.open().filter(prospect=card, kind="second").exists()
    ask(consultant, card, "second_missing")
    make_follow_up(consultant, card, done_at=periods.at(dt.date(2026, 11, 23), "15:00"))
    assert not FollowUpTask.objects.open().filter(prospect=card, kind="second").exists()


def test_r_rej_the_second_follow_up_may_be_somebody_elses(card, consultant, colleague, manager, stranger):
    make_follow_up(consultant, card, outcome="refused")
    with pytest.raises(NotFound):
        make_follow_up(colleague, card, outcome="refused")
    with pytest.raises(NotAllowed):
        second_assign(by=consultant, prospect_id=card.pk, person=colleague)
    refused("bad_owner", second_assign, by=manager, prospect_id=card.pk, person=stranger)
    second_assign(by=manager, prospect_id=card.pk, person=colleague)
    row = make_follow_up(colleague, card, outcome="refused")
    card.refresh_from_db()
    assert (row.done_by, row.owner, card.owner) == (colleague, consultant, consultant)
    with pytest.raises(NotFound):
        make_follow_up(colleague, card)
    assert loss_apply(by=consultant, prospect_id=card.pk, reason="price", explanation=WHY).second_follow_up == row
    refused("no_second", second_assign, by=manager, prospect_id=card.pk, person=colleague)


@pytest.mark.parametrize("missing", ["competitor_brand", "competitor_model", "competitor_price", "competitor_dealer"])
@pytest.mark.parametrize("reason", [LossReason.COMPETITOR, LossReason.SAME_BRAND])
def test_bought_elsewhere_needs_the_whole_competitor(card, consultant, missing, reason):
    refuse_twice(consultant, card)
    told = {**BOUGHT, "reason": reason, "explanation": WHY}
    told.pop(missing)
    error = refused("loss_incomplete", loss_apply, by=consultant, prospect_id=card.pk, **told)
    assert list(error.fields) == [missing]


def test_a_loss_keeps_what_was_told(card, consultant):
    refuse_twice(consultant, card)
    told = {**BOUGHT, "competitor_price": Decimal("1.5")}
    row = loss_apply(by=consultant, prospect_id=card.pk, explanation=WHY, **told)
    row.refresh_from_db()
    assert (row.competitor_brand, row.competitor_price) == ("岚途", Decimal("1.50"))
    assert (row.due_at - row.applied_at) == dt.timedelta(hours=24)
    assert row.approval is not None
    assert row.approval.due_at == row.due_at


@pytest.mark.parametrize("text", ["", "太贵了", "  贵   贵  贵  "])
def test_the_explanation_has_ten_characters(card, consultant, text):
    refuse_twice(consultant, card)
    assert "explanation" in ask(consultant, card, "loss_incomplete", explanation=text).fields


def test_a_reason_of_the_list(card, consultant):
    refuse_twice(consultant, card)
    assert "reason" in ask(consultant, card, "loss_incomplete", reason="bored").fields


def test_h_and_a_need_a_managers_contact(at_noon, store, consultant, manager):
    card = make_prospect(consultant, store, grade="A")
    refuse_twice(consultant, card)
    ask(consultant, card, "manager_contact_missing")
    make_follow_up(manager, card, outcome="no_answer")
    ask(consultant, card, "manager_contact_missing")
    make_follow_up(manager, card)
    assert loss_apply(by=consultant, prospect_id=card.pk, reason="price", explanation=WHY).approval.level == 2


def test_unreachable_needs_attempts_on_two_days(freeze, store, consultant):
    freeze("2026-11-20 10:00+08:00")
    card = make_prospect(consultant, store, grade="B")
    for _ in range(3):
        make_follow_up(consultant, card, outcome="no_answer")
    ask(consultant, card, "attempts_missing", reason="unreachable")
    freeze("2026-11-21 10:00+08:00")
    make_follow_up(consultant, card, outcome="no_answer")
    row = loss_apply(by=consultant, prospect_id=card.pk, reason="unreachable", explanation=WHY)
    assert row.second_follow_up is None


def test_one_open_application_and_no_other_status(card, consultant, manager):
    row = make_loss(consultant, card)
    ask(consultant, card, "card_not_open")
    refused("not_for_rest", dormancy_apply, by=consultant, prospect_id=card.pk, reason="not_buying", explanation=WHY,
            wake_on=dt.date(2026, 12, 1))  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        LossApplication.objects.create(
            store_id=row.store_id, owner=row.owner, prospect=card, customer=card.customer, kind="loss", number=99,
            grade="B", applied_by=consultant, applied_at=row.applied_at, reason="price", explanation=WHY,
            due_at=row.due_at,
        )  # fmt: skip


@pytest.mark.usefixtures("at_noon")
def test_only_the_level_and_never_the_applicant_or_owner(store, consultant, colleague, manager, sales_manager):
    hot = make_prospect(consultant, store, grade="H")
    row = make_loss(consultant, hot, manager)
    for person in (consultant, manager):
        refused("not_allowed", loss_decide, by=person, application_id=row.pk, decision="agree")
    with pytest.raises(NotFound):
        loss_decide(by=colleague, application_id=row.pk, decision="agree")
    loss_decide(by=sales_manager, application_id=row.pk, decision="agree")
    cold = make_prospect(consultant, store, grade="C")
    refuse_twice(consultant, cold)
    own = loss_apply(by=manager, prospect_id=cold.pk, reason="price", explanation=WHY)
    refused("not_allowed", loss_decide, by=manager, application_id=own.pk, decision="agree")
    assert own.approval in to_decide(user=sales_manager)
    assert loss_decide(by=sales_manager, application_id=own.pk, decision="agree").decided_by == sales_manager


def test_agree(card, consultant, manager):
    row = loss_decide(by=manager, application_id=make_loss(consultant, card).pk, decision="agree")
    card.refresh_from_db()
    assert (card.status, card.next_follow_up_at, row.state, row.decided_by) == ("lost", None, "agreed", manager)
    row.approval.refresh_from_db()
    assert row.approval.state == ApprovalState.APPROVED
    assert StatusChange.objects.filter(prospect=card).order_by("-id").values_list("to_status", "reason")[0] == (
        "lost", "价格",
    )  # fmt: skip
    assert Notice.objects.filter(recipient=consultant, text__startswith="已同意").exists()


def test_reject_asks_for_a_follow_up_tomorrow_before_asking_again(freeze, card, consultant, manager):
    row = make_loss(consultant, card)
    refused("comment_missing", loss_decide, by=manager, application_id=row.pk, decision="reject")
    row = loss_decide(by=manager, application_id=row.pk, decision="reject", comment="再邀约一次试驾")
    card.refresh_from_db()
    assert (card.status, row.state) == ("active", "rejected")
    assert card.next_follow_up_at == periods.at(dt.date(2026, 11, 23), "18:00")
    assert FollowUpTask.objects.open().get(prospect=card).due_at == card.next_follow_up_at
    ask(consultant, card, "follow_up_missing")
    freeze("2026-11-23 10:00+08:00")
    make_follow_up(consultant, card, outcome="refused")
    ask(consultant, card, "second_missing")
    make_follow_up(consultant, card, outcome="refused")
    assert loss_apply(by=consultant, prospect_id=card.pk, reason="price", explanation=WHY).is_pending


def test_reassign_is_the_third_outcome(card, consultant, colleague, manager, stranger):
    row = make_loss(consultant, card)
    for person in (None, consultant, stranger, manager):
        refused("bad_owner", loss_decide, by=manager, application_id=row.pk, decision="reassign", new_owner=person)
    row = loss_decide(by=manager, application_id=row.pk, decision="reassign", new_owner=colleague)
    card.refresh_from_db()
    assert (card.status, card.owner, card.customer.owner, row.state) == ("active", colleague, colleague, "reassigned")
    assert card.team.name == "二组"
    assert FollowUpTask.objects.open().get(prospect=card).owner == colleague
    assert OwnerChange.objects.get(prospect=card).by == manager
    assert Notice.objects.filter(recipient=colleague, kind="prospect.reassigned").exists()


def test_the_generic_inbox_reaches_the_same_service(card, consultant, manager):
    row = make_loss(consultant, card)
    decide(by=manager, approval_id=row.approval_id, approve=True, comment="")
    card.refresh_from_db()
    row.refresh_from_db()
    assert (card.status, row.state, row.decided_by) == ("lost", "agreed", manager)
    refused("decided", loss_decide, by=manager, application_id=row.pk, decision="reject", comment="不同意")


def test_a_stale_page_is_told(card, consultant, manager):
    row = make_loss(consultant, card)
    card.refresh_from_db()
    seen = card.version
    make_follow_up(consultant, card, outcome="reached")
    card.refresh_from_db()
    assert (card.status, card.next_follow_up_at) == ("loss_pending", None)
    refused("stale", loss_decide, by=manager, application_id=row.pk, decision="agree", version=seen)


def test_withdraw_by_the_applicant_only(card, consultant, manager):
    row = make_loss(consultant, card)
    refused("not_allowed", loss_withdraw, by=manager, application_id=row.pk)
    loss_withdraw(by=consultant, application_id=row.pk)
    card.refresh_from_db()
    row.refresh_from_db()
    assert (card.status, row.state, row.approval.state) == ("active", "withdrawn", "withdrawn")
    assert periods.local_date(card.next_follow_up_at) == dt.date(2026, 11, 23)
    refused("decided", loss_withdraw, by=consultant, application_id=row.pk)
    refused("decided", loss_decide, by=manager, application_id=row.pk, decision="agree")


def test_no_answer_in_24_hours_goes_up_once(freeze, card, consultant, manager, sales_manager):
    row = make_loss(consultant, card)
    freeze("2026-11-23 11:59+08:00")
    plan_due(periods.now())
    assert not Job.objects.filter(kind="approvals.escalate").exists()
    freeze("2026-11-23 12:00+08:00")
    for _ in range(2):
        plan_due(periods.now())
        for job in Job.objects.filter(kind="approvals.escalate"):
            runner.run(job.pk)
    row.refresh_from_db()
    assert row.is_overdue
    assert row.escalated_at == periods.now()
    assert Notice.objects.filter(recipient=sales_manager, text__startswith="超时未审批").count() == 1
    assert loss_decide(by=sales_manager, application_id=row.pk, decision="agree").state == LossState.AGREED


@pytest.mark.parametrize(("share", "least"), [("0.20", 20), ("0.3", 33), ("1", 100), ("0", 0)])
def test_sampling_is_repeatable_and_at_least_the_share(store, share, least):
    PolicySetting.objects.create(store=store, key="loss.sample_share", value=share, effective_from=dt.date(2026, 1, 1))
    day = dt.date(2026, 11, 22)
    drawn = [number for number in range(1, 101) if is_sampled(store.pk, number, day)]
    assert drawn == [number for number in range(1, 101) if is_sampled(store.pk, number, day)]
    assert least <= len(drawn) <= least + 1


@pytest.fixture
def always_sampled(store):
    PolicySetting.objects.create(store=store, key="loss.sample_share", value="1", effective_from=dt.date(2026, 1, 1))


@pytest.mark.usefixtures("always_sampled")
def test_a_sampled_loss_is_heard_before_it_is_agreed(card, person, store, consultant, manager):
    care = person(Role.CARE_AGENT, store, name="客服小林")
    row = make_loss(consultant, card)
    assert row.is_sampled
    assert Notice.objects.filter(recipient=care, kind="loss.call_back").exists()
    refused("call_back_missing", loss_decide, by=manager, application_id=row.pk, decision="agree")
    refused("call_back_missing", decide, by=manager, approval_id=row.approval_id, approve=True, comment="")
    loss_call_back(by=care, application_id=row.pk, result="no_answer")
    refused("call_back_missing", loss_decide, by=manager, application_id=row.pk, decision="agree")
    refused("note_missing", loss_call_back, by=care, application_id=row.pk, result="interested")
    loss_call_back(by=care, application_id=row.pk, result="interested", note="客户说还在比较")
    refused("still_interested", loss_decide, by=manager, application_id=row.pk, decision="agree")
    loss_call_back(by=care, application_id=row.pk, result="confirmed", note="客户确认已买别家")
    assert loss_decide(by=manager, application_id=row.pk, decision="agree").state == LossState.AGREED
    refused("decided", loss_call_back, by=care, application_id=row.pk, result="no_answer")


@pytest.mark.usefixtures("always_sampled")
def test_nobody_calls_back_an_own_customer_and_without_callers_nothing_is_sampled(at_noon, store, person, consultant):
    assert not make_loss(consultant, make_prospect(consultant, store, grade="B")).is_sampled
    agent = person(Role.DCC_AGENT, store)
    mine = make_loss(agent, make_prospect(agent, store, grade="C"))
    assert not mine.is_sampled
    theirs = make_loss(consultant, make_prospect(consultant, store, grade="B"))
    assert theirs.is_sampled
    assert loss_call_back(by=agent, application_id=theirs.pk, result="wrong_number").called_by == agent
    with pytest.raises(NotFound):
        loss_call_back(by=agent, application_id=mine.pk, result="confirmed", note="客户确认不买")
    with pytest.raises(NotFound):
        loss_call_back(by=consultant, application_id=theirs.pk, result="confirmed", note="客户确认不买")


def test_the_database_refuses_lost_and_dormant_without_a_second_person(card, consultant, manager):
    for status in (ProspectStatus.LOST, ProspectStatus.DORMANT):
        with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
            Prospect.objects.filter(pk=card.pk).update(status=status, next_follow_up_at=None)
    row = make_loss(consultant, card)
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        LossApplication.objects.filter(pk=row.pk).update(
            state="agreed", decided_by=consultant, decided_at=periods.now()
        )
    LossApplication.objects.filter(pk=row.pk).update(state="agreed", decided_by=manager, decided_at=periods.now())
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        Prospect.objects.filter(pk=card.pk).update(status=ProspectStatus.DORMANT)
    Prospect.objects.filter(pk=card.pk).update(status=ProspectStatus.LOST)
    with pytest.raises(IntegrityError, match="answered"), transaction.atomic():
        LossApplication.objects.filter(pk=row.pk).update(reason="funds")
    with pytest.raises(Exception, match="answered"), transaction.atomic():
        LossApplication.objects.filter(pk=row.pk).delete()


def test_a_lost_card_is_never_edited(card, consultant, manager):
    lose(card, consultant, None, manager)
    with pytest.raises(DomainError):
        make_follow_up(consultant, card)
    ask(consultant, card, "card_not_open")


def test_other_stores_see_nothing(card, consultant, stranger):
    row = make_loss(consultant, card)
    for act in (loss_withdraw, loss_decide):
        with pytest.raises(NotFound):
            act(by=stranger, application_id=row.pk, **({"decision": "agree"} if act is loss_decide else {}))


def test_dormancy_only_for_b_and_c_and_180_days(at_noon, store, consultant, manager):
    hot = make_prospect(consultant, store, grade="A")
    given: dict[str, Any] = {"by": consultant, "reason": "not_buying", "explanation": WHY}
    refused("not_for_rest", dormancy_apply, prospect_id=hot.pk, wake_on=dt.date(2026, 12, 1), **given)
    card = make_prospect(consultant, store, grade="C")
    for day in (dt.date(2026, 11, 22), dt.date(2026, 11, 22) + dt.timedelta(days=181)):
        assert "wake_on" in refused("bad_wake", dormancy_apply, prospect_id=card.pk, wake_on=day, **given).fields
    make_follow_up(consultant, card, outcome="not_now")
    refused("second_missing", dormancy_apply, prospect_id=card.pk, wake_on=dt.date(2026, 12, 1), **given)
    make_follow_up(consultant, card, outcome="not_now")
    row = make_rest(consultant, card, days=180)
    card.refresh_from_db()
    assert (card.status, row.is_sampled, row.approval.kind) == ("dormant_pending", False, "prospect.dormancy")
    refused("not_allowed", loss_decide, by=consultant, application_id=row.pk, decision="agree")
    loss_decide(by=manager, application_id=row.pk, decision="agree")
    card.refresh_from_db()
    assert (card.status, card.next_follow_up_at) == ("dormant", None)


def test_a_second_dormancy_needs_a_second_answer(card, consultant, manager):
    from leads.services.dormancy import dormancy_wake

    loss_decide(by=manager, application_id=make_rest(consultant, card).pk, decision="agree")
    dormancy_wake(by=consultant, prospect_id=card.pk)
    refused("not_dormant", dormancy_wake, by=consultant, prospect_id=card.pk)
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        Prospect.objects.filter(pk=card.pk).update(status=ProspectStatus.DORMANT)
    make_rest(consultant, card)
    with pytest.raises(Conflict):
        loss_apply(by=consultant, prospect_id=card.pk, reason="price", explanation=WHY)
