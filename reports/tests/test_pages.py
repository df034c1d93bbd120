"""Pages and API of figures and of the month close: reach, rows equal to figures, refusals, statements per page."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from dealership.core import request_cache
from dealership.core.kpi import SYSTEM, Scope
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.tests.builders import make_team
from dealership.tests.clients import assert_same_query_count
from leads.choices import VisitType
from reports.drilling import Asked, drill
from reports.figures import grouped, readable_kpis, totals
from reports.models import MonthClose
from reports.registry import BY_KEY
from reports.services import close as services
from reports.services.rollup import rollup_month
from reports.services.snapshot import opening_snapshot_take
from reports.tests import rows, scene

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
MONTH = Period.month(2026, 11)


@pytest.fixture
def scenery(store, other_store, li, wang, person):
    """The same random month in two stores: what must not leak is there."""
    scene.play(store, [li, wang], seed=5, size=4)
    scene.play(other_store, [person(Role.SALES_CONSULTANT, other_store)], seed=6, size=3)
    for row in (store, other_store):
        opening_snapshot_take(store_id=row.pk, month=NOVEMBER)
        rollup_month(store_id=row.pk, month=NOVEMBER)


def readers(store: Any, person: Any, li: Any) -> dict[str, Any]:
    found = {role.value: person(role, store) for role in Role if role not in (Role.GROUP_OFFICE, Role.SYS_ADMIN)}
    found |= {role.value: person(role, None, group=store.group) for role in (Role.GROUP_OFFICE, Role.SYS_ADMIN)}
    found["team_leader"] = person(Role.TEAM_LEADER, store, team=make_team(store, "一组"))
    return found | {"sales_consultant": li}


def test_rows_are_exactly_what_every_figure_counts_for_every_role(store, other_store, li, person, scenery):
    """`len(rows) == figure` per KPI × role, and the board's figure (facts + today) is the same."""
    every = (store.pk, other_store.pk)
    for name, reader in readers(store, person, li).items():
        request_cache.begin()
        readable = readable_kpis(reader, every)
        board = totals(reader=reader, store_ids=every, period=MONTH)
        assert set(board) == {kpi.key for kpi in readable}
        for kpi in readable:
            _agrees(name, kpi, reader, every, board[kpi.key])
        request_cache.end()


def _agrees(name: str, kpi: Any, reader: Any, every: tuple[int, ...], on_board: Any) -> None:
    found = drill(reader=reader, asked=Asked(kpi.key, every, MONTH))
    assert on_board.value == found.figure.value, (name, kpi.key)
    if found.sections and all(section.measure.is_count for section in found.sections):
        signed = sum(section.measure.sign * len(section.rows) for section in found.sections)
        assert signed == found.figure.numerator, (name, kpi.key)
    if kpi.is_rows:
        total = kpi.figure(Scope(every), MONTH)
        assert name != "group_office" or found.figure == total, kpi.key


def test_a_consultant_sees_own_rows_only(store, li, wang, scenery):
    people = grouped(reader=li, store_ids=[store.pk], period=MONTH, by="person", keys=["orders_gross", "new_cards"])
    assert set(people) <= {li.pk}
    found = drill(reader=li, asked=Asked("new_cards", (store.pk,), MONTH, wang.pk))
    assert found.figure.value == 0
    assert list(found.sections[0].rows) == []


STATES = ("prospects_by_grade", "overdue_follow_ups", "receivable_balance", "stock_units", "stock_days")


def test_the_state_of_a_day_nobody_recorded_is_unknown_not_zero(store, li, manager, client_for, api_for):
    """Nothing was rolled up before 15 November: the days before cannot be told afterwards."""
    _one_of_each(store, li)
    rollup_month(store_id=store.pk, month=NOVEMBER)
    day, recorded = Period.day(dt.date(2026, 11, 12)), Period.day(dt.date(2026, 11, 20))
    api = api_for(manager)
    for key in STATES:
        asked: dict[str, Any] = {"reader": manager, "store_ids": [store.pk], "keys": [key]}
        assert totals(**asked, period=day)[key].value is None
        assert grouped(**asked, period=day, by="part")[""][key].value is None
        assert totals(**asked, period=recorded)[key].numerator is not None
        answer = api.get(f"/api/v1/kpis/{key}/?period=2026-11-12").json()
        assert (answer["value"], "没有留存记录" in answer["unknown"]) == (None, True)
        assert api.get(f"/api/v1/kpis/{key}/?period=2026-11-20").json()["unknown"] == ""
    page = client_for(manager).get("/reports/kpis/stock_units/rows/?period=2026-11-12").content.decode()
    assert ("这一天的状态当时没有留存记录" in page, 'data-figure=""' in page) == (True, True)


