"""Asking and deciding: nobody decides their own, levels, stand-ins, the same-day clock, escalation (R-DISC, R04)."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection

from dealership.approvals import services
from dealership.approvals.models import Approval, ApprovalState, Delegation
from dealership.approvals.selectors import to_decide
from dealership.approvals.services import (
    Handler,
    approval_escalate,
    ask,
    decide,
    delegation_end,
    delegation_set,
    due_today,
    may_decide,
    register,
    withdraw,
)
from dealership.audit.models import AuditEntry
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.jobs import runner
from dealership.jobs.models import Job
from dealership.jobs.services import plan_due
from dealership.notices.models import Notice
from dealership.org.choices import DayKind, Role
from dealership.org.models import CalendarDay
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count

KIND = "test_price"
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def outcome(freeze, monkeypatch):
    """A kind of request whose decisions are noted; the clock stands at 10:00."""
    freeze("2026-11-20 10:00+08:00")
    monkeypatch.setattr(services, "handlers", dict(services.handlers))
    told: list[tuple[str, int]] = []
    register(
        KIND,
        Handler(
            "特价审批",
            lambda row, by: told.append(("approved", row.subject_id)),
            lambda row, by: told.append(("rejected", row.subject_id)),
            lambda row: "/sales/",
            {"amount": "优惠金额"},
        ),
    )
    monkeypatch.setattr("dealership.approvals.views.handlers", services.handlers)
    return told


@pytest.fixture
def team(store):
    roles = {
        "consultant": Role.SALES_CONSULTANT,
        "manager": Role.SHOWROOM_MANAGER,
        "sales_manager": Role.SALES_MANAGER,
        "gm": Role.GENERAL_MANAGER,
        "office": Role.GROUP_OFFICE,
        "receptionist": Role.RECEPTIONIST,
        "sales_admin": Role.SALES_ADMIN,
    }
    people = {name: make_person(role, None if name == "office" else store) for name, role in roles.items()}
    return {**people, "store": store}


def request_of(team: dict[str, Any], *, level: int = 1, by: str = "consultant", subject: int = 7) -> Approval:
    return ask(
        by=team[by], store=team["store"], kind=KIND, subject_id=subject, title="特价：远景X7 优惠 12,000", level=level,
        reason="客户拿着他店报价", detail={"amount": "12000.00", "secret": "x"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("level", "who_may"),
    [
        (1, {"manager", "sales_manager", "gm", "office"}),
        (2, {"sales_manager", "gm", "office"}),
        (3, {"gm", "office"}),
        (4, {"office"}),
    ],
)
def test_r_disc_the_level_asked_or_a_higher_one_decides(team, level, who_may):
    row = request_of(team, level=level)
    people = [name for name in team if name != "store"]
    assert {name for name in people if may_decide(team[name], row)} == who_may
    assert {name for name in people if row in to_decide(user=team[name])} == who_may


def test_nobody_decides_their_own(team):
    row = request_of(team, by="manager")
    assert not to_decide(user=team["manager"]).exists()
    with pytest.raises(NotAllowed):
        decide(by=team["manager"], approval_id=row.pk, approve=True, comment="")
    # Not even as the stand-in of the level above.
    Delegation.objects.create(
        user=team["sales_manager"], delegate=team["manager"], store=team["store"], from_day=TODAY, until_day=TODAY
    )
    with pytest.raises(NotAllowed):
        decide(by=team["manager"], approval_id=row.pk, approve=True, comment="")
    row.refresh_from_db()
    assert row.state == ApprovalState.PENDING


def test_the_database_too_refuses_an_own_decision(team):
    from django.db import IntegrityError, transaction

    row = request_of(team, by="manager")
    with pytest.raises(IntegrityError, match="not_own"), transaction.atomic():
        Approval.objects.filter(pk=row.pk).update(state="approved", decided_by=team["manager"])


def test_a_decision_runs_the_handler_tells_the_requester_and_is_audited(team, outcome):
    row = decide(by=team["manager"], approval_id=request_of(team).pk, approve=True, comment="可以")
    assert outcome == [("approved", 7)]
    assert (row.state, row.decided_by_id, row.comment) == (ApprovalState.APPROVED, team["manager"].pk, "可以")
    assert Notice.objects.get(recipient=team["consultant"]).text == "已同意：特价：远景X7 优惠 12,000"
    assert AuditEntry.objects.filter(action=f"{KIND}.approved", object_id=row.pk, actor=team["manager"]).count() == 1


def test_a_rejection_needs_words(team, outcome):
    row = request_of(team)
    with pytest.raises(DomainError) as refused:
        decide(by=team["manager"], approval_id=row.pk, approve=False, comment=" ")
    assert refused.value.fields == {"comment": ["拒绝时请写明原因。"]}
    decide(by=team["manager"], approval_id=row.pk, approve=False, comment="毛利已为负")
    assert outcome == [("rejected", 7)]


def test_a_second_answer_is_a_conflict(team, outcome):
    row = request_of(team)
    decide(by=team["manager"], approval_id=row.pk, approve=True, comment="")
    with pytest.raises(Conflict, match="已同意"):
        decide(by=team["sales_manager"], approval_id=row.pk, approve=False, comment="不同意")
    assert outcome == [("approved", 7)]


def test_other_stores_do_not_see_it(team, other_store):
    row = request_of(team)
    abroad = make_person(Role.GENERAL_MANAGER, other_store)
    assert not to_decide(user=abroad).exists()
    with pytest.raises(NotFound):
        decide(by=abroad, approval_id=row.pk, approve=True, comment="")


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-20 10:00+08:00", "2026-11-20 20:00+08:00"),
        ("2026-11-20 19:59:59+08:00", "2026-11-20 20:00+08:00"),
        ("2026-11-20 20:00+08:00", "2026-11-21 20:00+08:00"),
        ("2026-11-20 23:59:59+08:00", "2026-11-21 20:00+08:00"),
        ("2026-11-21 00:00+08:00", "2026-11-21 20:00+08:00"),
    ],
)
def test_same_day_clock(store, asked, due):
    assert due_today(store, dt.datetime.fromisoformat(asked)) == dt.datetime.fromisoformat(due)


def test_same_day_clock_skips_closed_days(store):
    CalendarDay.objects.create(store=store, day=dt.date(2026, 11, 21), kind=DayKind.CLOSED)
    asked = dt.datetime.fromisoformat("2026-11-20 20:30+08:00")
    assert due_today(store, asked) == dt.datetime.fromisoformat("2026-11-22 20:00+08:00")


def test_a_stand_in_decides_only_while_the_other_is_away(team, freeze):
    row = request_of(team, level=2)
    stand_in = team["receptionist"]
    assert not may_decide(stand_in, row)
    delegation_set(by=team["sales_manager"], store=team["store"], delegate=stand_in, from_day=TODAY, until_day=TODAY)
    low = request_of(team, level=1, subject=8)
    assert list(to_decide(user=stand_in)) == [row]
    assert (may_decide(stand_in, row), may_decide(stand_in, low)) == (True, False)

    freeze("2026-11-21 00:00+08:00")
    assert not to_decide(user=stand_in).exists()
    with pytest.raises(NotFound):
        decide(by=stand_in, approval_id=row.pk, approve=True, comment="")
    freeze("2026-11-20 23:59:59+08:00")
    assert decide(by=stand_in, approval_id=row.pk, approve=True, comment="").decided_by == stand_in


def test_delegation_refusals(team, other_store):
    good = {"store": team["store"], "delegate": team["receptionist"], "from_day": TODAY, "until_day": TODAY}
    with pytest.raises(NotAllowed):
        delegation_set(by=team["consultant"], **good)
    stranger = make_person(Role.SALES_MANAGER, other_store)
    for field, wrong in (
        ("delegate", {"delegate": team["manager"]}),
        ("delegate", {"delegate": stranger}),
        ("from_day", {"from_day": TODAY - dt.timedelta(days=1)}),
        ("until_day", {"from_day": TODAY + dt.timedelta(days=2), "until_day": TODAY + dt.timedelta(days=1)}),
    ):
        with pytest.raises(DomainError) as refused:
            delegation_set(by=team["manager"], **{**good, **wrong})
        assert field in refused.value.fields
    mine = delegation_set(by=team["manager"], **good)
    with pytest.raises(DomainError, match="已设置了代理"):
        delegation_set(by=team["manager"], **good)
    with pytest.raises(NotFound):
        delegation_end(by=team["gm"], delegation_id=mine.pk)
    delegation_end(by=team["manager"], delegation_id=mine.pk)
    assert not Delegation.objects.exists()


def test_an_overdue_request_goes_one_level_up_once(team, freeze):
    row = request_of(team)
    asked = set(Notice.objects.values_list("recipient_id", flat=True))
    assert asked == {team["manager"].pk}

    freeze("2026-11-20 19:59:59+08:00")
    plan_due(periods.now())
    assert approval_escalate(approval_id=row.pk) is False
    freeze("2026-11-20 20:00+08:00")
    for _ in range(2):
        plan_due(periods.now())
        for job in Job.objects.filter(kind="approvals.escalate"):
            runner.run(job.pk)
    assert Job.objects.filter(kind="approvals.escalate").count() == 1
    told = Notice.objects.filter(key=f"approval:{row.pk}:overdue").values_list("recipient_id", flat=True)
    assert list(told) == [team["sales_manager"].pk]
    row.refresh_from_db()
    assert (row.state, row.escalated_at) == (ApprovalState.PENDING, periods.now())
    # The level that was asked may still answer.
    decide(by=team["manager"], approval_id=row.pk, approve=True, comment="")


def test_a_manager_who_asks_at_the_own_level_is_answered_from_above(team):
    request_of(team, by="manager", level=1)
    assert list(Notice.objects.values_list("recipient_id", flat=True)) == [team["sales_manager"].pk]


def test_a_withdrawn_request_leaves_the_queue(team):
    row = request_of(team)
    withdraw(by=team["consultant"], kind=KIND, subject_id=7)
    assert not to_decide(user=team["manager"]).exists()
    with pytest.raises(Conflict):
        decide(by=team["manager"], approval_id=row.pk, approve=True, comment="")


def race_to_decide(team, row) -> list[Any]:
    """Two superiors answer at the same moment; what each of them got."""
    barrier = threading.Barrier(2)
    answers: list[Any] = []

    def answer(by: Any, approve: bool) -> None:
        barrier.wait()
        try:
            answers.append(decide(by=by, approval_id=row.pk, approve=approve, comment="同时答复").state)
        except Conflict as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=answer, args=(team["manager"], True)),
        threading.Thread(target=answer, args=(team["sales_manager"], False)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_r04_two_answers_at_once_one_wins(team, outcome):
    row = request_of(team)
    answers = race_to_decide(team, row)
    assert sorted(answers).count("decided") == 1
    assert len(outcome) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_r04_control_without_the_lock_both_would_win(team, outcome, monkeypatch):
    row = request_of(team)
    read = threading.Barrier(2)

    def no_lock(queryset, pk):
        found = queryset.get(pk=pk)
        read.wait()
        return found

    monkeypatch.setattr(services, "lock", no_lock)
    assert "decided" not in race_to_decide(team, row)
    assert len(outcome) == 2


def test_pages_show_the_queue_and_take_the_answer(team, client_for):
    row = request_of(team)
    client = client_for(team["manager"])
    page = client.get("/approvals/")
    assert page.status_code == 200
    for text in ("特价：远景X7 优惠 12,000", "12,000.00", "优惠金额", "客户拿着他店报价"):
        assert text in page.text
    assert "secret" not in page.text

    refused = client.post(f"/approvals/{row.pk}/decide/", {"decision": "reject", "comment": ""})
    assert refused.status_code == 422
    assert "拒绝时请写明原因" in refused.text
    stranger = client_for(team["consultant"]).post(f"/approvals/{row.pk}/decide/", {"decision": "approve"})
    assert stranger.status_code == 403
    agreed = client.post(f"/approvals/{row.pk}/decide/", {"decision": "approve", "comment": "同意"})
    assert (agreed.status_code, agreed.url) == (302, "/approvals/")
    late = client_for(team["sales_manager"]).post(
        f"/approvals/{row.pk}/decide/", {"decision": "reject", "comment": "太低了"}
    )
    assert late.status_code == 409
    assert "已由其他人处理" in late.text
    assert "已同意" in client_for(team["consultant"]).get("/approvals/?tab=asked").text
    assert client.get(f"/approvals/{row.pk}/subject/").url == "/sales/"


def test_the_delegation_page_keeps_what_was_typed(team, client_for):
    client = client_for(team["manager"])
    data = {"store": team["store"].pk, "delegate": team["receptionist"].pk, "from_day": "2026-11-19"}
    refused = client.post("/approvals/delegation/", {**data, "until_day": "2026-11-23"})
    assert refused.status_code == 422
    assert "开始日期不能早于今天" in refused.text
    assert 'value="2026-11-23"' in refused.text
    assert (
        client.post("/approvals/delegation/", {**data, "from_day": "2026-11-20", "until_day": "2026-11-23"}).status_code
        == 302
    )
    row = Delegation.objects.get()
    assert "您正在代" in client_for(team["receptionist"]).get("/approvals/delegation/").text
    assert client.post(f"/approvals/delegation/{row.pk}/end/").status_code == 302
    assert client_for(team["consultant"]).post("/approvals/delegation/", data).status_code == 422


def test_queue_and_api_need_as_many_statements_for_three(team, client_for, api_for):
    request_of(team, subject=100)
    page, script = client_for(team["manager"]), api_for(team["manager"])
    subjects = iter(range(200, 300))

    def add() -> None:
        for _ in range(2):
            request_of(team, subject=next(subjects))

    assert_same_query_count(lambda: page.get("/approvals/"), add, limit=9)
    assert_same_query_count(lambda: script.get("/api/v1/approvals/"), add, limit=6)


def test_api_lists_both_boxes_and_decides(team, api_for, other_store):
    row = request_of(team)
    own = request_of(team, by="manager", level=2, subject=9)
    api = api_for(team["manager"])
    assert {item["id"] for item in api.get("/api/v1/approvals/").json()["results"]} == {row.pk, own.pk}
    found = api.get("/api/v1/approvals/?box=to_decide&state=pending").json()["results"]
    assert [item["id"] for item in found] == [row.pk]
    assert api.get(f"/api/v1/approvals/{row.pk}/").json()["state"] == "pending"

    wrong = api.post(f"/api/v1/approvals/{row.pk}/decide/", {"decision": "maybe"}, format="json")
    assert (wrong.status_code, wrong["Content-Type"]) == (400, "application/problem+json")
    refused = api.post(f"/api/v1/approvals/{row.pk}/decide/", {"decision": "reject"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "comment_missing")
    assert api.post(f"/api/v1/approvals/{own.pk}/decide/", {"decision": "approve"}, format="json").status_code == 403
    done = api.post(f"/api/v1/approvals/{row.pk}/decide/", {"decision": "approve"}, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    again = api.post(f"/api/v1/approvals/{row.pk}/decide/", {"decision": "approve"}, format="json")
    assert again.status_code == 409
    abroad = api_for(make_person(Role.SHOWROOM_MANAGER, other_store))
    assert abroad.get(f"/api/v1/approvals/{row.pk}/").status_code == 404
    assert abroad.post(f"/api/v1/approvals/{row.pk}/decide/", {"decision": "approve"}, format="json").status_code == 404
