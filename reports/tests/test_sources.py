"""来源分析: first touch from lead to money; every number opens its rows; nothing of another store."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import LeadSource
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count
from leads.choices import VisitType
from reports.boards.sources import source_block
from reports.registry import BY_KEY
from reports.tests import rows
from reports.tests.customer_rows import campaign, drive, lead

pytestmark = pytest.mark.django_db
NOVEMBER = Period.month(2026, 11)
ROW = re.compile(r'<a class="app-row"|<div class="app-row">')


@pytest.fixture
def played(store, other_store, li, manager):
    """Two cards of the portal, one ordered after a drive; a walk-in who ordered; the portal cost money."""
    portal, walk_in = LeadSource.objects.order_by("code")
    lead(store, li, "2026-11-02")
    card = rows.card(store, li, "2026-11-02", source=portal)
    rows.card(store, li, "2026-11-03", source=portal)
    rows.visit(store, li, "2026-11-04", VisitType.FIRST_CARDED, customer=card.customer, prospect=card)
    drive(card, "2026-11-04 15:00")
    rows.deal(store, li, "2026-11-05", prospect=card)
    rows.deal(store, li, "2026-11-05", prospect=rows.card(store, li, "2026-11-05", source=walk_in))
    campaign(store, manager, "2026-11-01", "2026-11-08", source=portal, cost_actual=Decimal(6000))
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    for _ in range(5):
        rows.deal(
            other_store, stranger, "2026-11-05", prospect=rows.card(other_store, stranger, "2026-11-05", source=portal)
        )
    campaign(other_store, stranger, "2026-11-01", "2026-11-08", source=portal, cost_actual=Decimal(77777))
    return portal


def test_each_source_from_lead_to_money(store, manager, played):
    block = source_block(reader=manager, store=store, month=NOVEMBER)
    assert [[cell.text for cell in row] for row in block.rows] == [
        ["懂车帝", "0", "2", "1", "1", "1", "50.0%", "18.00万", "6,000.00", "6,000.00", "30.0"],
        ["自然到店", "0", "1", "0", "0", "1", "100.0%", "18.00万", "—", "—", "—"],
        ["未填写", "1", "0", "0", "0", "0", "—", "0.00万", "—", "—", "—"],
    ]
    # Money was spent on the portal only: what it bought is one order of 180,000; the other came for nothing.
    foot = [cell.text for cell in block.foot or []]
    assert foot == ["合计", "1", "3", "1", "1", "2", "66.7%", "36.00万", "6,000.00", "6,000.00", "30.0"]
    kpi = BY_KEY["cost_per_order"]
    assert foot[9] == kpi.show(kpi.figure(Scope((store.pk,)), NOVEMBER).value)


def test_every_number_opens_its_rows(store, manager, played, client_for):
    client, opened = client_for(manager), 0
    page = client.get(reverse("reports:sources"), {"month": "2026-11"}).content.decode()
    assert "77,777" not in page
    assert "自然到店" in page
    for row in source_block(reader=manager, store=store, month=NOVEMBER).rows:
        for cell in (cell for cell in row if cell.url):
            body = client.get(cell.url).content.decode()
            expected = 1 if "campaigns" in cell.url else int(cell.text)
            assert len(ROW.findall(body)) == expected, cell
            opened += 1
    assert opened == 16


def test_marketing_sees_no_orders_and_consultants_no_costs(store, li, played, client_for):
    marketing = make_person(Role.MARKETING, store)
    block = source_block(reader=marketing, store=store, month=NOVEMBER)
    assert block.heads == ["首次来源", "线索", "建卡", "首次到店", "试驾", "费用"]
    assert client_for(marketing).get(reverse("reports:sources")).status_code == 200
    assert client_for(li).get(reverse("reports:sources")).status_code == 403
    assert client_for(marketing).get(reverse("reports:sources"), {"store": 999999}).status_code == 404


def test_the_page_needs_the_same_statements_for_one_card_and_for_many(store, li, manager, client_for):
    client = client_for(manager)
    portal, walk_in = LeadSource.objects.order_by("code")
    rows.card(store, li, "2026-11-02", source=portal)

    def more() -> None:
        for source in (portal, walk_in, None):
            rows.deal(store, li, "2026-11-05", prospect=rows.card(store, li, "2026-11-02", source=source))

    assert_same_query_count(lambda: client.get(reverse("reports:sources")), more, limit=30)
