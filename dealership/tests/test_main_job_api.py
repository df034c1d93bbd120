"""The main job of product.md §2 once more, through the API alone."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.db.models import Sum

from dealership.core import periods
from dealership.tests.builders import make_store
from dealership.tests.clients import api_for
from leads.models import Prospect
from reports.models import Fact
from reports.services.close import month_snapshot
from reports.services.rollup import rollup_month
from reports.tests.workbook.samples import total_of
from reviews.services.opening import review_open
from sales.choices import DocumentKind, DocumentState
from sales.models import Deal, Invoice, Payment
from sales.tests.builders import MSRP, Staff, make_colour, make_configuration, make_staff, make_vehicle

pytestmark = pytest.mark.django_db
NOON = "2026-11-18T12:00:00+08:00"


def _post(user: Any, path: str, **body: Any) -> Any:
    answer = api_for(user).post(f"/api/v1/{path}", body, format="json")
    assert answer.status_code in (200, 201), (path, answer.status_code, answer.content.decode())
    return answer.json()


def test_the_main_job_through_the_api(freeze: Any) -> None:
    freeze(NOON)
    store = make_store("A")
    staff = make_staff(store)
    car = make_vehicle(staff.admin, store, configuration=make_configuration(store), colour=make_colour(store))
    person = {"name": "张伟", "phone": "15400138000"}
    _post(staff.consultant, "visits/", store=store.pk, captured=True, customer=person, grade="H")
    card = Prospect.objects.get()
    text = "客户对白色现车满意，明天带爱人来签合同"
    _post(staff.consultant, f"prospects/{card.pk}/follow-ups/", channel="phone", outcome="reached", content=text)
    deal = _ordered(staff, card, car.configuration_id, car.colour_id)
    _post(staff.admin, f"deals/{deal}/allocate/", vehicle=car.pk)
    _pay(staff, deal, "balance", "178000.00")
    _handed_over(staff, deal)
    review = next(row for row in review_open(day=periods.today(), store=store) if row.owner_id == staff.consultant.pk)
    _post(staff.consultant, f"reviews/{review.pk}/submit/", tomorrow_plan="回访今天到店的三位客户")
    _post(staff.manager, f"reviews/{review.pk}/comment/", text="当天交车很好，请客户转介绍")
    rollup_month(store_id=store.pk, month=periods.today().replace(day=1))
    found = Fact.objects.filter(store=store, day=periods.today(), person=staff.consultant)
    figures = dict(found.values_list("kpi", "numerator"))
    assert (figures["orders_gross"], figures["retail_units"], figures["new_cards"]) == (1, 1, 1)
    freeze("2026-12-01T09:00:00+08:00")
    month_snapshot(store_id=store.pk, month=periods.today().replace(month=11))
    _closed(staff)


def _closed(staff: Staff) -> None:
    """The store answers for the month, finance closes it and takes the workbook: its totals are the rows'."""
    close = api_for(staff.sales_manager).get("/api/v1/month-closes/").json()["results"][0]
    said = dict.fromkeys(close["open_blocks"], "已与门店逐项核对")
    _post(staff.sales_manager, f"month-closes/{close['id']}/confirm/", version=close["version"], explanations=said)
    confirmed = api_for(staff.finance).get(f"/api/v1/month-closes/{close['id']}/").json()
    shut = _post(staff.finance, f"month-closes/{close['id']}/close/", version=confirmed["version"])
    assert (shut["state"], shut["figures_version"]) == ("closed", 1)
    assert shut["figures"]["figures"]["store"]["retail_units"] == ["1", None, "1"]
    answer = api_for(staff.finance).get(f"/api/v1/month-closes/{close['id']}/workbook/")
    assert "2026%E5%B9%B411%E6%9C%88" in answer["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)), data_only=True)
    cars, money = book["车辆明细"], book["收款流水"]
    invoiced = Invoice.objects.aggregate(sum=Sum("amount"))["sum"]
    received = Payment.objects.filter(status="cleared").aggregate(sum=Sum("amount"))["sum"]
    assert (invoiced, received) == (MSRP - 3000, MSRP - 3000)
    assert (total_of(cars, "开票价"), total_of(cars, "本月交车"), total_of(money, "实收合计")) == (
        invoiced,
        1,
        received,
    )


def _ordered(staff: Staff, card: Prospect, configuration: int, colour: int) -> int:
    terms = {"config": configuration, "colour": colour, "deal_price": str(MSRP - 3000)}
    deposit = {"deposit_kind": "prepayment", "deposit_amount": "5000.00", "payment_mode": "full", "buyer_name": "张伟"}
    deal = _post(staff.consultant, "deals/", prospect=card.pk, **terms, **deposit)["id"]
    _post(staff.consultant, f"deals/{deal}/submit/")
    _pay(staff, deal, "deposit", "5000.00")
    assert Deal.objects.get().status == "ordered"
    return int(deal)


def _pay(staff: Staff, deal: int, purpose: str, amount: str) -> None:
    facts = {"purpose": purpose, "method": "transfer", "amount": amount, "payer_name": "张伟"}
    _post(staff.consultant, f"deals/{deal}/payments/", **facts)
    _post(staff.cashier, f"payments/{Payment.objects.get(status='pending').pk}/clear/")


def _handed_over(staff: Staff, deal: int) -> None:
    invoice = {"number": "26362000000000000001", "amount": str(MSRP - 3000), "buyer_name": "张伟"}
    _post(staff.finance, f"deals/{deal}/invoice/", issued_on=str(periods.today()), **invoice)
    _post(staff.delivery, f"deals/{deal}/pdi/")
    for kind in DocumentKind.values:
        if kind not in (DocumentKind.PDI, DocumentKind.INVOICE):
            _post(staff.delivery, f"deals/{deal}/document/", kind=kind, state=DocumentState.IN_STORE)
    _post(staff.delivery, f"deals/{deal}/deliver/")
    assert Deal.objects.get().status == "delivered"
    assert Prospect.objects.get().grade == "D"
