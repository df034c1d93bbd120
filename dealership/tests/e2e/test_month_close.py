"""A month with sales is closed in the browser, and the downloaded workbook equals SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.db import connection

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.models import Store
from dealership.tests.builders import make_store
from dealership.tests.e2e.conftest import Person
from leads.tests.builders import make_visit
from reports.models import MonthClose
from reports.services.close import month_snapshot
from reports.tests.workbook.samples import total_of
from sales.choices import DealStatus
from sales.tests.builders import Staff, deal_in, make_staff, pay

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
TOTALS = """SELECT
    (SELECT sum(amount) FROM sales_invoice WHERE store_id = %(store)s AND issued_on BETWEEN %(first)s AND %(last)s),
    (SELECT count(*) FROM sales_deal WHERE store_id = %(store)s
        AND delivered_at >= %(start)s AND delivered_at < %(end)s),
    (SELECT sum(amount) FROM sales_payment WHERE store_id = %(store)s AND status = 'cleared'
        AND cleared_at >= %(start)s AND cleared_at < %(end)s)"""


@pytest.fixture
def sold(transactional_db: None) -> tuple[Store, Staff, Period]:
    """Last month: visits, a car handed over, an order with a part payment; the month has ended and is to be checked."""
    month = Period.containing("month", periods.today()).previous()
    with time_machine.travel(periods.at(month.start + dt.timedelta(days=17), "11:00"), tick=False):
        store = make_store("A")
        staff = make_staff(store)
        make_visit(staff.consultant, store)
        deal_in(DealStatus.DELIVERED, staff, store)
        pay(staff, deal_in(DealStatus.ALLOCATED, staff, store), "12345.67", "balance")
    month_snapshot(store_id=store.pk, month=month.start)
    return store, staff, month


def test_a_month_with_sales_is_closed_and_its_workbook_equals_sql(
    sold: tuple[Store, Staff, Period], sign_in: SignIn, worker: Callable[[], None]
) -> None:
    store, staff, month = sold
    close = MonthClose.objects.get()
    head, finance = sign_in(staff.sales_manager), sign_in(staff.finance)
    page = head.go(f"/reports/closes/{close.pk}/")
    for code in close.open_blocks:
        page.fill(f"[name={code}]", "已与当事人逐项核对")
    page.get_by_role("button", name="门店确认").click()
    page.wait_for_load_state()
    finance.go(f"/reports/closes/{close.pk}/").get_by_role("button", name="关账").click()
    finance.page.wait_for_load_state()
    close.refresh_from_db()
    assert close.state == "closed"
    worker()
    with finance.go("/reports/workbook/").expect_download() as waiting:
        finance.page.get_by_role("link", name="下载").first.click()
    with waiting.value.path().open("rb") as stored:
        book: Any = openpyxl.load_workbook(stored, data_only=True)
        cars, money = book["车辆明细"], book["收款流水"]
        shown = total_of(cars, "开票价"), total_of(cars, "本月交车"), total_of(money, "实收合计")
    assert shown == _by_sql(store, month)
    assert shown[1] == 1
    assert [person.complaints for person in (head, finance)] == [[], []]


def _by_sql(store: Store, month: Period) -> tuple[Decimal, ...]:
    told = {"store": store.pk, "first": month.start, "last": month.last_day}
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {**told, "start": month.start_at, "end": month.end_at})
        return tuple(Decimal(value) for value in cursor.fetchone())
