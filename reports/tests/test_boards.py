"""The live board and the month page: only what the reader reaches, numbers that open their rows, empty months."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import LeadSource
from dealership.tests.builders import make_person, make_team
from dealership.tests.clients import assert_same_query_count
from leads.tests.builders import make_visit
from leads.tests.lead_builders import set_policy
from reports.boards.blocks import Place
from reports.boards.board import board_of
from reports.boards.month import PARTS, month_page, same_days
from reports.registry import BY_KEY
from reports.services.rollup import rollup_month
from reports.tests import rows
from sales.choices import DealStatus
from sales.models import Target
from sales.tests.builders import deal_in, make_staff

pytestmark = pytest.mark.django_db
OCTOBER = Period.month(2026, 10)
LINK = re.compile(r'href="(/reports/kpis/[^"]+)"')


@pytest.fixture
def busy(store, staff, freeze):
    """An order and two visits of one consultant in October, another consultant with one visit."""
    deal_in(DealStatus.ORDERED, staff, store)
    other = make_person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="陈静")
    make_visit(other, store)
    return other


def texts(page, block: str) -> list[list[str]]:
    found = next(item for item in page.blocks if item.id == block)
    return [[cell.text for cell in row] for row in found.rows]


def test_the_board_counts_today_live(store, staff, busy) -> None:
    board = board_of(reader=staff.manager, store_id=store.pk)
    tiles = {tile.label: (tile.value, tile.note) for tile in board.tiles}
    assert tiles["客流总数"] == ("2", "本月 2")
    assert tiles["订单数"] == ("1", "本月 1")
    assert texts(board, "funnel")[0] == ["客流总数", "2", "2", "—"]
    assert texts(board, "ranking") == [["李明", "1", "1", "0"], ["陈静", "1", "0", "0"]]
    assert texts(board, "sources") == [["未填写", "2", "100.0%"]]
    assert not board.is_empty


def test_finished_days_come_from_facts_and_today_is_added(store, staff, busy, freeze) -> None:
    rollup_month(store_id=store.pk, month=OCTOBER.start)
    freeze("2026-10-21 10:00+08:00")
    make_visit(busy, store)
    board = board_of(reader=staff.manager, store_id=store.pk)
    assert {tile.label: (tile.value, tile.note) for tile in board.tiles}["客流总数"] == ("1", "本月 3")
    assert texts(board, "ranking") == [["李明", "1", "1", "0"], ["陈静", "2", "0", "0"]]


def test_a_consultant_sees_only_their_own_numbers(store, other_store, staff, busy) -> None:
    stranger = make_staff(other_store)
    make_visit(stranger.consultant, other_store)
    board = board_of(reader=busy, store_id=store.pk)
    assert {tile.label: tile.value for tile in board.tiles}["客流总数"] == "1"
    assert texts(board, "ranking") == [["陈静", "1", "0", "0"]]


def test_r_tgt_pace_spreads_the_target_by_day_weights(store, staff, busy) -> None:
    Target.objects.create(
        store=store, person=staff.consultant, month=OCTOBER.start, kind="deliveries", value=31, set_by=staff.gm
    )
    board = board_of(reader=staff.manager, store_id=store.pk)
    chart = next(block for block in board.blocks if block.id == "daily").chart
    pace = [Decimal(str(value)) for value in chart["series"][2]["data"]]
    assert len(pace) == 31
    assert abs(sum(pace) - 31) < Decimal("0.2")
    friday, saturday = pace[15], pace[16]
    assert round(saturday / friday, 1) == Decimal("1.7")


def test_every_number_of_the_board_opens_its_rows(store, staff, busy, client_for) -> None:
    client = client_for(staff.manager)
    html = client.get(reverse("reports:board")).content.decode()
    links = {link.replace("&amp;", "&") for link in LINK.findall(html)}
    assert len(links) > 15
    assert f"/reports/kpis/orders_gross/rows/?period=2026-10&store={store.pk}&person={staff.consultant.pk}" in links
    assert {client.get(link).status_code for link in links} == {200}


def test_each_grade_source_and_age_opens_its_own_rows(store, staff, busy, client_for, api_for) -> None:
    """`len(rows) == figure` for every row of the board."""
    sources = [LeadSource.objects.create(group=store.group, code=f"S{n}", name=f"来源{n}") for n in range(11)]
    for number, source in enumerate(sources):
        rows.card(store, busy, "2026-10-02", "HABCN"[number % 5], source=source)
    for days in (0, 30, 31, 75, 150, 400):
        rows.vehicle(store, f"{periods.today() - dt.timedelta(days=days)}")
    client, api = client_for(staff.manager), api_for(staff.manager)
    blocks = {block.id: block for block in client.get(reverse("reports:board")).context["board"].blocks}
    opened = 0
    for block in ("grades", "sources", "stock"):
        for label, count, _share in blocks[block].rows:
            lines = api.get(count.url.replace("/reports/kpis/", "/api/v1/kpis/")).json()["results"]
            assert len(lines) == int(count.text), (block, label.text)
            assert f'data-figure="{count.text}"' in client.get(count.url).content.decode()
            opened += bool(lines)
    assert len(blocks["sources"].rows) == 12
    assert opened >= 5 + 12 + 4


def test_each_chart_has_its_table_and_its_data(staff, busy, client_for) -> None:
    html = client_for(staff.manager).get(reverse("reports:board")).content.decode()
    charts = re.findall(r'data-chart="([^"]+)"', html)
    assert charts == ["chart-daily", "chart-funnel", "chart-grades", "chart-sources", "chart-ranking"]
    for chart in charts:
        assert f'<script id="{chart}" type="application/json">' in html
    assert html.count("<caption>") == len(charts)
    assert " style=" not in html
    assert "vendor/echarts/echarts.min.js" in html


def test_who_sees_the_board(other_store, staff, client_for, person, store) -> None:
    url = reverse("reports:board")
    assert client_for(person(Role.RECEPTIONIST, store)).get(url).status_code == 403
    assert client_for(person(Role.SYS_ADMIN, None)).get(url).status_code == 403
    assert client_for(staff.manager).get(url, {"store": other_store.pk}).status_code == 404
    assert client_for(staff.manager).get(url, {"store": "x"}).status_code == 422
    assert client_for(staff.group).get(url, {"store": other_store.pk}).status_code == 200


@pytest.mark.parametrize("asked", ["reports:board", "reports:month", "reports:month?part=process"])
def test_the_same_queries_for_one_consultant_and_three(asked, store, staff, client_for) -> None:
    name, _mark, query = asked.partition("?")
    client = client_for(staff.manager)
    make_visit(staff.consultant, store)

    def more() -> None:
        for number in (2, 3):
            make_visit(make_person(Role.SALES_CONSULTANT, store, name=f"顾问{number}"), store)

    assert_same_query_count(lambda: client.get(f"{reverse(name)}?{query}"), more, limit=15)


def test_an_empty_store_says_what_to_do(staff, client_for) -> None:
    html = client_for(staff.manager).get(reverse("reports:board")).content.decode()
    assert "登记第一位来店客户后" in html
    assert "data-chart" not in html


def test_the_month_page_shows_facts_with_comparison(store, staff, busy, freeze) -> None:
    for month in (OCTOBER.start, dt.date(2026, 9, 1)):
        rollup_month(store_id=store.pk, month=month)
    freeze("2026-11-05 09:00+08:00")
    make_visit(busy, store)
    rollup_month(store_id=store.pk, month=dt.date(2026, 11, 1))
    october = month_page(reader=staff.gm, store_id=store.pk, month=OCTOBER)
    lines = {line.key: line for _title, group in october.groups for line in group}
    assert (lines["traffic_total"].value, lines["traffic_total"].previous) == ("2", "—")
    assert (lines["orders_gross"].value, lines["closing_rate"].value) == ("1", "50.0%")
    november = month_page(reader=staff.gm, store_id=store.pk, month=Period.month(2026, 11))
    now = {line.key: line for _title, group in november.groups for line in group}
    assert (now["traffic_total"].value, now["traffic_total"].previous, november.is_running) == ("1", "—", True)
    assert "环比对比 10-01 至 10-05" in november.compare_note


# Shown as columns of other lines, as charts or as the pace of the board.
ELSEWHERE = {
    "prospects_by_grade", "delivery_units", "invoiced_units", "target_attainment", "orders_attainment",
    "sales_attainment", "receipts_attainment", "cards_attainment", "time_progress", "pace_gap",
}  # fmt: skip


def test_every_figure_stands_on_one_part_of_the_month_page(store, staff, busy, freeze, client_for) -> None:
    """No figure is defined that no page shows: what is missing in both parts is named above."""
    shown = [
        line.key
        for part in PARTS
        for _title, group in month_page(reader=staff.gm, store_id=store.pk, month=OCTOBER, part=part).groups
        for line in group
    ]
    assert (len(shown), set(BY_KEY) - set(shown)) == (len(set(shown)), ELSEWHERE)
    page = client_for(staff.manager).get(reverse("reports:month"), {"part": "process", "month": "2026-10"})
    html = page.content.decode()
    assert (page.status_code, "线索及时响应率" in html, "data-chart" in html) == (200, True, False)
    assert "?part=results&amp;month=2026-10" in html or "?month=2026-10&amp;part=results" in html
    refused = client_for(staff.manager).get(reverse("reports:month"), {"part": "x"})
    assert (refused.status_code, "没有这一组指标" in refused.content.decode()) == (422, True)


def test_too_few_customers_per_consultant_are_marked(store, staff, busy) -> None:
    def said() -> str:
        page = month_page(reader=staff.manager, store_id=store.pk, month=Period.month(2026, 11), part="process")
        lines = {line.key: line for _title, group in page.groups for line in group}
        return lines["active_prospects_per_consultant"].alarm

    rows.card(store, busy, "2026-10-30")
    assert said() == "低于 20"
    set_policy(store, "kpi.min_prospects", 0)
    assert said() == ""


def test_the_person_filter_and_profit(store, staff, busy) -> None:
    page = month_page(reader=staff.gm, store_id=store.pk, month=OCTOBER, person_id=busy.pk)
    lines = {line.key: line for _title, group in page.groups for line in group}
    assert (lines["traffic_total"].value, lines["orders_gross"].value) == ("1", "0")
    assert "gp_per_unit" in lines
    assert lines["traffic_total"].url.endswith(f"person={busy.pk}")
    own = month_page(reader=busy, store_id=store.pk, month=OCTOBER)
    assert "gp_per_unit" not in {line.key for _title, group in own.groups for line in group}
    assert texts(own, "ranking") == [["陈静", "1", "0", "0"]]


def test_an_empty_month_shows_dashes_and_a_sentence(staff, store, client_for) -> None:
    html = client_for(staff.gm).get(reverse("reports:month"), {"month": "2026-03"}).content.decode()
    assert "2026年3月没有数据" in html
    assert "data-chart" not in html
    page = month_page(reader=staff.gm, store_id=store.pk, month=Period.month(2026, 3))
    assert {line.value for _title, group in page.groups for line in group} == {"—"}


@pytest.mark.parametrize(("month", "text"), [("2026-13", "月份不正确"), ("2027-01", "尚未开始"), ("x", "月份不正确")])
def test_a_wrong_month_is_refused_in_words(month, text, staff, client_for) -> None:
    answer = client_for(staff.gm).get(reverse("reports:month"), {"month": month})
    assert (answer.status_code, text in answer.content.decode()) == (422, True)


def test_only_those_who_may_make_it_are_offered_the_workbook(store, staff, client_for) -> None:
    url = reverse("reports:month")
    assert f"/reports/workbook/?store={store.pk}" in client_for(staff.finance).get(url).content.decode()
    assert "/reports/workbook/" not in client_for(staff.manager).get(url).content.decode()


def test_same_elapsed_days() -> None:
    running = Period(dt.date(2026, 3, 1), dt.date(2026, 3, 31), "month")
    assert same_days(Period.month(2026, 2), running).last_day == dt.date(2026, 2, 28)
    running = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 6), "month")
    assert same_days(Period.month(2026, 10), running) == Period(dt.date(2026, 10, 1), dt.date(2026, 10, 6), "month")


def test_figures_without_rows_have_no_link() -> None:
    assert Place(1, "2026-10").url("time_progress") == ""
    assert Place(1, "2026-10", 7).url("new_cards") == "/reports/kpis/new_cards/rows/?period=2026-10&store=1&person=7"
