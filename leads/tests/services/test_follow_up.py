"""The rules of following up, each by its id (domain.md §5.1)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from dealership.audit.models import AuditEntry
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.org.models import ClosedMonth, PolicySetting
from leads.choices import Grade
from leads.models import FollowUp, FollowUpTask, GradeChange, Prospect
from leads.tests.builders import make_follow_up, make_prospect
from leads.tests.loss_builders import put_in

NOON = "2026-11-22 12:00+08:00"


def on(day: int, clock: str = "18:00", month: int = 11) -> dt.datetime:
    return periods.at(dt.date(2026, month, day), clock)


@pytest.fixture
def card(freeze, store, consultant):
    freeze("2026-11-20 10:00+08:00")
    made = make_prospect(consultant, store, grade="A")
    freeze(NOON)
    return made


@pytest.fixture
def noon_consultant(freeze, consultant):
    freeze(NOON)
    return consultant


def refused(code, by, card, **told):
    with pytest.raises(DomainError) as error:
        make_follow_up(by, card, **told)
    assert error.value.code == code
    return error.value


@pytest.mark.parametrize(("grade", "day"), [("H", 24), ("A", 29)])
def test_r_fu_1_default_is_today_plus_interval(card, consultant, grade, day):
    row = make_follow_up(consultant, card, grade=grade)
    card.refresh_from_db()
    assert row.next_follow_up_at == card.next_follow_up_at == on(day)
    tasks = FollowUpTask.objects.filter(prospect=card).order_by("id")
    assert [(task.kind, task.done_at) for task in tasks] == [("first", row.done_at), ("regular", None)]
    assert (tasks[0].follow_up, tasks[0].done_by) == (row, consultant)


def test_r_fu_1_interval_comes_from_dated_policy(card, consultant, store):
    rule = {"interval": 3, "first": 1, "out_of_control": 10, "horizon": "8–30天"}
    PolicySetting.objects.create(store=store, key="grade.A", value=rule, effective_from=dt.date(2026, 11, 22))
    PolicySetting.objects.create(
        store=store, key="grade.A", value={**rule, "interval": 5}, effective_from=dt.date(2026, 11, 23)
    )
    assert make_follow_up(consultant, card).next_follow_up_at == on(25)


def test_r_fu_1_sooner_is_free_and_any_hour_of_the_last_day(card, consultant):
    assert make_follow_up(consultant, card, next_follow_up_at=on(23, "09:00")).next_follow_up_at == on(23, "09:00")
    assert make_follow_up(consultant, card, next_follow_up_at=on(29, "23:59")).next_follow_up_at == on(29, "23:59")


def test_r_fu_1_later_needs_a_reason_and_for_h_and_a_the_manager(card, consultant, manager):
    later = {"next_follow_up_at": on(30, "00:00")}
    refused("delay_reason_missing", consultant, card, **later)
    error = refused("delay_needs_manager", consultant, card, **later, delay_reason="客户出差两周")
    assert "展厅经理" in error.message
    assert not FollowUp.objects.exists()
    row = make_follow_up(manager, card, **later, delay_reason="客户出差两周")
    assert (row.done_by, row.owner, row.delay_reason) == (manager, consultant, "客户出差两周")


def test_r_fu_1_later_for_b_needs_only_the_reason(card, consultant):
    row = make_follow_up(
        consultant, card, grade="B", next_follow_up_at=on(20, month=12), delay_reason="年底发奖金后再定"
    )
    assert row.next_follow_up_at == on(20, month=12)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (dt.datetime(2026, 11, 22, 12, 0, tzinfo=periods.ZONE), "next_in_past"),
        (dt.datetime(1, 1, 1, 12, 0, tzinfo=periods.ZONE), "next_in_past"),
        (dt.datetime(9999, 12, 31, tzinfo=periods.ZONE), "next_too_far"),
    ],
)
def test_r_fu_1_impossible_dates(card, consultant, moment, code):
    refused(code, consultant, card, next_follow_up_at=moment, delay_reason="原因原因")


def test_r_fu_2_calendar_days_and_credit_to_who_did_it(card, consultant, manager):
    row = make_follow_up(manager, card, grade="H")
    assert row.next_follow_up_at == on(24)
    card.refresh_from_db()
    assert (card.owner, row.done_by, row.owner) == (consultant, manager, consultant)
    assert FollowUpTask.objects.open().get(prospect=card).owner == consultant


@pytest.mark.parametrize("text", ["", "已联系", "已 联 系 客 户 了 哦", "　　　　　　　　　　　　"])
def test_r_fu_3_content_needs_ten_characters(card, consultant, text):
    refused("content_short", consultant, card, content=text)


def test_r_fu_3_not_identical_to_one_of_the_last_five(card, consultant):
    text = "客户说本周末会来看红色的那台车"
    make_follow_up(consultant, card, content=text)
    refused("content_repeated", consultant, card, content=f" {text} ")
    for _ in range(5):
        make_follow_up(consultant, card)
    make_follow_up(consultant, card, content=text)
    assert FollowUp.objects.filter(content=text).count() == 2


def test_r_fu_3_no_answer_needs_no_text_and_resets_h_and_a_only_twice(freeze, card, consultant):
    freeze("2026-11-22 12:00+08:00")
    assert make_follow_up(consultant, card, outcome="no_answer").next_follow_up_at == on(29)
    freeze("2026-11-23 12:00+08:00")
    assert make_follow_up(consultant, card, outcome="no_answer").next_follow_up_at == on(30)
    freeze("2026-11-24 12:00+08:00")
    third = make_follow_up(consultant, card, outcome="no_answer")
    card.refresh_from_db()
    assert third.next_follow_up_at == card.next_follow_up_at == on(30)
    assert FollowUpTask.objects.open().get(prospect=card).due_at == on(30)
    refused("no_answer_limit", consultant, card, outcome="no_answer", next_follow_up_at=on(28))
    make_follow_up(consultant, card)
    assert make_follow_up(consultant, card, outcome="no_answer").next_follow_up_at == on(1, month=12)


def test_r_fu_3_no_answers_of_b_always_reset(card, consultant):
    make_follow_up(consultant, card, grade="B")
    for _ in range(4):
        row = make_follow_up(consultant, card, outcome="no_answer")
    assert row.next_follow_up_at == on(6, month=12)


def test_time_used_is_optional_believable_and_only_of_a_contact(card, consultant, store):
    """用时 of the 营业日报表 (domain.md §5.2): unknown stays empty, the database keeps what the service promises."""
    assert make_follow_up(consultant, card).minutes is None
    for minutes in (0, -5, 601):
        assert list(refused("bad_minutes", consultant, card, minutes=minutes).fields) == ["minutes"]
    refused("minutes_without_contact", consultant, card, outcome="no_answer", minutes=5)
    row = make_follow_up(consultant, card, minutes=600)
    history = FollowUp.pgh_event_model.objects.get(pgh_obj=row)
    assert (row.minutes, history.minutes) == (600, 600)
    for told in ({"minutes": 0}, {"outcome": "no_answer"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FollowUp.objects.filter(pk=row.pk).update(**told)
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 11, 1))
    with pytest.raises(IntegrityError, match="closed_month"), transaction.atomic():
        FollowUp.objects.filter(pk=row.pk).update(minutes=30)


def test_r_fu_6_regrade_needs_a_contact(card, consultant):
    refused("grade_without_contact", consultant, card, outcome="no_answer", grade="H")
    make_follow_up(consultant, card, grade="H")
    change = GradeChange.objects.filter(prospect=card).latest("id")
    assert (change.from_grade, change.to_grade, change.by, change.owner) == ("A", "H", consultant, consultant)


def test_r_grade_two_levels_down_needs_a_reason(card, consultant):
    refused("grade_reason_missing", consultant, card, grade="C")
    make_follow_up(consultant, card, grade="C", grade_reason="客户推迟到明年购车")
    assert GradeChange.objects.latest("id").reason == "客户推迟到明年购车"
    make_follow_up(consultant, card, grade="H")
    make_follow_up(consultant, card, grade="A")


def test_r_grade_a_new_card_is_judged_at_its_first_contact(store, consultant):
    card = make_prospect(consultant, store, grade="N")
    refused("grade_missing", consultant, card)
    make_follow_up(consultant, card, outcome="no_answer")
    make_follow_up(consultant, card, grade="C")
    refused("bad_grade", consultant, card, grade="N")


@pytest.mark.parametrize("grade", ["O", "D", "T", "x"])
def test_r_grade_letters_of_the_deal_cannot_be_chosen(card, consultant, grade):
    refused("bad_grade", consultant, card, grade=grade)


@pytest.mark.parametrize(
    ("grade", "outcome", "day"), [("H", "refused", 25), ("A", "not_now", 25), ("B", "refused", 29)]
)
def test_r_rej_refusal_makes_the_mandatory_second_follow_up(store, noon_consultant, grade, outcome, day):
    consultant = noon_consultant
    card = make_prospect(consultant, store, grade=grade)
    make_follow_up(consultant, card, outcome=outcome)
    second = FollowUpTask.objects.get(prospect=card, kind="second")
    assert (second.due_at, second.done_at) == (on(day), None)
    card.refresh_from_db()
    regular = FollowUpTask.objects.get(prospect=card, kind="regular")
    assert card.next_follow_up_at == min(second.due_at, regular.due_at)


def test_r_rej_only_a_contact_fulfils_it_and_it_does_not_repeat(card, consultant, manager):
    make_follow_up(consultant, card, outcome="bought_elsewhere")
    second = FollowUpTask.objects.get(prospect=card, kind="second")
    make_follow_up(consultant, card, outcome="no_answer")
    second.refresh_from_db()
    assert second.done_at is None
    row = make_follow_up(manager, card, outcome="refused")
    second.refresh_from_db()
    assert (second.follow_up, second.done_by) == (row, manager)
    assert FollowUpTask.objects.filter(prospect=card, kind="second").count() == 1


def test_overdue_is_computed_from_the_due_date(freeze, card, consultant):
    assert list(Prospect.objects.overdue(periods.now())) == [card]
    make_follow_up(consultant, card)
    assert not Prospect.objects.overdue(periods.now()).exists()
    freeze(on(29) + dt.timedelta(seconds=1))
    assert list(Prospect.objects.overdue(periods.now())) == [card]
    assert FollowUpTask.objects.overdue(periods.now()).count() == 1


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"channel": "fax"}, "bad_choice"),
        ({"outcome": "x"}, "bad_choice"),
        ({"content": "长" * 1001}, "content_long"),
        ({"done_at": dt.datetime(2026, 11, 22, 12, 0, 1, tzinfo=periods.ZONE)}, "in_future"),
        ({"done_at": dt.datetime(2026, 11, 19, 23, 59, tzinfo=periods.ZONE)}, "before_card"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(card, consultant, told, code):
    refused(code, consultant, card, **told)
    assert not FollowUp.objects.exists()


def test_r06_a_stale_version_is_refused_with_present_values(card, consultant):
    make_follow_up(consultant, card, grade="H", version=card.version)
    with pytest.raises(Conflict) as error:
        make_follow_up(consultant, card, version=card.version)
    assert (error.value.code, error.value.current["grade"]) == ("stale", "H")
    assert FollowUp.objects.count() == 1


def test_out_of_reach_is_404_and_out_of_role_403(person, store, card, colleague, stranger):
    for somebody in (colleague, stranger):
        with pytest.raises(NotFound):
            make_follow_up(somebody, card)
    with pytest.raises(NotAllowed):
        make_follow_up(person("marketing", store), card)


def test_an_out_of_control_card_returns_when_reached(card, consultant):
    Prospect.objects.filter(pk=card.pk).update(status="out_of_control")
    make_follow_up(consultant, card, outcome="no_answer")
    card.refresh_from_db()
    assert card.status == "out_of_control"
    make_follow_up(consultant, card)
    card.refresh_from_db()
    assert card.status == "active"
    assert card.statuschanges.latest("id").from_status == "out_of_control"


@pytest.mark.parametrize("status", ["lost", "delivered", "dormant"])
def test_ended_cards_take_no_follow_up(card, consultant, status):
    put_in(card, status)
    refused("card_ended", consultant, card)


def test_a_follow_up_is_audited_without_its_words(card, consultant):
    row = make_follow_up(consultant, card, grade=Grade.H)
    entry = AuditEntry.objects.get(action="follow_up.log")
    assert (entry.actor, entry.object_id, entry.changes) == (
        consultant, row.pk, {"outcome": "reached", "grade": ["A", "H"]},
    )  # fmt: skip


@pytest.mark.parametrize(("grade", "limit"), [("H", 14), ("A", 45), ("B", 0)])
def test_r_grade_a_grade_that_stays_too_long_is_asked_about(freeze, store, client_for, consultant, *, grade, limit):
    """An H for more than a fortnight is no H: the card says so until the grade moves."""
    freeze("2026-09-01 10:00+08:00")
    made = make_prospect(consultant, store, grade=grade)
    page = f"/customers/prospects/{made.pk}/"
    freeze(periods.at(dt.date(2026, 9, 1) + dt.timedelta(days=limit or 300), "10:00"))
    client = client_for(consultant)
    assert "天未变" not in client.get(page).text
    freeze(periods.at(dt.date(2026, 9, 2) + dt.timedelta(days=limit or 300), "10:00"))
    client = client_for(consultant)
    assert (f"{grade}级已 {limit + 1} 天未变" in client.get(page).text) is bool(limit)
    make_follow_up(consultant, made, grade="C", grade_reason="客户推迟到明年")
    assert "天未变" not in client.get(page).text
