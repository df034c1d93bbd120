"""What a page offers, the API offers: the rarer acts of a deal, refunds, catalogue, prices, the day's count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.core import periods
from dealership.tests.clients import assert_same_query_count
from leads.tests.builders import make_prospect
from sales.choices import DealStatus
from sales.models import Colour, Configuration, Deal, Invoice, Payment, PriceEntry, Refund
from sales.tests import builders as build
from sales.tests.builders import Staff
from sales.views.deal_acts import DEAL_ACTS
from sales.views.payment import PAYMENT_ACTS
from sales.views.vehicle import VEHICLE_ACTS

KEY = "5d3f3a80-3a52-4f4c-9a35-333333333333"
# Acts of a page whose call has another name.
NAMES = {
    "register": "payments", "below_cost": "below-cost", "ask_red": "ask-red", "red": "invoice-red",
    "change": "one",
}  # fmt: skip


def _post(client: Any, path: str, key: str = "", **body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, format="json", headers={"Idempotency-Key": key} if key else {})


def test_every_act_of_a_page_has_its_call() -> None:
    from sales.api.urls import urlpatterns

    named = {pattern.name for pattern in urlpatterns}
    wanted = {f"api-deal-{NAMES.get(name, name)}" for name in DEAL_ACTS}
    wanted |= {f"api-vehicle-{NAMES.get(name, name)}" for name in VEHICLE_ACTS}
    wanted |= {f"api-payment-{name}" for name in PAYMENT_ACTS}
    assert wanted - named == set()


def test_a_red_invoice_and_a_refund_over_the_api(store: Any, staff: Staff, api_for: Any) -> None:
    deal = build.deal_in(DealStatus.READY, staff, store)
    seller, boss, gm, finance = (api_for(p) for p in (staff.consultant, staff.sales_manager, staff.gm, staff.finance))
    url, red = f"deals/{deal.pk}/", {"number": "87654321", "issued_on": str(periods.today())}
    early = _post(finance, f"{url}invoice-red/", **red)
    assert (early.status_code, early.data["code"]) == (422, "red_not_approved")
    assert _post(finance, f"{url}ask-red/", reason="客户退车").status_code == 403
    for replay in (None, "true"):
        asked = _post(seller, f"{url}ask-red/", KEY, reason="客户退车")
        assert (asked.status_code, asked.headers.get("Idempotent-Replay")) == (200, replay)
    [request] = [row for row in asked.data["approvals"] if row["kind"] == "deal_red"]
    assert _post(gm, f"approvals/{request['id']}/decide/", decision="approve").status_code == 200
    assert _post(finance, f"{url}invoice-red/", version=1, **red).data["code"] == "stale"
    for replay in (None, "true"):
        issued = _post(finance, f"{url}invoice-red/", KEY, **red)
        assert (issued.data["status"], issued.headers.get("Idempotent-Replay")) == (DealStatus.PAID, replay)
    assert Invoice.objects.filter(deal=deal, is_red=True).count() == 1
    assert _post(seller, f"{url}cancel/", reason="car_delayed", seller_caused=True).status_code == 200
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    receipt = Payment.objects.get(deal=deal, purpose="deposit")
    assert _post(seller, f"payments/{receipt.pk}/refund/", amount="9999999.00", reason="退订").status_code == 422
    first, again = (
        _post(seller, f"payments/{receipt.pk}/refund/", KEY, amount="5000.00", reason="客户退订") for _ in "12"
    )
    assert (first.status_code, again.status_code, first.data["id"]) == (201, 200, again.data["id"])
    refund = f"refunds/{first.data['id']}/"
    cashier = api_for(staff.cashier)
    assert _post(cashier, f"{refund}pay/").status_code == 409
    assert _post(seller, f"{refund}decide/", decision="approve").status_code == 403
    assert _post(api_for(staff.manager), f"{refund}decide/", decision="approve").status_code == 403
    assert _post(boss, f"{refund}decide/", decision="approve").data["status"] == "approved"
    assert _post(boss, f"{refund}decide/", decision="approve").status_code == 409
    assert _post(boss, f"{refund}pay/").status_code == 403
    paid = _post(cashier, f"{refund}pay/", slip_no="T1")
    assert (paid.data["status"], Payment.objects.get(pk=paid.data["paid_row"]).amount) == ("paid", -5000)
    assert [row["id"] for row in cashier.get("/api/v1/refunds/", {"status": "paid"}).data["results"]] == [
        first.data["id"]
    ]
    assert Refund.objects.count() == 1


def test_below_cost_exception_papers_and_filing(store: Any, staff: Staff, stranger: Any, api_for: Any) -> None:
    seller, desk, gm = api_for(staff.consultant), api_for(staff.admin), api_for(staff.gm)
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    dear = build.make_vehicle(staff.admin, store, dealer_cost=build.MSRP)
    assert _post(desk, f"deals/{deal.pk}/allocate/", vehicle=dear.pk).status_code == 200
    assert _post(desk, f"deals/{deal.pk}/below-cost/", reason="清库").status_code == 403
    for _ in "12":
        asked = _post(seller, f"deals/{deal.pk}/below-cost/", KEY, reason="清库")
        assert [row["kind"] for row in asked.data["approvals"]] == ["deal_price"]
    build.approve(staff.group, "deal_price", deal.pk)
    assert _post(seller, f"deals/{deal.pk}/below-cost/", reason="再来").status_code == 409

    other = build.deal_in(DealStatus.INVOICED, staff, store)
    url = f"deals/{other.pk}/"
    build.deals.deal_pdi(by=staff.delivery, deal_id=other.pk)
    for path in ("exception", "papers", "close", "void", "promise", "ask-red", "invoice-red", "below-cost"):
        assert _post(api_for(stranger), f"{url}{path}/").status_code == 404, path
    assert _post(desk, f"{url}exception/", reason="客户急用车").status_code == 403
    assert _post(gm, f"{url}exception/", reason="急").status_code == 422
    signed = _post(gm, f"{url}exception/", reason="客户急用车")
    assert Deal.objects.get(pk=other.pk).delivery_exception_by == staff.gm
    assert _post(desk, f"{url}papers/", version=1).data["code"] == "stale"
    ready = _post(desk, f"{url}papers/", version=signed.data["version"])
    assert (ready.data["status"], set(ready.data["documents"].values())) == (DealStatus.READY, {"in_store"})
    assert _post(desk, f"{url}close/").status_code == 409
    build.deals.deal_deliver(by=staff.delivery, deal_id=other.pk)
    assert _post(seller, f"{url}close/").status_code == 403
    assert _post(desk, f"{url}close/").data["status"] == DealStatus.CLOSED


def test_quote_promise_void_and_the_word_of_the_deposit(store: Any, staff: Staff, api_for: Any) -> None:
    seller = api_for(staff.consultant)
    card = make_prospect(staff.consultant, store)
    terms = {"config": build.make_configuration(store).pk, "deal_price": "183000.00", "deposit_kind": "earnest"}
    quote = _post(seller, f"prospects/{card.pk}/quote/", **terms, deposit_amount="5000.00")
    assert (quote.data["concession"], quote.data["approver"], quote.data["purchase_tax"]) == (
        "3000.00", "", "16194.69",
    )  # fmt: skip
    assert not Deal.objects.exists()
    made = _post(seller, "deals/", prospect=card.pk, **terms)
    url = f"deals/{made.data['id']}/"
    assert _post(seller, f"{url}submit/").data["status_label"] == "待收定金"
    day = str(periods.today() + dt.timedelta(days=20))
    assert _post(seller, f"{url}promise/", promised_on=day, reason="").status_code == 400
    moved = _post(seller, f"{url}promise/", promised_on=day, reason="客户要求延后", version=2)
    assert (moved.data["promised_on"], moved.data["history"][0]["note"]) == (day, "客户要求延后")
    assert _post(seller, f"{url}promise/", promised_on=day, reason="再改", version=2).data["code"] == "stale"
    assert _post(seller, f"{url}void/", reason="客户改主意").data["status"] == DealStatus.VOID
    soft = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    assert seller.get(f"/api/v1/deals/{soft.pk}/").data["status_label"] == "待收订金"


def test_stock_acts_and_candidates(store: Any, staff: Staff, api_for: Any) -> None:
    desk = api_for(staff.admin)
    car = build.make_vehicle(staff.admin, store)
    assert _post(desk, f"vehicles/{car.pk}/damage/", note="右门划伤").data["status"] == "damaged"
    assert _post(desk, f"vehicles/{car.pk}/arrive/").status_code == 409
    assert _post(api_for(staff.consultant), f"vehicles/{car.pk}/repair/").status_code == 403
    assert _post(desk, f"vehicles/{car.pk}/repair/").data["status"] == "in_stock"
    older = build.make_vehicle(staff.admin, store, arrived_on=periods.today() - dt.timedelta(days=50))
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    rows = desk.get(f"/api/v1/deals/{deal.pk}/candidates/").data["results"]
    assert [row["vehicle"] for row in rows] == [older.pk, car.pk]
    assert (rows[0]["warning"], "到库更早" in rows[1]["warning"]) == ("", True)


def test_the_catalogue_over_the_api(store: Any, staff: Staff, api_for: Any) -> None:
    boss, seller = api_for(staff.sales_manager), api_for(staff.consultant)
    brand = {"brand_id": store.brand_id}
    series = _post(boss, "catalogue/series/", KEY, name=" 远景X9 ", body="suv", is_nev=True, **brand)
    assert (series.status_code, series.data["name"]) == (201, "远景X9")
    assert _post(boss, "catalogue/series/", KEY, name="远景X9", **brand).status_code == 200
    assert _post(boss, "catalogue/series/", name="远景X9", **brand).data["code"] == "name_exists"
    assert _post(boss, "catalogue/series/", name="X", brand_id=999999).status_code == 404
    assert _post(seller, "catalogue/series/", name="X", **brand).status_code == 403
    trim = _post(boss, "catalogue/configurations/", series=series.data["id"], name="2.0T 旗舰版").data
    colour = _post(boss, "catalogue/colours/", name="曜石黑", **brand).data
    for path, row, model in (("configurations", trim, Configuration), ("colours", colour, Colour)):
        url = f"/api/v1/catalogue/{path}/{row['id']}/"
        assert seller.patch(url, {"version": 1, "name": "新名"}, format="json").status_code == 403
        assert boss.patch(url, {"name": "新名"}, format="json").status_code == 400
        assert boss.patch(url, {"version": 1, "name": "  "}, format="json").status_code == 400
        assert boss.patch(url, {"version": 1, "name": "新名"}, format="json").data["version"] == 2
        late = boss.patch(url, {"version": 1, "is_active": False}, format="json")
        assert (late.status_code, late.data["current"]["name"]) == (409, "新名")
        assert boss.patch(url, {"version": 2, "is_active": False}, format="json").status_code == 200
        assert not model.objects.get(pk=row["id"]).is_active
        assert boss.delete(url).status_code == 405
    price = {"msrp": "200000.00", "consultant_authority": "3000.00"}
    soon = str(periods.today() + dt.timedelta(days=5))
    coming = _post(boss, "prices/", configuration=trim["id"], effective_from=soon, **price)
    assert coming.status_code == 201
    assert _post(seller, f"prices/{coming.data['id']}/withdraw/").status_code == 403
    assert _post(boss, f"prices/{coming.data['id']}/withdraw/").status_code == 204
    now = _post(boss, "prices/", configuration=trim["id"], effective_from=str(periods.today()), **price)
    assert _post(boss, f"prices/{now.data['id']}/withdraw/").data["code"] == "price_in_force"
    assert PriceEntry.objects.filter(configuration_id=trim["id"]).count() == 1


def test_the_days_count_over_the_api(store: Any, staff: Staff, api_for: Any) -> None:
    build.deal_in(DealStatus.ORDERED, staff, store)
    cashier, finance = api_for(staff.cashier), api_for(staff.finance)
    day = str(periods.today())
    figures = cashier.get("/api/v1/day-closes/figures/", {"day": day}).data["results"]
    assert {row["method"]: row["booked"] for row in figures if row["count"]} == {"transfer": "5000.00"}
    wrong = _post(cashier, "day-closes/", day=day, lines=[{"method": "transfer", "counted": "4999.00"}])
    assert (wrong.status_code, list(wrong.data["fields"])) == (422, ["reason_transfer"])
    lines = [{"method": "transfer", "counted": "5000.00"}]
    first, again = (_post(cashier, "day-closes/", KEY, day=day, lines=lines) for _ in "12")
    assert (first.status_code, again.status_code, again.data["revision"]) == (201, 200, 1)
    url = f"day-closes/{first.data['id']}/"
    assert api_for(staff.consultant).get(f"/api/v1/{url}").status_code == 404
    assert _post(cashier, f"{url}confirm/").status_code == 403
    assert _post(finance, f"{url}confirm/", version=9).status_code == 409
    done = _post(finance, f"{url}confirm/", version=1)
    assert (done.data["state"], done.data["lines"][0]["difference"]) == ("confirmed", "0.00")

    def more() -> None:
        for _ in "12":
            _post(cashier, "day-closes/", day=day, lines=lines, note="更正")

    assert_same_query_count(lambda: finance.get("/api/v1/day-closes/"), more, limit=8)