def test_one_store_without_a_record_makes_the_sum_unknown(store, other_store, li, noon):
    rows.card(store, li, "2026-11-03")
    rollup_month(store_id=store.pk, month=NOVEMBER)
    asked: dict[str, Any] = {"reader": SYSTEM, "period": Period.day(dt.date(2026, 11, 20)), "keys": [STATES[0]]}
    assert totals(**asked, store_ids=[store.pk])[STATES[0]].value == 1
    assert totals(**asked, store_ids=[store.pk, other_store.pk])[STATES[0]].value is None


def test_a_cut_the_figure_does_not_have_is_refused_in_words(store, manager, client_for, api_for):
    client, api = client_for(manager), api_for(manager)
    for asked in ("new_cards/rows/?cut=H", "first_visits/rows/?cut=H", "stock_units/rows/?cut=1e3"):
        page, answer = client.get(f"/reports/kpis/{asked}"), api.get(f"/api/v1/kpis/{asked}")
        assert (page.status_code, "不能这样细分" in page.content.decode()) == (422, True)
        assert (answer.status_code, answer.json()["detail"]) == (422, "这个指标不能这样细分。")


def test_the_drill_page_and_the_api_show_the_same_rows(store, li, manager, client_for, api_for):
    _one_of_each(store, li)
    client, api = client_for(manager), api_for(manager)
    for key in BY_KEY:
        page = client.get(f"/reports/kpis/{key}/rows/?period=2026-11")
        assert page.status_code == 200, key
        assert str(BY_KEY[key].label) in page.content.decode()
        _api_rows_make_the_figure(api, key)


def _api_rows_make_the_figure(api: Any, key: str) -> None:
    figure = api.get(f"/api/v1/kpis/{key}/?period=2026-11").json()
    assert (figure["key"], figure["period"]) == (key, "2026-11")
    lines, url = [], f"/api/v1/kpis/{key}/rows/?period=2026-11"
    while url:
        answer = api.get(url)
        assert answer.status_code == 200, answer.content
        lines += answer.json()["results"]
        url = answer.json()["next"]
    if BY_KEY[key].numerator and all(measure.is_count for measure in BY_KEY[key].numerator):
        assert sum(line["sign"] for line in lines) == Decimal(figure["numerator"])


def _one_of_each(store: Any, li: Any) -> None:
    visit = rows.visit(store, li, "2026-11-03")
    card = rows.card(store, li, "2026-11-03", customer=visit.customer)
    rows.follow_up(card, "2026-11-04")
    rows.task(card, "2026-11-05")
    sold = rows.deal(store, li, "2026-11-06", delivered="2026-11-20", vehicle=rows.vehicle(store, "2026-10-20"))
    rows.invoice(sold, "2026-11-19")
    rows.payment(sold, "2026-11-07", 5000)
    rows.deal(store, li, "2026-11-06", cancelled="2026-11-08")
    rows.target(store, li, "2026-11", 5)


def test_profit_is_refused_and_left_out_for_those_who_do_not_see_it(li, store, client_for, api_for):
    assert client_for(li).get("/reports/kpis/gp_per_unit/rows/").status_code == 403
    assert api_for(li).get("/api/v1/kpis/gp_per_unit/").status_code == 403
    keys = [row["key"] for row in api_for(li).get("/api/v1/kpis/").json()]
    assert "gp_per_unit" not in keys
    assert "orders_gross" in keys
    assert "单车毛利" not in client_for(li).get("/reports/kpis/").content.decode()


def test_out_of_reach_unknown_and_malformed_questions(other_store, li, person, client_for, api_for):
    care = person(Role.CARE_AGENT, li.memberships.get().store)
    assert api_for(care).get("/api/v1/kpis/orders_gross/").status_code == 404
    assert client_for(care).get("/reports/kpis/").status_code == 403
    assert api_for(li).get("/api/v1/kpis/nothing/").status_code == 404
    foreign = client_for(li).get(f"/reports/kpis/orders_gross/rows/?store={other_store.pk}")
    assert foreign.status_code == 422
    wrong = api_for(li).get("/api/v1/kpis/orders_gross/?period=2026-13&person=x")
    assert (wrong.status_code, wrong["Content-Type"]) == (400, "application/problem+json")
    assert set(wrong.json()["fields"]) == {"period", "person"}
    for text in ("2026-13", "9999999", "0000-01", "2026-11-31", "'"):
        assert client_for(li).get("/reports/kpis/orders_gross/rows/", {"period": text}).status_code == 422, text


