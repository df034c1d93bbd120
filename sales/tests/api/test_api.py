"""The public API of sales: the contract's calls, the same refusals, nothing that the page would not show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dealership.core import periods
from dealership.tests.clients import assert_same_query_count
from leads.tests.builders import make_prospect
from sales.choices import DealStatus, DocumentKind
from sales.models import Deal, Payment, Target, Vehicle
from sales.tests import builders as build
from sales.tests.builders import Staff

KEY = "5d3f3a80-3a52-4f4c-9a35-222222222222"


def _quote(store: Any, card: Any, **changed: Any) -> dict[str, Any]:
    return {
        "prospect": card.pk, "config": build.make_configuration(store).pk, "deal_price": "183000.00",
        "lines": [{"kind": "gift", "name": "脚垫", "cost": "600.00"}], "deposit_kind": "prepayment",
        "promised_on": str(periods.today()), **changed,
    }  # fmt: skip


def test_a_deal_from_quote_to_delivery(store: Any, staff: Staff, api_for: Any) -> None:
    seller, cashier, desk = api_for(staff.consultant), api_for(staff.cashier), api_for(staff.admin)
    finance, hands = api_for(staff.finance), api_for(staff.delivery)
    card = make_prospect(staff.consultant, store)
    made = seller.post("/api/v1/deals/", _quote(store, card), format="json", headers={"Idempotency-Key": KEY})
    assert made.status_code == 201, made.data
    again = seller.post("/api/v1/deals/", _quote(store, card), format="json", headers={"Idempotency-Key": KEY})
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (200, "true")
    assert again.data["id"] == made.data["id"]
    url = f"/api/v1/deals/{made.data['id']}/"

    def post(client: Any, name: str, **body: Any) -> Any:
        answer = client.post(f"{url}{name}/", body, format="json")
        assert answer.status_code in (200, 201), (name, answer.data)
        return answer.data

    assert post(seller, "submit")["status"] == DealStatus.PENDING_DEPOSIT
    deposit = post(seller, "payments", purpose="deposit", method="cash", amount="5000.00")
    assert (deposit["status"], deposit["payer_name"]) == ("pending", "张伟")
    cleared = cashier.post(f"/api/v1/payments/{deposit['id']}/clear/", {}, format="json")
    assert cleared.data["receipt_no"] == f"A-SJ{periods.today():%Y%m%d}-0001"
    car = build.make_vehicle(staff.admin, store)
    assert post(desk, "allocate", vehicle=car.pk)["vin"] == car.vin
    rest = post(seller, "payments", purpose="balance", method="transfer", amount="178000.00")
    cashier.post(f"/api/v1/payments/{rest['id']}/clear/", {}, format="json")
    bill = {"number": "12345678", "issued_on": str(periods.today()), "amount": "183000.00", "buyer_name": "张伟"}
    assert post(finance, "invoice", **bill)["status"] == DealStatus.INVOICED
    post(hands, "pdi")
    for kind in DocumentKind.values:
        post(hands, "document", kind=kind, state="in_store")
    last = post(hands, "deliver")
    assert (last["status"], last["outstanding"]) == (DealStatus.DELIVERED, "0.00")
    assert "invoiced_cost" not in last
    assert finance.get(url).data["invoiced_cost"] == "160000.00"
    rows = seller.get(f"{url}payments/").data["results"]
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal(183000)


def test_cost_is_for_profit_roles_and_identity_is_masked(store: Any, staff: Staff, api_for: Any) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store, buyer_id_number="11010519491231002X")
    for role, sees in (("consultant", False), ("admin", False), ("manager", True), ("finance", True)):
        client = api_for(getattr(staff, role))
        car = client.get(f"/api/v1/vehicles/{deal.vehicle_id}/").data
        assert ("dealer_cost" in car, "rebate" in car) == (sees, sees)
        listed = client.get("/api/v1/vehicles/").data["results"][0]
        assert ("dealer_cost" in listed) == sees
        answer = client.get(f"/api/v1/deals/{deal.pk}/")
        assert answer.data["buyer_id_number"] == "110105****002X"
        assert "11010519491231002X" not in answer.content.decode()


def test_reach_and_rights(store: Any, staff: Staff, stranger: Any, person: Any, api_for: Any) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    receipt = Payment.objects.get()
    colleague = person("sales_consultant", store)
    for user in (stranger, colleague):
        client = api_for(user)
        assert client.get("/api/v1/deals/").data["results"] == []
        for path in (f"deals/{deal.pk}/", f"payments/{receipt.pk}/", f"deals/{deal.pk}/payments/"):
            assert client.get(f"/api/v1/{path}").status_code == 404
        body = {"reason": "family"}
        assert client.post(f"/api/v1/deals/{deal.pk}/cancel/", body, format="json").status_code == 404
    refused = api_for(staff.consultant).post(
        f"/api/v1/payments/{receipt.pk}/reverse/", {"reason": "错了"}, format="json"
    )
    assert (refused.status_code, refused.data["code"]) == (403, "not_allowed")
    assert api_for(person("receptionist", store)).get("/api/v1/deals/").status_code == 403


def test_refusals_have_one_shape(store: Any, staff: Staff, api_for: Any) -> None:
    client = api_for(staff.consultant)
    card = make_prospect(staff.consultant, store)
    for changed, status in (
        ({"deal_price": "abc"}, 400), ({"deal_price": "-1"}, 400), ({"deal_price": "186000.01"}, 422),
        ({"deposit_kind": "x"}, 400), ({"config": 999999}, 404), ({"prospect": 999999}, 404),
        ({"lines": [{"kind": "gift"}]}, 422), ({"lines": [{"kind": "gift", "cost": "1e400"}]}, 400),
        ({"promised_on": "2026-02-30"}, 400),
    ):  # fmt: skip
        answer = client.post("/api/v1/deals/", _quote(store, card, **changed), format="json")
        assert answer.status_code == status, (changed, answer.data)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "code", "detail", "fields"} <= set(answer.data)
    bad_key = client.post(
        "/api/v1/deals/", _quote(store, card), format="json", headers={"Idempotency-Key": "not-a-uuid"}
    )
    assert bad_key.status_code == 400
    assert not Deal.objects.exists()


def test_a05_a_foreign_card_car_or_person_is_not_taken(
    store: Any, other_store: Any, staff: Staff, person: Any, api_for: Any
) -> None:
    outsider = person("sales_consultant", other_store)
    foreign = make_prospect(outsider, other_store)
    client = api_for(staff.consultant)
    assert client.post("/api/v1/deals/", _quote(store, foreign), format="json").status_code == 404
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    desk = person("sales_admin", other_store)
    car = build.make_vehicle(desk, other_store)
    refused = api_for(staff.admin).post(f"/api/v1/deals/{deal.pk}/allocate/", {"vehicle": car.pk}, format="json")
    assert refused.status_code == 404
    sheet = {"month": f"{periods.today():%Y-%m}", "rows": [{"person": outsider.pk, "kind": "orders", "value": "3"}]}
    assert api_for(staff.manager).put("/api/v1/targets/", sheet, format="json").status_code == 422
    assert not Target.objects.exists()


def test_a06_protected_fields_cannot_be_written(store: Any, staff: Staff, api_for: Any) -> None:
    card = make_prospect(staff.consultant, store)
    client = api_for(staff.consultant)
    extra = {
        "status": "delivered", "number": "X-1", "owner": staff.manager.pk, "store": 999, "msrp": "1.00",
        "concession": "0.00", "approved_level": 4, "ordered_at": "2026-01-01T00:00:00+08:00", "vehicle": 1,
        "created_by": staff.gm.pk, "contract_amount": "1.00",
    }  # fmt: skip
    deal = Deal.objects.get(
        pk=client.post("/api/v1/deals/", {**_quote(store, card), **extra}, format="json").data["id"]
    )
    assert (deal.status, deal.number, deal.owner, deal.msrp) == ("draft", None, staff.consultant, build.MSRP)
    assert (deal.approved_level, deal.ordered_at, deal.vehicle_id, deal.created_by) == (
        None,
        None,
        None,
        staff.consultant,
    )
    before = Deal.objects.filter(pk=deal.pk).values(*extra).get()
    changed = client.patch(f"/api/v1/deals/{deal.pk}/", {"version": 1, **extra}, format="json")
    assert changed.status_code == 200
    assert Deal.objects.filter(pk=deal.pk).values(*extra).get() == before
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    body = {"purpose": "deposit", "method": "cash", "amount": "5000", "status": "cleared", "cleared_by": 1}
    row = client.post(f"/api/v1/deals/{deal.pk}/payments/", body, format="json").data
    assert (row["status"], row["cleared_by"], row["receipt_no"]) == ("pending", None, None)
    car = build.make_vehicle(staff.admin, store)
    body = {"version": car.version, "location": "B-1", "status": "delivered", "vin": build.new_vin(), "store": 9}
    assert api_for(staff.admin).patch(f"/api/v1/vehicles/{car.pk}/", body, format="json").status_code == 200
    fresh = Vehicle.objects.get(pk=car.pk)
    assert (fresh.location, fresh.status, fresh.vin, fresh.store_id) == ("B-1", "in_stock", car.vin, store.pk)


def test_updates_need_the_present_version(store: Any, staff: Staff, api_for: Any) -> None:
    deal = build.make_deal(staff, store)
    client = api_for(staff.consultant)
    url = f"/api/v1/deals/{deal.pk}/"
    assert client.patch(url, {"deal_price": "182000.00"}, format="json").status_code == 400
    assert client.patch(url, {"deal_price": "182000.00", "version": 1}, format="json").status_code == 200
    late = client.patch(url, {"deal_price": "181000.00", "version": 1}, format="json")
    assert (late.status_code, late.data["code"], late.data["current"]["version"]) == (409, "stale", 2)


def test_vehicles_are_received_locked_and_filtered(store: Any, staff: Staff, api_for: Any) -> None:
    desk, seller = api_for(staff.admin), api_for(staff.consultant)
    body = {
        "vin": build.new_vin(), "configuration": build.make_configuration(store).pk,
        "colour": build.make_colour(store).pk, "status": "in_stock", "dealer_cost": "160000.00",
    }  # fmt: skip
    made = desk.post("/api/v1/vehicles/", body, format="json")
    assert made.status_code == 201, made.data
    assert "dealer_cost" not in made.data
    assert desk.post("/api/v1/vehicles/", body, format="json").data["code"] == "vin_exists"
    assert seller.post("/api/v1/vehicles/", body, format="json").status_code == 403
    url = f"/api/v1/vehicles/{made.data['id']}/"
    locked = seller.post(f"{url}lock/", {}, format="json")
    assert (locked.data["status"], locked.data["locked_by"]) == ("locked", staff.consultant.pk)
    assert desk.post(f"{url}lock/", {}, format="json").status_code == 409
    assert seller.post(f"{url}release/", {}, format="json").data["status"] == "in_stock"
    assert len(seller.get("/api/v1/vehicles/", {"q": made.data["vin"][-6:]}).data["results"]) == 1
    assert seller.get("/api/v1/vehicles/", {"status": "damaged"}).data["results"] == []
    assert seller.get("/api/v1/vehicles/", {"status": "nonsense"}).status_code == 400


def test_targets_over_the_api(store: Any, staff: Staff, api_for: Any) -> None:
    boss, me = api_for(staff.manager), api_for(staff.consultant)
    month = f"{periods.today():%Y-%m}"
    rows = [{"person": staff.consultant.pk, "kind": "orders", "value": "15"}]
    wrong = boss.put("/api/v1/targets/", {"month": month, "rows": rows, "totals": {"orders": "16"}}, format="json")
    assert (wrong.status_code, wrong.data["code"]) == (422, "sum_differs")
    made = boss.put("/api/v1/targets/", {"month": month, "rows": rows, "totals": {"orders": "15"}}, format="json")
    assert made.status_code == 200
    assert me.put("/api/v1/targets/", {"month": month, "rows": rows}, format="json").status_code == 403
    listed = me.get("/api/v1/targets/", {"month": month}).data["results"]
    assert [(row["month"], row["value"], row["acknowledged_at"]) for row in listed] == [(month, "15.00", None)]
    url = f"/api/v1/targets/{listed[0]['id']}/acknowledge/"
    assert boss.post(url, {}, format="json").status_code == 403
    assert me.post(url, {}, format="json").data["acknowledged_at"] is not None
    assert me.get("/api/v1/targets/", {"month": "x"}).status_code == 422


@pytest.mark.parametrize("path", ["deals", "vehicles", "payments"])
def test_lists_ask_the_same_with_one_and_three_rows(path: str, store: Any, staff: Staff, api_for: Any) -> None:
    build.deal_in(DealStatus.ALLOCATED, staff, store)
    client = api_for(staff.manager)

    def more() -> None:
        build.deal_in(DealStatus.ALLOCATED, staff, store)
        build.deal_in(DealStatus.ALLOCATED, staff, store)

    assert_same_query_count(lambda: client.get(f"/api/v1/{path}/"), more, limit=6)


def test_a04_ordering_and_unknown_filters_are_not_an_oracle(store: Any, staff: Staff, api_for: Any) -> None:
    build.deal_in(DealStatus.ORDERED, staff, store)
    client = api_for(staff.consultant)
    plain = client.get("/api/v1/deals/").data["results"]
    for query in (
        {"ordering": "-buyer_id_number"},
        {"owner__password__startswith": "a"},
        {"ordering": "owner__password"},
    ):
        assert client.get("/api/v1/deals/", query).data["results"] == plain
