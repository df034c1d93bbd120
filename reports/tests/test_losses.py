"""战败分析: every number opens exactly its rows, within reach; the workbook's totals are the same numbers."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.urls import reverse

from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import LeadSource
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count
from leads.choices import VisitType
from reports.boards.losses import loss_page
from reports.selectors.grade_weeks import GradeWeek, grade_weeks
from reports.selectors.losses import GAPS, band_of
from reports.services.rollup import rollup_month
from reports.services.workbook import workbook_take
from reports.tests import rows
from reports.tests.customer_rows import loss
from sales.models import Deal

pytestmark = pytest.mark.django_db
NOVEMBER = Period.month(2026, 11)
LINK = re.compile(r'href="(/reports/(?:kpis|grades)/[^"]+)"')
ROW = re.compile(r'<a class="app-row"|<div class="app-row">')
CANARY = "外店金丝雀"


def bought(owner, manager, at: str, price: int, asked: int | None = None, **told):
    """A loss to a competitor, with our own quote when `asked` is given."""
    store = owner.memberships.get().store
    brand = told.pop("brand", "哈弗")
    card = rows.card(store, owner, "2026-10-20", **told)
    if asked is not None:
        order = rows.deal(store, owner, "2026-10-21", prospect=card, deal_price=Decimal(asked))
        Deal.objects.filter(pk=order.pk).update(ordered_at=None, status="draft")
    return loss(
        store, owner, manager, at, "agreed", card=card, reason="competitor", competitor_brand=brand,
        competitor_model="H6", competitor_price=price,
    )  # fmt: skip


@pytest.fixture
def lost(store, other_store, li, wang, manager):
    source = LeadSource.objects.get(code="dongchedi")
    bought(li, manager, "2026-11-03", 128000, 131500, grade="H", source=source)
    bought(li, manager, "2026-11-30 22:59:59", 128000, 127000)
    bought(wang, manager, "2026-11-04", 120000, brand="比亚迪")
    loss(store, wang, manager, "2026-11-05", "agreed")
    loss(store, wang, manager, "2026-11-05", "rejected")
    loss(store, wang, manager, "2026-10-31 22:59:59", "agreed")
    stranger = make_person(Role.SALES_CONSULTANT, other_store, name=CANARY)
    boss = make_person(Role.SHOWROOM_MANAGER, other_store)
    bought(stranger, boss, "2026-11-03", 1, 2, brand=CANARY)


def table(page, name: str) -> list[list[str]]:
    block = next(block for block in page.blocks if block.id == name)
    return [[cell.text for cell in row] for row in block.rows]


def test_each_table_adds_up_to_the_losses(store, manager, lost, freeze):
    freeze("2026-12-02 10:00+08:00")
    rollup_month(store_id=store.pk, month=NOVEMBER.start)
    page = loss_page(reader=manager, store_id=store.pk, month=NOVEMBER)
    assert table(page, "reasons") == [["买竞品", "3", "75.0%"], ["价格", "1", "25.0%"]]
    assert table(page, "rivals") == [
        ["哈弗", "2", "50.0%", "12.80万"], ["比亚迪", "1", "25.0%", "12.00万"], ["未填竞品", "1", "25.0%", "—"],
    ]  # fmt: skip
    assert [row[1] for row in table(page, "gaps")] == ["1", "0", "1", "0", "2"]
    assert table(page, "owners") == [["李明", "2", "50.0%"], ["王芳", "2", "50.0%"]]
    assert [row[:2] for row in table(page, "grades")][:2] == [["H级", "1"], ["A级", "3"]]
    assert table(page, "sources") == [["未填写", "3", "75.0%"], ["懂车帝", "1", "25.0%"]]
    tiles = {tile.label: tile.value for tile in page.tiles}
    assert (tiles["战败数"], tiles["战败申请数"], tiles["战败审核拒绝率"]) == ("4", "5", "20.0%")


@pytest.mark.parametrize(
    ("gap", "place"),
    [("-1", 0), ("0", 0), ("0.01", 1), ("2999.99", 1), ("3000", 2), ("10000", 3), (None, len(GAPS) - 1)],
)
def test_bands_of_the_price_gap_touch_and_do_not_overlap(gap, place):
    assert band_of(Decimal(gap) if gap else None) == place


def test_every_number_of_the_page_opens_its_rows_and_nothing_of_another_store(store, manager, lost, client_for, freeze):
    freeze("2026-12-02 10:00+08:00")
    client = client_for(manager)
    html = client.get(reverse("reports:losses"), {"month": "2026-11"}).content.decode()
    assert "哈弗" in html
    assert CANARY not in html
    opened = 0
    for block in loss_page(reader=manager, store_id=store.pk, month=NOVEMBER).blocks:
        for cell in (cell for row in block.rows for cell in row if cell.url):
            body = client.get(cell.url).content.decode()
            assert len(ROW.findall(body)) == int(cell.text), (block.id, cell)
            opened += 1
    assert opened > 15
    assert client.get(reverse("reports:losses"), {"month": "2026-11", "store": "999999"}).status_code == 404


def test_a_consultant_sees_own_losses_only(store, li, lost, client_for, freeze):
    freeze("2026-12-02 10:00+08:00")
    page = loss_page(reader=li, store_id=store.pk, month=NOVEMBER)
    assert table(page, "owners") == [["李明", "2", "100.0%"]]
    html = client_for(li).get(reverse("reports:losses"), {"month": "2026-11"}).content.decode()
    assert {word for word in ("哈弗", "比亚迪", "王芳") if word in html} == {"哈弗"}
    assert client_for(make_person(Role.RECEPTIONIST, store)).get(reverse("reports:losses")).status_code == 403


def test_the_page_needs_the_same_statements_for_one_loss_and_for_many(store, li, manager, client_for):
    client = client_for(manager)
    loss(store, li, manager, "2026-11-05", "agreed")

    def more() -> None:
        for brand in ("哈弗", "比亚迪", "吉利"):
            bought(li, manager, "2026-11-06", 100, 200, brand=brand)

    assert_same_query_count(lambda: client.get(reverse("reports:losses")), more, limit=40)


def test_r_grade_accuracy_and_inflation_of_the_weeks(store, li, wang, manager, client_for):
    """H at Monday 00:00: ordered within 7 days is accurate; neither ordered nor seen is inflated."""
    ordered, late, seen, idle = (rows.card(store, li, "2026-11-05", "H") for _ in range(4))
    rows.card(store, li, "2026-11-09 00:00", "H")  # made when the week had begun
    rows.card(store, li, "2026-11-05", "A")
    rows.deal(store, li, "2026-11-15 23:59:59", prospect=ordered)
    rows.deal(store, li, "2026-11-16 00:00", prospect=late)
    rows.visit(store, li, "2026-11-10", VisitType.REPEAT, customer=seen.customer, prospect=seen)
    rows.give(idle, wang, "2026-11-12")
    found = grade_weeks(reader=manager, store_id=store.pk, period=NOVEMBER)
    assert found == [
        GradeWeek(dt.date(2026, 11, 2), 0, 0, 0),
        GradeWeek(dt.date(2026, 11, 9), 4, 1, 2),
    ]
    assert grade_weeks(reader=manager, store_id=store.pk, period=NOVEMBER, person_id=wang.pk)[1].held == 0
    client = client_for(manager)
    for side, count in (("held", 4), ("ordered", 1), ("idle", 2)):
        body = client.get(reverse("reports:grade_rows"), {"week": "2026-11-09", "side": side}).content.decode()
        assert len(ROW.findall(body)) == count
    for wrong in ("2026-11-10", "2026-11-16", "x"):
        assert client.get(reverse("reports:grade_rows"), {"week": wrong}).status_code == 422


def test_the_sheet_has_formula_totals_equal_to_the_losses(store, gm, lost, freeze, tmp_path: Path):
    freeze("2026-12-02 10:00+08:00")
    handle, _name = workbook_take(by=gm, store=store, month=NOVEMBER)
    path = tmp_path / "m.xlsx"
    path.write_bytes(handle.read())
    sheet, shown = (openpyxl.load_workbook(path, data_only=known)["战败分析"] for known in (False, True))
    totals = [row[0].row for row in shown.iter_rows() if row[0].value == "合计"]
    assert len(totals) == 7
    assert [shown.cell(totals[0], 12).value, *(shown.cell(row, 2).value for row in totals[1:])] == [4] * 7
    assert sheet.cell(totals[0], 12).value == f"=SUM(L5:L{totals[0] - 1})"
    assert all(str(sheet.cell(row, 2).value).startswith("=SUM(B") for row in totals[1:])
    assert shown.cell(totals[1], 4).value == 1
    assert CANARY not in {cell.value for row in shown.iter_rows() for cell in row}
