"""The evaluation model and the nurture pool (domain.md §1.10 O1, O2): what counts, what moves, what never does."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from dealership.audit.models import AuditEntry
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.models import PolicySetting
from dealership.org.services.rules import checked_value, policy_set
from dealership.tests.builders import make_person
from leads.models import NurtureStay, Prospect, ProspectEvaluation
from leads.services.campaign import campaign_invite_cards
from leads.services.evaluation import evaluation_save
from leads.services.nurture import nurture_return
from leads.services.prospect import prospect_ordered, prospect_reassign
from leads.tests.builders import make_campaign, make_follow_up, make_prospect
from leads.tests.evaluation_builders import make_evaluation, make_nurtured

pytestmark = pytest.mark.django_db
NOON = "2026-11-10 12:00+08:00"


@pytest.fixture(autouse=True)
def noon(freeze: Any) -> None:
    freeze(NOON)


@pytest.fixture
def card(store: Any, consultant: Any) -> Prospect:
    return make_prospect(consultant, store, grade="B")


@pytest.fixture
def marketing(store: Any) -> Any:
    return make_person(Role.MARKETING, store, name="市场专员")


def in_pool(card: Prospect) -> bool:
    return NurtureStay.objects.filter(prospect=card, left_at=None).exists()


@pytest.mark.parametrize(
    ("answers", "worth"),
    [
        # 30·4 + 25·3 + 10·2 + 20·5 + 15·1 = 330 of 500
        ((4, 3, 2, 5, 1), ("66.0", "66.0", "meets")),
        # 30·3 + 25·3 + 10·3 + 20·3 + 15·3 = 300 of 500: the threshold itself meets it
        ((3, 3, 3, 3, 3), ("60.0", "60.0", "meets")),
        # 30·3 + 25·3 + 10·2 + 20·3 + 15·3 = 290
        ((3, 3, 2, 3, 3), ("58.0", "58.0", "below")),
        ((5, 5, 5, 5, 5), ("100.0", "100.0", "meets")),
        ((0, 0, 0, 0, 0), ("0.0", "0.0", "below")),
        # unknown budget: 300 of 500 is reached without it
        ((5, 5, 0, 2, None), ("63.0", "78.0", "meets")),
        # unknown budget could still decide: 255 + 75 = 330
        ((3, 3, 3, 3, None), ("51.0", "66.0", "open")),
        # whatever the budget is, 60 is out of reach: 150 + 75 = 225
        ((2, 2, 1, 1, None), ("28.0", "43.0", "below")),
        ((None, None, None, None, 5), ("15.0", "100.0", "open")),
    ],
)
def test_o1_points_weights_and_the_threshold(consultant, card, answers, worth):
    score, ceiling, verdict = worth
    names = ("urgency", "purchase_time", "cycle", "decision_maker", "budget")
    row = evaluation_save(by=consultant, prospect_id=card.pk, answers=dict(zip(names, answers, strict=True)))
    assert (row.score, row.ceiling, row.verdict) == (Decimal(score), Decimal(ceiling), verdict)
    assert in_pool(card) == (verdict == "below")
    entry = AuditEntry.objects.get(action="evaluation.save")
    assert (entry.object_id, entry.changes["verdict"]) == (row.pk, verdict)


def test_o1_a_score_just_below_is_not_rounded_up_to_the_threshold(consultant, card, store, manager):
    PolicySetting.objects.create(
        store=store, key="evaluation.weights", effective_from=periods.today(),
        value={"urgency": 7, "purchase_time": 7, "cycle": 7, "decision_maker": 7, "budget": 7},
    )  # fmt: skip
    PolicySetting.objects.create(store=store, key="evaluation.threshold", effective_from=periods.today(), value=57)
    row = make_evaluation(consultant, card, 3, urgency=2)
    assert (row.score, row.verdict) == (Decimal("56.0"), "below")
    PolicySetting.objects.filter(key="evaluation.weights").update(
        value={"urgency": 1, "purchase_time": 1, "cycle": 1, "decision_maker": 0, "budget": 0}
    )
    PolicySetting.objects.filter(key="evaluation.threshold").update(value=67)
    # 10 of 15 is 66.67: shown 66.6, not 67
    row = make_evaluation(consultant, card, 3, urgency=4)
    assert (row.score, row.verdict) == (Decimal("66.6"), "below")


def test_o1_a_policy_changed_in_the_middle_of_the_month_judges_from_its_day_on(consultant, card, store, freeze):
    office = make_person(Role.GROUP_OFFICE, None, group=store.group)
    policy_set(
        by=office, key="evaluation.threshold", value=80, effective_from=dt.date(2026, 11, 16), group=store.group,
        store=store,
    )  # fmt: skip
    before = make_evaluation(consultant, card, 3)
    freeze("2026-11-15 23:59:59+08:00")
    last = make_evaluation(consultant, card, 3)
    freeze("2026-11-16 00:00:00+08:00")
    assert not in_pool(card)
    after = make_evaluation(consultant, card, 3)
    found = [(row.threshold, row.verdict) for row in ProspectEvaluation.objects.order_by("id")]
    assert found == [(60, "meets"), (60, "meets"), (80, "below")]
    assert (before.score, last.score, after.score) == (60, 60, 60)
    assert in_pool(card)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("evaluation.threshold", 101, "最大为 100"),
        (
            "evaluation.weights",
            {"urgency": 0, "purchase_time": 0, "cycle": 0, "decision_maker": 0, "budget": 0},
            "不能全部为 0",
        ),
        ("evaluation.weights", {"urgency": 5}, "必须包含且只包含"),
    ],
)
def test_a_policy_nobody_could_meet_is_refused(key, value, sentence):
    with pytest.raises(DomainError, match=sentence):
        checked_value(key, value)


@pytest.mark.parametrize(
    ("answers", "sentence"), [({}, "请至少回答一项"), ({"urgency": 6}, "选项无效"), ({"budget": -1}, "选项无效")]
)
def test_what_says_nothing_is_refused(consultant, card, answers, sentence):
    with pytest.raises(DomainError, match=sentence):
        evaluation_save(by=consultant, prospect_id=card.pk, answers=answers)
    assert not ProspectEvaluation.objects.exists()


def test_who_may_evaluate_and_what(store, consultant, colleague, marketing, card):
    with pytest.raises(NotFound):
        make_evaluation(colleague, card)
    with pytest.raises(NotAllowed):
        make_evaluation(marketing, card)
    prospect_ordered(by=consultant, prospect_id=card.pk, at=periods.now())
    with pytest.raises(Conflict, match="已订未交"):
        make_evaluation(consultant, card)
    assert not ProspectEvaluation.objects.exists()


def test_o2_the_pool_takes_once_and_lets_go_when_the_customer_meets_the_threshold(consultant, marketing, card):
    make_evaluation(consultant, card, 1)
    make_evaluation(consultant, card, 2)
    stay = NurtureStay.objects.get()
    assert stay.evaluation == ProspectEvaluation.objects.latest("id")
    assert Notice.objects.filter(recipient=marketing, kind="nurture.enter").count() == 1
    make_evaluation(consultant, card, 3, budget=None)
    assert in_pool(card)
    make_evaluation(consultant, card, 5)
    stay.refresh_from_db()
    assert (stay.end, stay.left_by, stay.left_at) == ("met", consultant, periods.now())
    make_evaluation(consultant, card, 1)
    assert NurtureStay.objects.filter(prospect=card).count() == 2
    card.refresh_from_db()
    assert (card.owner, card.status) == (consultant, "active")
    assert card.next_follow_up_at is not None


def test_o2_the_pool_follows_the_card_and_ends_with_it(consultant, colleague, manager, card, other_store):
    stay = make_nurtured(consultant, card)
    marketing, stranger = make_person(Role.MARKETING, card.store), make_person(Role.MARKETING, other_store)
    assert not NurtureStay.objects.visible_to(stranger).exists()
    assert NurtureStay.objects.visible_to(marketing).get() == stay
    prospect_reassign(by=manager, prospect_id=card.pk, new_owner=colleague, reason="轮换")
    assert in_pool(card)
    prospect_ordered(by=colleague, prospect_id=card.pk, at=periods.now())
    stay.refresh_from_db()
    assert (stay.end, stay.left_at) == ("ended", periods.now())


def test_o2_back_to_the_consultant_with_a_reason_and_a_call_by_tomorrow(consultant, marketing, card):
    make_follow_up(consultant, card)
    stay = make_nurtured(consultant, card)
    with pytest.raises(DomainError, match="请写明退回原因"):
        nurture_return(by=marketing, stay_id=stay.pk, reason=" 急 ")
    with pytest.raises(NotFound):
        nurture_return(by=consultant, stay_id=stay.pk, reason="客户来电问价格")
    nurture_return(by=marketing, stay_id=stay.pk, reason="客户看完直播来电问价格")
    card.refresh_from_db()
    task = card.tasks.get(done_at=None, cancelled_at=None)
    assert task.due_at == card.next_follow_up_at == periods.at(dt.date(2026, 11, 11), "18:00")
    assert task.original_due_at > task.due_at
    assert Notice.objects.filter(recipient=consultant, kind="nurture.returned").exists()
    assert AuditEntry.objects.filter(action="nurture.return", actor=marketing).exists()
    with pytest.raises(Conflict, match="已不在培育池（退回顾问）"):
        nurture_return(by=marketing, stay_id=stay.pk, reason="客户看完直播来电问价格")


def test_o2_ticked_customers_are_invited_once_and_only_here(store, other_store, consultant, marketing, card):
    quiet = make_prospect(consultant, store, grade="C")
    quiet.customer.no_contact = True
    quiet.customer.save()
    foreign = make_prospect(make_person(Role.SALES_CONSULTANT, other_store), other_store)
    campaign = make_campaign(store, marketing)
    ids = [card.pk, quiet.pk, foreign.pk]
    assert campaign_invite_cards(by=marketing, campaign_id=campaign.pk, prospect_ids=ids) == 1
    assert campaign_invite_cards(by=marketing, campaign_id=campaign.pk, prospect_ids=ids) == 0
    assert list(campaign.invites.values_list("prospect_id", flat=True)) == [card.pk]
    with pytest.raises(DomainError, match="请先勾选"):
        campaign_invite_cards(by=marketing, campaign_id=campaign.pk, prospect_ids=[])
    with pytest.raises(NotFound):
        campaign_invite_cards(by=consultant, campaign_id=campaign.pk, prospect_ids=ids)


def test_the_database_keeps_evaluations_and_one_stay(consultant, card):
    stay = make_nurtured(consultant, card)
    row = ProspectEvaluation.objects.get()
    for change in (
        lambda: ProspectEvaluation.objects.filter(pk=row.pk).update(score=99),
        row.delete,
        lambda: NurtureStay.objects.create(prospect=card, store=card.store, evaluation=row, entered_at=periods.now()),
        lambda: NurtureStay.objects.filter(pk=stay.pk).update(left_at=periods.now()),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert ProspectEvaluation.objects.get().score == row.score
    assert NurtureStay.objects.get() == stay