def test_the_drill_page_needs_as_many_statements_for_three_rows(store, li, manager, client_for):
    client = client_for(manager)
    rows.deal(store, li, "2026-11-06")

    def add() -> None:
        for _ in range(2):
            rows.deal(store, li, "2026-11-06")

    assert_same_query_count(lambda: client.get("/reports/kpis/orders_gross/rows/"), add, limit=16)


def test_the_close_through_pages_by_three_people(store, closers, client_for):
    manager, finance, gm = closers.manager, closers.finance, closers.gm
    rows.visit(store, None, "2026-10-20", VisitType.INCOMPLETE)
    close = services.month_snapshot(store_id=store.pk, month=OCTOBER)
    base = f"/reports/closes/{close.pk}/"
    client = client_for(manager)
    page = client.get(base).content.decode()
    assert "未完善客流" in page
    assert "门店确认" in page
    version = MonthClose.objects.get().version
    refused = client.post(f"{base}confirm/", {"version": version, "incomplete_visits": ""})
    assert refused.status_code == 422
    assert "请先处理“未完善客流”" in refused.content.decode()
    key = str(uuid.uuid4())
    told = {"version": version, "incomplete_visits": "客人未留信息", "idempotency_key": key}
    assert client.post(f"{base}confirm/", told).status_code == 302
    assert client.post(f"{base}confirm/", told).status_code == 302
    stale = client_for(finance).post(f"{base}close/", {"version": version})
    assert (stale.status_code, MonthClose.objects.get().state) == (409, "store_confirmed")
    assert client.post(f"{base}close/", {}).status_code == 403
    assert client_for(finance).post(f"{base}close/", {}).status_code == 302
    assert client_for(finance).get(f"{base}versions/1/").status_code == 200
    assert client_for(finance).post(f"{base}reopen/", {"reason": "补"}).status_code == 422
    assert client_for(finance).post(f"{base}reopen/", {"reason": "补录一组客流"}).status_code == 302
    assert client_for(gm).post(f"{base}reopen/confirm/", {}).status_code == 302
    assert MonthClose.objects.get().state == "reopened"


def test_the_close_through_the_api(store, li, closers, api_for):
    manager, finance, gm = closers.manager, closers.finance, closers.gm
    close = services.month_snapshot(store_id=store.pk, month=OCTOBER)
    base = f"/api/v1/month-closes/{close.pk}/"
    assert api_for(li).get(base).status_code == 404
    assert [row["id"] for row in api_for(manager).get("/api/v1/month-closes/").json()["results"]] == [close.pk]
    assert api_for(manager).post(f"{base}recheck/", {}, format="json").status_code == 200
    assert api_for(manager).post(f"{base}confirm/", {"explanations": {}}, format="json").status_code == 200
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    first = api_for(finance).post(f"{base}close/", {}, format="json", **key)
    again = api_for(finance).post(f"{base}close/", {}, format="json", **key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again["Idempotent-Replay"] == "true"
    assert first.json()["figures"]["number"] == 1
    conflict = api_for(finance).post(f"{base}close/", {}, format="json")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "already_closed")
    assert api_for(finance).post(f"{base}reopen/", {"reason": "补录收款"}, format="json").status_code == 200
    assert api_for(gm).post(f"{base}reopen/", {}, format="json").json()["state"] == "reopened"


def test_a_consultant_and_another_store_do_not_reach_the_close(store, other_store, li, person, client_for):
    close = services.month_snapshot(store_id=store.pk, month=OCTOBER)
    stranger = person(Role.FINANCE, other_store)
    for reader in (li, stranger):
        assert client_for(reader).get(f"/reports/closes/{close.pk}/").status_code == 404
        assert client_for(reader).post(f"/reports/closes/{close.pk}/close/", {}).status_code == 404
    assert client_for(li).get("/reports/closes/").status_code == 403
    assert "A店" not in client_for(stranger).get("/reports/closes/").content.decode()


def test_the_list_of_closes_needs_as_many_statements_for_three(store, manager, client_for):
    client = client_for(manager)
    MonthClose.objects.create(store=store, month=OCTOBER, state="checking")

    def add() -> None:
        for month in (8, 9):
            MonthClose.objects.create(store=store, month=dt.date(2026, month, 1), state="checking")

    assert_same_query_count(lambda: client.get("/reports/closes/"), add, limit=14)
