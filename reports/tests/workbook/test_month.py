"""The workbook of a real month: equal to SQL, kept equal once closed, only for those who may, never a full phone."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat, Right

from dealership.audit.models import ExportLog
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.periods import Period
from dealership.jobs import runner
from dealership.jobs.models import Job, JobState
from dealership.org.choices import Role
from dealership.org.models import Membership
from dealership.org.roles import ROLE_TABLE
from dealership.tests.numbers import known_numbers
from leads.models import Customer, CustomerPhone, Visit
from leads.tests.builders import make_visit
from reports.models import MonthClose, MonthRow
from reports.services.close import (
    month_close,
    month_confirm,
    month_recheck,
    month_reopen_confirm,
    month_reopen_request,
    month_snapshot,
)
from reports.services.rollup import rollup_month
from reports.services.workbook import month_freeze, workbook_request, workbook_take
from reports.tests import rows
from reports.tests.workbook.samples import total_of
from reports.tests.workbook.test_file import cells_of, recalculated
from sales.choices import DealStatus
from sales.models import Vehicle
from sales.tests.builders import deal_in, pay

pytestmark = pytest.mark.django_db
MONTH = Period.month(2026, 10)


@pytest.fixture
def october(store, staff):
    """Two cars handed over, one ready, one order with a part payment, tax collected, a car in stock, two visits."""
    for _ in range(2):
        deal_in(DealStatus.DELIVERED, staff, store)
    deal_in(DealStatus.READY, staff, store)
    order = deal_in(DealStatus.ALLOCATED, staff, store, buyer_name="=1+1")
    pay(staff, order, "12345.67", "balance")
    pay(staff, order, "8000.00", "tax")
    for _ in range(2):
        make_visit(staff.consultant, store)
    return order


@pytest.fixture
def november(store, october, freeze):
    """The month is over: facts are rolled up, the close is open."""
    freeze("2026-11-03 10:00+08:00")
    return month_snapshot(store_id=store.pk, month=MONTH.start)


@pytest.fixture
def closed(staff, november):
    explained = dict.fromkeys(november.open_blocks, "已逐项核对")
    month_confirm(by=staff.manager, close_id=november.pk, explanations=explained)
    return month_close(by=staff.finance, close_id=november.pk)


def taken(by, store, tmp_path: Path, name: str = "m.xlsx", month: Period = MONTH) -> Path:
    handle, _name = workbook_take(by=by, store=store, month=month)
    path = tmp_path / name
    path.write_bytes(handle.read())
    return path


def sql(text: str, *values: object) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return Decimal(cursor.fetchone()[0] or 0)


def total_in(path: Path, sheet: str, title: str) -> Decimal:
    """The number in the first total row of a column."""
    return total_of(openpyxl.load_workbook(path, data_only=True)[sheet], title)


@pytest.mark.office
def test_i07_totals_recomputed_by_libreoffice_equal_sql_to_the_cent(store, staff, november, tmp_path) -> None:
    path = recalculated(taken(staff.finance, store, tmp_path), tmp_path)
    month = (store.pk, "2026-10-01", "2026-11-01")
    invoiced = sql("SELECT sum(amount) FROM sales_invoice WHERE store_id=%s AND issued_on>=%s AND issued_on<%s", *month)
    cleared = (
        "SELECT sum(amount) FROM sales_payment WHERE store_id=%s AND status='cleared' "
        "AND cleared_at >= %s::timestamp AT TIME ZONE 'Asia/Shanghai' "
        "AND cleared_at < %s::timestamp AT TIME ZONE 'Asia/Shanghai'"
    )
    own = sql(cleared + " AND NOT is_pass_through", *month)
    assert (invoiced, own) == (Decimal("549000.00"), own)
    assert total_in(path, "车辆明细", "开票价") == invoiced
    assert total_in(path, "顾问业绩", "销售额") == invoiced
    assert total_in(path, "收款流水", "本店款项") == own
    assert total_in(path, "收款流水", "代收款项") == sql(cleared + " AND is_pass_through", *month) == Decimal("8000.00")
    stock = "SELECT sum(dealer_cost) FROM sales_vehicle WHERE store_id=%s AND stocked_out_on IS NULL"
    assert total_in(path, "库存与库龄", "提车价") == sql(stock, store.pk) == Decimal("320000.00")
    owed = "SELECT sum(contract_amount) FROM sales_deal WHERE store_id=%s AND ordered_at IS NOT NULL"
    assert total_in(path, "应收与退款", "应收余额") == sql(owed, store.pk) - own
    cover = openpyxl.load_workbook(path, data_only=True)["封面"]
    verdicts = [row[5].value for row in cover.iter_rows() if row[1].value and "↔" in str(row[1].value)]
    assert verdicts == ["一致"] * 8


def test_gross_profit_is_the_figures_own(store, staff, november, tmp_path) -> None:
    """Margin 23 000 a car: tax 23 000 ÷ 1.13 × 0.13 × 1.12 = 2 963.54, profit 20 036.46."""
    path = taken(staff.finance, store, tmp_path)
    assert total_in(path, "车辆明细", "整车毛利") == 3 * Decimal("20036.46")
    assert total_in(path, "顾问业绩", "整车毛利") == 3 * Decimal("20036.46")


def cells_without_stamp(path: Path) -> dict[tuple[str, str], object]:
    return {where: value for where, value in cells_of(path).items() if not str(value).startswith("由 ")}


def correct_later(store) -> None:
    """What may still change after the close: a name, a cost, a number."""
    Customer.objects.filter(store=store).update(name="改名")
    Vehicle.objects.filter(store=store).update(dealer_cost=Decimal(1))
    CustomerPhone.objects.filter(store=store, is_primary=True).update(
        number=Concat(Value("+86138"), Right("number", 8))
    )


def test_a_closed_month_gives_equal_cells_also_after_corrections(store, staff, closed, tmp_path, freeze) -> None:
    first = cells_without_stamp(taken(staff.finance, store, tmp_path, "1.xlsx"))
    freeze("2026-12-24 09:00+08:00")
    correct_later(store)
    second = taken(staff.gm, store, tmp_path, "2.xlsx")
    assert len(first) > 300
    assert cells_without_stamp(second) == first
    assert any("2026-12-24 09:00" in str(value) for value in cells_of(second).values())
    assert first["封面", "C5"] == "已关账"
    assert first["封面", "C6"] == "第 1 版"


def test_an_open_month_follows_its_rows(store, staff, november, tmp_path) -> None:
    """Control of the test above: without a close the same corrections show."""
    first = cells_without_stamp(taken(staff.finance, store, tmp_path, "1.xlsx"))
    correct_later(store)
    assert cells_without_stamp(taken(staff.finance, store, tmp_path, "2.xlsx")) != first


def test_rows_are_frozen_with_the_close_and_only_once(closed) -> None:
    kept = MonthRow.objects.filter(close=closed, version=1)
    assert kept.filter(table="vehicles").count() == 3
    before = kept.count()
    assert month_freeze(close=closed) == 0
    assert kept.count() == before


def test_only_masked_phones_leave(store, staff, november, tmp_path) -> None:
    numbers = known_numbers()
    texts = [str(value) for value in cells_of(taken(staff.finance, store, tmp_path)).values()]
    assert any(re.fullmatch(r"139\*{4}\d{4}", text) for text in texts)
    assert [text for text in texts if numbers.shown_in(text)] == []


def test_a_reader_without_profit_gets_no_cost(store, staff, closed, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(ROLE_TABLE, Role.FINANCE, replace(ROLE_TABLE[Role.FINANCE], profit=False))
    blind = [str(value) for value in cells_of(taken(staff.finance, store, tmp_path, "1.xlsx")).values()]
    seeing = [str(value) for value in cells_of(taken(staff.gm, store, tmp_path, "2.xlsx")).values()]
    for text in ("160000", "提车价", "整车毛利", "单车毛利", "20036.46"):
        assert text in seeing
        assert text not in blind


def test_who_may_ask(store, other_store, staff, november, person) -> None:
    stranger = person(Role.FINANCE, other_store)
    with pytest.raises(NotFound):
        workbook_request(by=stranger, store_id=store.pk, month=MONTH)
    for who in (staff.consultant, staff.cashier, staff.manager):
        with pytest.raises(NotAllowed):
            workbook_request(by=who, store_id=store.pk, month=MONTH)
    with pytest.raises(DomainError, match="尚未开始"):
        workbook_request(by=staff.finance, store_id=store.pk, month=Period.month(2027, 1))
    assert Job.objects.filter(kind="reports.workbook").count() == 0


def test_a_job_writes_the_file_and_the_download_is_logged(store, staff, november, client_for) -> None:
    job = workbook_request(by=staff.finance, store_id=store.pk, month=MONTH)
    assert workbook_request(by=staff.finance, store_id=store.pk, month=MONTH) == job
    runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.result_name) == (JobState.DONE, job.total, "华辰A店_2026年10月_销售月报.xlsx")
    assert job.done > 100
    answer = client_for(staff.finance).get(f"/jobs/{job.pk}/download/")
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    logged = ExportLog.objects.get()
    assert (logged.actor, logged.kind, logged.store_id) == (staff.finance, "reports.workbook", store.pk)


def test_reach_and_role_are_looked_up_again_when_it_is_made(store, staff, november) -> None:
    job = workbook_request(by=staff.finance, store_id=store.pk, month=MONTH)
    Membership.objects.filter(user=staff.finance).update(valid=(dt.date(2026, 1, 1), dt.date(2026, 10, 31)))
    runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result_file) == (JobState.FAILED, "")


def test_a_cancelled_job_leaves_no_file(store, staff, november, settings) -> None:
    job = workbook_request(by=staff.finance, store_id=store.pk, month=MONTH)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result_file) == (JobState.CANCELLED, "")
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_the_page_asks_for_a_job(store, other_store, staff, november, client_for) -> None:
    client = client_for(staff.finance)
    assert "生成销售月报" in client.get("/reports/workbook/").content.decode()
    bad = client.post("/reports/workbook/", {"store": other_store.pk, "month": "2026-10"})
    assert (bad.status_code, "不在您的查看范围内" in bad.content.decode()) == (422, True)
    assert client.post("/reports/workbook/", {"store": store.pk, "month": "2026-10"}).status_code == 302
    assert Job.objects.get(kind="reports.workbook").requested_by == staff.finance
    assert client_for(staff.manager).get("/reports/workbook/").status_code == 403


def test_the_api_hands_out_the_file_or_a_job(staff, november, person, other_store, api_for) -> None:
    url = f"/api/v1/month-closes/{november.pk}/workbook/"
    answer = api_for(staff.finance).get(url)
    assert (answer.status_code, b"".join(answer.streaming_content)[:2]) == (200, b"PK")
    assert "filename*=utf-8''%E5%8D%8E%E8%BE%B0A" in answer["Content-Disposition"]
    assert ExportLog.objects.get().filename == "华辰A店_2026年10月_销售月报.xlsx"
    assert api_for(staff.manager).get(url).status_code == 403
    assert api_for(person(Role.FINANCE, other_store)).get(url).status_code == 404
    asked = api_for(staff.finance).post(url)
    assert (asked.status_code, asked.json()["id"]) == (202, Job.objects.get(kind="reports.workbook").pk)


def test_a_running_month_compares_the_same_days(store, staff, october, tmp_path) -> None:
    rollup_month(store_id=store.pk, month=MONTH.start)
    cells = cells_of(taken(staff.finance, store, tmp_path))
    assert "环比对比 2026-09-01 至 2026-09-20；同比对比 2025-10-01 至 2025-10-20。" in cells.values()
    assert MonthClose.objects.count() == 0


def test_a_month_closed_again_shows_what_changed(store, staff, closed, tmp_path, client_for) -> None:
    first = taken(staff.finance, store, tmp_path, "first.xlsx")
    assert "版本差异" not in openpyxl.load_workbook(first).sheetnames
    month_reopen_request(by=staff.finance, close_id=closed.pk, reason="补登一批客流")
    month_reopen_confirm(by=staff.gm, close_id=closed.pk)
    rows.visit(store, staff.consultant, "2026-10-22", "first_uncaptured")
    month_recheck(by=staff.finance, close_id=closed.pk)
    explained = dict.fromkeys(MonthClose.objects.get().open_blocks, "已逐项核对")
    month_confirm(by=staff.manager, close_id=closed.pk, explanations=explained)
    month_close(by=staff.finance, close_id=closed.pk)
    second = taken(staff.finance, store, tmp_path, "second.xlsx")
    sheet = openpyxl.load_workbook(second, data_only=True)["版本差异"]
    lines = {(row[0], row[1]): row[3:6] for row in sheet.iter_rows(min_row=5, values_only=True) if row[3] is not None}
    visits = Visit.objects.filter(store=store, channel="walk_in").count()
    assert lines["客流总数", "门店合计"] == (visits - 1, visits, 1)
    assert lines["客流总数", staff.consultant.name] == (visits - 1, visits, 1)
    assert ("订单数", "门店合计") not in lines
    texts = [row[0] for row in sheet.iter_rows(values_only=True)]
    assert "第 2 版与第 1 版比较。重开原因：补登一批客流" in texts
    assert "版本差异" in {value for (name, _cell), value in cells_of(second).items() if name == "封面"}
    assert taken(staff.finance, store, tmp_path, "again.xlsx").stat().st_size > 0
    page = client_for(staff.finance).get(f"/reports/closes/{closed.pk}/").content.decode()
    assert "第 2 版与上一版的差异" in page
    assert f"{visits - 1} → {visits}" in page
