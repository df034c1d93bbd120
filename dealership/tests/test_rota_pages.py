"""排班 on the screen and in the API: one tap per cell, own row for the consultant, leave asked for and decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dealership.notices.models import Notice
from dealership.org import duty
from dealership.org.choices import Role
from dealership.org.models import DutyDay, LeaveRequest
from dealership.org.services import duty as writes
from dealership.tests.builders import make_team
from dealership.tests.clients import assert_same_query_count

MONDAY = dt.date(2026, 11, 23)
pytestmark = pytest.mark.django_db


@pytest.fixture
def crew(store: Any, person: Any, freeze: Any) -> dict[str, Any]:
    freeze("2026-11-22 09:00+08:00")
    return {
        "manager": person(Role.SHOWROOM_MANAGER, store, name="顾芳"),
        "zhou": person(Role.SALES_CONSULTANT, store, name="周敏"),
        "he": person(Role.SALES_CONSULTANT, store, name="何涛"),
    }


def test_one_tap_sets_a_cell_and_the_grid_comes_back(crew, store, client_for):
    client = client_for(crew["manager"])
    tap = {"store": store.pk, "from": "2026-11-23", "view": "week", "cell": f"{crew['zhou'].pk}:{MONDAY}"}
    answer = client.post(
        "/rota/set/", {**tap, "kind": "late"}, headers={"HX-Request": "true", "HX-Target": "rota-grid"}
    )
    assert answer.status_code == 200
    assert "周敏 11-23 周一 晚班" in answer.text
    assert duty.late_shift(crew["zhou"], MONDAY)
    client.post("/rota/set/", {**tap, "kind": "replace", "replacement": crew["he"].pk})
    assert duty.replacement_of(crew["zhou"], MONDAY) == crew["he"]
    assert "由何涛替岗" in client.get("/rota/?from=2026-11-23").text
    client.post("/rota/set/", {**tap, "kind": "default"})
    assert not DutyDay.objects.exists()


@pytest.mark.parametrize("cell", ["", "x:2026-11-23", "1:morgen", "99999999999999999999999:2026-11-23"])
def test_a_cell_that_does_not_exist_is_refused(crew, store, client_for, cell):
    answer = client_for(crew["manager"]).post("/rota/set/", {"store": store.pk, "cell": cell, "kind": "rest"})
    assert answer.status_code in (404, 422)
    assert not DutyDay.objects.exists()


def test_a_consultant_sees_the_own_row_only_and_asks_for_leave(crew, store, client_for):
    client = client_for(crew["zhou"])
    page = client.get("/rota/").text
    assert ("周敏" in page, "何涛" in page, "照上周排" in page) == (True, False, False)
    refused = client.post("/rota/leave/", {"first_day": "2026-11-24", "last_day": "2026-11-23", "reason": "探亲"})
    assert refused.status_code == 422
    assert "结束日期不能早于开始日期" in refused.text
    client.post("/rota/leave/", {"first_day": "2026-11-23", "last_day": "2026-11-24", "reason": "回老家探亲"})
    asked = LeaveRequest.objects.get()
    boss = client_for(crew["manager"])
    assert "回老家探亲" in boss.get("/rota/").text
    boss.post(f"/rota/leave/{asked.pk}/decide/", {"approve": "yes"})
    assert duty.off_duty(crew["zhou"], MONDAY)
    assert "已批准" in client.get("/rota/").text


def test_the_month_needs_as_many_statements_for_three_people_as_for_one(crew, store, client_for, person):
    client = client_for(crew["manager"])
    assert_same_query_count(
        lambda: client.get("/rota/?view=month"),
        lambda: [person(Role.SALES_CONSULTANT, store) for _ in range(2)],
        limit=16,
    )


def test_the_api_plans_reads_and_clears(crew, store, api_for):
    api = api_for(crew["manager"])
    told = {"user": crew["zhou"].pk, "day": "2026-11-23"}
    assert (
        api.post("/api/v1/duties/", {**told, "kind": "rest", "replacement": crew["he"].pk}, format="json").status_code
        == 204
    )
    rows = api.get("/api/v1/duties/?from=2026-11-23&to=2026-11-23").json()["results"]
    mine = next(row for row in rows if row["user"] == crew["zhou"].pk)
    assert (mine["kind"], mine["replacement"], mine["is_planned"]) == ("rest", crew["he"].pk, True)
    assert api.post("/api/v1/duties/", told, format="json").status_code == 204
    assert not DutyDay.objects.exists()
    assert api.get("/api/v1/duties/?from=2026-11-23&to=2027-11-23").status_code == 400
    seen = api_for(crew["he"]).get("/api/v1/duties/").json()["results"]
    assert {row["user"] for row in seen} == {crew["he"].pk}


def test_an_approved_leave_is_told_to_those_whose_day_it_changes(crew, store, other_store, person):
    """Who asked hears either answer; managers, the team's leader and the stand-in hear of an approved leave only."""
    team, other = make_team(store, "一组"), make_team(store, "二组")
    stand_in = person(Role.SALES_CONSULTANT, store)
    me = person(Role.SALES_CONSULTANT, store, team=team, name="李明")
    leader, foreign = person(Role.TEAM_LEADER, store, team=team), person(Role.TEAM_LEADER, store, team=other)
    second, next_door = person(Role.SHOWROOM_MANAGER, store), person(Role.SHOWROOM_MANAGER, other_store)
    writes.duty_hand_over(by=crew["manager"], store=store, user=me, day=MONDAY, replacement=stand_in)
    refused = writes.leave_ask(by=me, store=store, first_day=MONDAY, last_day=MONDAY, reason="家中有事")
    writes.leave_decide(by=crew["manager"], leave_id=refused.pk, approve=False)
    assert [(row.recipient, "未获批准" in row.text) for row in Notice.objects.filter(kind="leave")] == [(me, True)]
    Notice.objects.all().delete()
    days = {"first_day": MONDAY, "last_day": MONDAY + dt.timedelta(days=1)}
    asked = writes.leave_ask(by=me, store=store, reason="家中有事", **days)
    writes.leave_decide(by=crew["manager"], leave_id=asked.pk, approve=True)
    told = dict(Notice.objects.filter(kind="leave").values_list("recipient", "text"))
    assert set(told) == {me.pk, leader.pk, second.pk, stand_in.pk}
    assert told[me.pk].startswith("您 11-23 至 11-24 的请假已批准")
    assert told[leader.pk] == "李明 11-23 至 11-24 请假，请安排当天的接待和跟进。"
    assert not {foreign.pk, next_door.pk, crew["manager"].pk} & set(told)
