"""The pages of sales through the browser's client: who sees what, refusals keep what was typed, queries do not grow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

from dealership.core import periods
from dealership.tests.clients import assert_same_query_count, count_queries
from leads.tests.builders import make_prospect
from sales.choices import DealStatus
from sales.filters import DealFilter, VehicleFilter
from sales.models import Deal, Payment, Vehicle
from sales.services import payment as payments
from sales.services.vehicle import vehicle_lock
from sales.tests import builders as build
from sales.tests.builders import Staff

LISTS = {
    "deal_list": "consultant manager sales_manager gm admin delivery cashier finance group",
    "deal_board": "consultant manager sales_manager gm admin delivery cashier finance group",
    "vehicle_list": "consultant manager sales_manager gm admin delivery finance group",
    "allocation_list": "admin",
    "delivery_list": "admin delivery",
    "payment_list": "consultant manager sales_manager gm admin cashier finance group",
    "price_list": "consultant manager sales_manager gm admin delivery finance group",
    "target_sheet": "consultant manager sales_manager gm finance group",
}


def test_lists_by_role(store: Any, staff: Staff, client_for: Any) -> None:
    for state in (DealStatus.ORDERED, DealStatus.READY, DealStatus.CANCEL_PENDING):
        build.deal_in(state, staff, store)
    for role, user in vars(staff).items():
        client = client_for(user)
        for name, readers in LISTS.items():
            answer = client.get(reverse(f"sales:{name}"))
            assert answer.status_code == (200 if role in readers.split() else 403), (name, role)


@pytest.mark.parametrize("state", DealStatus.values)
def test_the_deal_page_in_every_state_for_every_role(
    state: str, store: Any, staff: Staff, stranger: Any, client_for: Any
) -> None:
    deal = build.deal_in(state, staff, store, buyer_id_number="11010519491231002X")
    url = reverse("sales:deal_page", args=[deal.pk])
    everybody = state in (DealStatus.DRAFT, DealStatus.ALLOCATED, DealStatus.DELIVERED)
    for role, user in vars(staff).items():
        if not everybody and role not in ("consultant", "manager", "delivery", "finance"):
            continue
        answer = client_for(user).get(url)
        assert answer.status_code == 200, role
        text = answer.content.decode()
        assert "11010519491231002X" not in text
        assert "110105****002X" in text
        profits = role in ("manager", "sales_manager", "gm", "cashier", "finance", "group")
        assert ("160,000.00" in text) == (profits and deal.vehicle_id is not None), role
        assert "收款记录" in text if role != "delivery" else "收款记录" not in text
    assert client_for(stranger).get(url).status_code == 404


def test_papers_print_the_right_word(store: Any, staff: Staff, client_for: Any) -> None:
    client = client_for(staff.consultant)
    for kind, word, other in (("earnest", "双倍返还定金", "订金"), ("prepayment", "订金", "双倍返还")):
        deal = build.deal_in(DealStatus.INVOICED, staff, store, deposit_kind=kind)
        text = client.get(reverse("sales:deal_print", args=[deal.pk, "contract"])).content.decode()
        article = text[text.index("<article") :]
        assert word in article
        assert other not in article.replace("定金效力", "")
        assert store.name in article
        receipt = Payment.objects.filter(deal=deal, purpose="deposit").get()
        voucher = client.get(reverse("sales:payment_print", args=[receipt.pk])).content.decode()
        assert {"earnest": "定金", "prepayment": "订金"}[kind] in voucher[voucher.index("<article") :]
        assert client.get(reverse("sales:deal_print", args=[deal.pk, "handover"])).status_code == 200


def _terms(store: Any, **changed: Any) -> dict[str, Any]:
    return {
        "configuration": build.make_configuration(store).pk, "colour": build.make_colour(store).pk,
        "deal_price": "18.3万", "payment_mode": "full", "deposit_kind": "prepayment", "deposit_amount": "5,000",
        "buyer_name": "张伟", "line-TOTAL_FORMS": "2", "line-INITIAL_FORMS": "0", "line-0-kind": "gift",
        "line-0-name": "脚垫", "line-0-cost": "600", "line-1-kind": "", **changed,
    }  # fmt: skip


def test_the_quote_from_the_card_to_the_delivery(store: Any, staff: Staff, client_for: Any) -> None:
    card = make_prospect(staff.consultant, store)
    seller, cashier, admin = (client_for(p) for p in (staff.consultant, staff.cashier, staff.admin))
    new = reverse("sales:deal_new", args=[card.pk])
    assert seller.get(new).status_code == 200
    live = seller.post(reverse("sales:deal_quote", args=[card.pk]), _terms(store)).content.decode()
    assert "3,600.00" in live
    assert "在顾问权限内" in live
    over = seller.post(reverse("sales:deal_quote", args=[card.pk]), _terms(store, deal_price="180000"))
    assert "展厅经理审批" in over.content.decode()
    assert not Deal.objects.exists()
    seller.post(new, _terms(store))
    deal = Deal.objects.get()
    assert (deal.deal_price, deal.concession) == (Decimal(183000), Decimal(3600))

    def act(client: Any, name: str, **data: Any) -> None:
        answer = client.post(reverse("sales:deal_act", args=[deal.pk, name]), data)
        assert answer.status_code == 302, answer.content.decode()

    act(seller, "submit")
    act(seller, "register", purpose="deposit", method="cash", amount="5000", payer_name="张伟")
    act(seller, "register", purpose="deposit", method="cash", amount="178000", payer_name="张伟")
    for row in Payment.objects.order_by("id"):
        answer = cashier.post(reverse("sales:payment_act", args=[row.pk, "clear"]), {"next": "/sales/payments/?q=x"})
        assert answer.url == "/sales/payments/?q=x"
    car = build.make_vehicle(staff.admin, store)
    hint = admin.get(reverse("sales:deal_fifo", args=[deal.pk]), {"vehicle": car.pk})
    assert hint.status_code == 200
    act(admin, "allocate", vehicle=car.pk)
    finance = client_for(staff.finance)
    ordered = periods.local_date(Deal.objects.get().ordered_at)
    told = {"number": "12345678", "issued_on": str(ordered), "amount": "183000", "buyer_name": "张伟", "vin": car.vin}
    act(finance, "invoice", **told)
    hands = client_for(staff.delivery)
    act(hands, "pdi")
    one = {"kind": "keys", "state": "in_store"}
    assert hands.post(reverse("sales:deal_document", args=[deal.pk]), one).status_code == 302
    act(hands, "papers")
    act(hands, "deliver")
    act(admin, "close")
    assert Deal.objects.get().status == DealStatus.CLOSED


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"deal_price": "abc"}, "金额不正确"), ({"deal_price": "999999"}, "不能高于指导价"),
        ({"configuration": "999999"}, "选项无效"), ({"deposit_kind": "gift"}, "选项无效"),
        ({"deposit_kind": "earnest", "deposit_amount": "50000"}, "不具定金效力"),
        ({"buyer_id_number": "110105194912310021"}, "证件号码不正确"), ({"buyer_name": "张\x07伟"}, "控制字符"),
        ({"promised_on": "2020-01-01"}, "不能早于今天"), ({"promised_on": "2026-02-30"}, "日期不正确"),
        ({"line-0-cost": "-5"}, "负数"), ({"line-0-price": "10"}, "赠品不能收费"),
        ({"payment_mode": "loan"}, "贷款金额"),
    ],
)  # fmt: skip
def test_a_refused_quote_keeps_what_was_typed(
    changed: dict[str, str], told: str, store: Any, staff: Staff, client_for: Any
) -> None:
    card = make_prospect(staff.consultant, store)
    answer = client_for(staff.consultant).post(
        reverse("sales:deal_new", args=[card.pk]), _terms(store, buyer_name="张伟丽", **changed)
        if "buyer_name" not in changed else _terms(store, **changed),
    )  # fmt: skip
    text = answer.content.decode()
    assert answer.status_code == 422
    assert told in text
    assert 'value="脚垫"' in text
    assert not Deal.objects.exists()


def test_a_double_click_makes_one_deal_and_one_receipt(store: Any, staff: Staff, client_for: Any) -> None:
    card = make_prospect(staff.consultant, store)
    client = client_for(staff.consultant)
    key = "5d3f3a80-3a52-4f4c-9a35-111111111111"
    urls = {
        client.post(reverse("sales:deal_new", args=[card.pk]), _terms(store, idempotency_key=key)).url for _ in "12"
    }
    assert len(urls) == 1
    deal = Deal.objects.get()
    client.post(reverse("sales:deal_act", args=[deal.pk, "submit"]), {})
    money = {"purpose": "deposit", "method": "cash", "amount": "5000", "payer_name": "张伟", "idempotency_key": key}
    for _ in "12":
        client.post(reverse("sales:deal_act", args=[deal.pk, "register"]), money)
    assert Payment.objects.count() == 1


def test_a_refused_act_shows_the_page_with_its_form(store: Any, staff: Staff, client_for: Any) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    answer = client_for(staff.consultant).post(
        reverse("sales:deal_act", args=[deal.pk, "register"]),
        {"purpose": "balance", "method": "cash", "amount": "99999999", "payer_name": "张伟", "slip_no": "保留我"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "超出应收余额" in text
    assert "保留我" in text
    stale = client_for(staff.delivery).post(reverse("sales:deal_act", args=[deal.pk, "deliver"]), {})
    assert stale.status_code == 409
    assert client_for(staff.consultant).post(
        reverse("sales:deal_act", args=[deal.pk, "allocate"]), {"vehicle": 1}
    ).status_code in (403, 422)


def test_a_stale_draft_is_refused(store: Any, staff: Staff, client_for: Any) -> None:
    deal = build.make_deal(staff, store)
    url = reverse("sales:deal_edit", args=[deal.pk])
    client = client_for(staff.consultant)
    assert client.get(url).status_code == 200
    assert client.post(url, _terms(store, version="1", deal_price="182000")).status_code == 302
    late = client.post(url, _terms(store, version="1", deal_price="181000"))
    assert late.status_code == 409
    assert "别人刚刚改过" in late.content.decode()
    assert Deal.objects.get().deal_price == Decimal(182000)


def test_stock_pages(store: Any, staff: Staff, stranger: Any, client_for: Any) -> None:
    admin = client_for(staff.admin)
    new = reverse("sales:vehicle_new")
    told = {
        "vin": build.new_vin(), "configuration": build.make_configuration(store).pk,
        "colour": build.make_colour(store).pk, "status": "in_stock", "dealer_cost": "16万",
        "certificate_status": "in_store", "location": "A-12",
    }  # fmt: skip
    assert admin.get(new).status_code == 200
    wrong = admin.post(new, {**told, "vin": "1M8GDM9A1KP042788"})
    assert wrong.status_code == 422
    assert "校验码" in wrong.content.decode()
    assert admin.post(new, told).status_code == 302
    assert admin.post(new, told).status_code == 409
    car = Vehicle.objects.get()
    page = reverse("sales:vehicle_page", args=[car.pk])
    assert "160,000.00" not in admin.get(page).content.decode()
    assert "160,000.00" in client_for(staff.manager).get(page).content.decode()
    assert client_for(stranger).get(page).status_code == 404
    seller = client_for(staff.consultant)
    assert seller.post(reverse("sales:vehicle_act", args=[car.pk, "lock"]), {}).status_code == 302
    assert seller.post(reverse("sales:vehicle_act", args=[car.pk, "lock"]), {}).status_code == 409
    facts = {"certificate_status": "pledged", "usage": "stock", "key_count": "2", "version": "2", "dealer_cost": "1"}
    assert admin.post(reverse("sales:vehicle_act", args=[car.pk, "change"]), facts).status_code == 302
    car.refresh_from_db()
    assert (car.certificate_status, car.dealer_cost) == ("pledged", Decimal(160000))
    assert admin.post(reverse("sales:vehicle_act", args=[car.pk, "change"]), facts).status_code == 409
    assert seller.post(reverse("sales:vehicle_act", args=[car.pk, "nothing"]), {}).status_code == 404


def test_target_sheet_is_set_and_acknowledged(store: Any, staff: Staff, client_for: Any) -> None:
    url = reverse("sales:target_sheet")
    boss, me = client_for(staff.manager), client_for(staff.consultant)
    assert boss.get(url, {"edit": "1"}).status_code == 200
    name = f"t-{staff.consultant.pk}-orders"
    assert boss.post(url, {name: "1.5"}).status_code == 422
    assert boss.post(url, {name: "15"}).status_code == 302
    assert me.post(url, {name: "1"}).status_code == 403
    text = me.get(url).content.decode()
    assert "0 / 15" in text
    target = staff.consultant.targets.get()
    assert me.post(reverse("sales:target_acknowledge", args=[target.pk]), {}).status_code == 302
    assert me.get(url, {"month": "nonsense"}).status_code == 422


# The worker's heartbeat, asked once in 20 s, is one of them.
BUDGETS = {
    DealStatus.ORDERED: {
        "deal_list": ("manager", 8), "deal_board": ("manager", 8), "payment_list": ("finance", 9),
        "price_list": ("manager", 9), "allocation_list": ("admin", 8), "target_sheet": ("manager", 10),
    },
    DealStatus.INVOICED: {"vehicle_list": ("manager", 9), "delivery_list": ("delivery", 8)},
}  # fmt: skip


@pytest.mark.parametrize("state", BUDGETS)
def test_lists_ask_the_same_with_one_and_three_rows(state: str, store: Any, staff: Staff, client_for: Any) -> None:
    build.deal_in(state, staff, store)
    clients = {name: client_for(getattr(staff, who)) for name, (who, _) in BUDGETS[state].items()}

    def counts() -> dict[str, int]:
        found = {}
        for name, client in clients.items():
            address = reverse(f"sales:{name}") + ("?status=cleared" if name == "payment_list" else "")
            client.get(address)
            found[name] = count_queries(lambda c=client, a=address: c.get(a))
        return found

    one = counts()
    for _ in range(2):
        build.deal_in(state, staff, store)
    assert counts() == one
    assert {name: n for name, n in one.items() if n > BUDGETS[state][name][1]} == {}


def test_the_deal_page_asks_the_same_with_more_lines(store: Any, staff: Staff, client_for: Any) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    client, url = client_for(staff.manager), reverse("sales:deal_page", args=[deal.pk])

    def more() -> None:
        for amount in (10, 20):
            build.pay(staff, deal, amount)

    assert_same_query_count(lambda: client.get(url), more, limit=26)


def test_search_finds_by_number_name_and_vin_ending(store: Any, staff: Staff, client_for: Any) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    build.deal_in(DealStatus.ORDERED, staff, store, buyer_name="王小丫")
    client = client_for(staff.manager)
    assert deal.vehicle is not None
    for text in (deal.number, deal.vehicle.vin[-6:]):
        page = client.get(reverse("sales:deal_list"), {"q": text}).content.decode()
        assert page.count(f"/sales/deals/{deal.pk}/") == 2
        assert "王小丫" not in page
    cars = client.get(reverse("sales:vehicle_list"), {"q": deal.vehicle.vin[-6:]}).content.decode()
    assert deal.vehicle.vin[-6:] in cars
    vehicle_lock(by=staff.consultant, vehicle_id=build.make_vehicle(staff.admin, store).pk)
    assert "李明" in client.get(reverse("sales:vehicle_list")).content.decode()


def test_a_receipt_is_withdrawn_by_its_seller_until_it_is_cleared(
    store: Any, staff: Staff, client_for: Any, api_for: Any
) -> None:
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    first, second, third = (build.pay(staff, deal, amount, "deposit", clear=False) for amount in (1000, 2000, 3000))
    seller, url = client_for(staff.consultant), reverse("sales:payment_page", args=[first.pk])
    act = reverse("sales:payment_act", args=[first.pk, "withdraw"])
    assert act in seller.get(url).text
    assert act not in client_for(staff.cashier).get(url).text
    answer = seller.post(act, {})
    assert (answer.status_code, "请勾选确认后再撤回" in answer.text) == (422, True)
    assert "已撤回" in seller.post(act, {"sure": "on"}, follow=True).text
    again = seller.post(act, {"sure": "on"})
    assert (again.status_code, "请勿重复操作" in again.text) == (409, True)
    taken = api_for(staff.consultant).post(f"/api/v1/payments/{second.pk}/withdraw/", {}, format="json")
    assert (taken.status_code, taken.data["status"]) == (200, "withdrawn")
    payments.payment_clear(by=staff.cashier, payment_id=third.pk)
    late = api_for(staff.consultant).post(f"/api/v1/payments/{third.pk}/withdraw/", {}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "already_cleared")
    assert "请财务冲销后重新登记" in late.json()["detail"]


def test_filters_offer_what_their_fields_take(store: Any, other_store: Any, staff: Staff) -> None:
    """The choices of a select come from one statement of their own; they name the rows the field would accept."""
    build.deal_in(DealStatus.ALLOCATED, staff, store)
    request = RequestFactory().get("/")
    request.user = staff.group
    for kind in (DealFilter, VehicleFilter):
        form = kind({}, request=request).form
        for name in {"store", "owner", "configuration", "colour"} & form.fields.keys():
            field: Any = form.fields[name]
            found = [(row.pk, str(row)) for row in field.queryset]
            assert found
            assert sorted(list(field.widget.choices)[1:]) == sorted(found)
