"""The pages of the catalogue and of the day's count."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dealership.core import periods
from dealership.tests.clients import assert_same_query_count
from sales.choices import DealStatus
from sales.models import Colour, Configuration, DayClose
from sales.tests import builders as build
from sales.tests.builders import Staff


def test_the_catalogue_is_kept_on_its_pages(store: Any, staff: Staff, client_for: Any) -> None:
    boss, seller = client_for(staff.sales_manager), client_for(staff.consultant)
    trim, page = build.make_configuration(store), reverse("sales:catalogue")
    new = reverse("sales:catalogue_new", args=["configurations", trim.series_id])
    told = {"name": "2.0T 旗舰版", "code": "X7-20T", "idempotency_key": "5d3f3a80-3a52-4f4c-9a35-444444444444"}
    for _ in "12":  # a double click
        assert boss.post(new, told).status_code == 302
    taken = boss.post(new, {"name": "2.0T 旗舰版", "code": "保留我"})
    assert taken.status_code == 409
    assert "保留我" in taken.content.decode()
    row = Configuration.objects.get(name="2.0T 旗舰版")
    edit = reverse("sales:catalogue_row", args=["configurations", row.pk])
    assert boss.post(edit, {"name": "2.0T 尊享版", "version": "1"}).status_code == 302
    late = boss.post(edit, {"name": "别名", "version": "1"})
    assert (late.status_code, "2.0T 尊享版" in late.content.decode()) == (409, True)
    switch = reverse("sales:catalogue_switch", args=["configurations", row.pk])
    assert seller.post(switch, {"is_active": "0"}).status_code == 403
    assert boss.post(switch, {"is_active": "0", "version": "2"}).status_code == 302
    assert "停售" in seller.get(page).content.decode()
    assert "停用" not in seller.get(page).content.decode()

    def more() -> None:
        for name in ("曜石黑", "星空蓝"):
            Colour.objects.create(brand=store.brand, name=name)
            build.make_configuration(store, f"款式{name}")

    assert_same_query_count(lambda: boss.get(page), more, limit=16)


def test_the_day_is_counted_and_confirmed_on_one_page(store: Any, staff: Staff, client_for: Any) -> None:
    build.deal_in(DealStatus.ORDERED, staff, store)
    cashier, finance, url = client_for(staff.cashier), client_for(staff.finance), reverse("sales:day_close")
    assert "5,000.00" in cashier.get(url).content.decode()
    refused = cashier.post(url, {"counted_transfer": "4,990", "note": "保留我"})
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "转账差异 -10.00 元，请写明原因" in text
    assert "保留我" in text
    assert finance.post(url, {"counted_transfer": "5000"}).status_code == 403
    assert cashier.post(url, {"counted_transfer": "4990", "reason_transfer": "手续费"}).status_code == 302
    close = DayClose.objects.get()
    act = reverse("sales:day_close_act", args=[close.pk, "confirm"])
    assert cashier.post(act).status_code == 403
    assert finance.post(act, {"version": "7"}).status_code == 409
    assert finance.post(reverse("sales:day_close_act", args=[close.pk, "return"]), {"reason": ""}).status_code == 422
    assert finance.post(act, {"version": "1"}).status_code == 302
    shown = finance.get(url, {"day": str(periods.today())}).content.decode()
    assert "已确认" in shown
    assert "手续费" in shown
    assert finance.get(url, {"day": "昨天"}).status_code == 422

    def more() -> None:
        for _ in "12":
            cashier.post(url, {"counted_transfer": "4990", "reason_transfer": "手续费", "note": "更正"})

    assert_same_query_count(lambda: finance.get(url), more, limit=18)
