"""Deals, cars, money."""

from __future__ import annotations

from decimal import Decimal

from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.matrix import CANARY, PAYLOAD, READ_WRITE, WRITE, Url, World, pages
from leads.models import Prospect
from sales.choices import DepositKind
from sales.services.deal import deal_create, deal_submit
from sales.services.payment import payment_register
from sales.tests.builders import MSRP, make_colour, make_configuration, make_vehicle

DEAL = {"row": "deal", "resource": "deal", "kwarg": "deal_id"}
CARD = {"row": "prospect", "resource": "prospect", "kwarg": "prospect_id"}
CAR = {"row": "vehicle", "resource": "vehicle", "kwarg": "vehicle_id"}
PAYMENT = {"row": "payment", "resource": "payment", "kwarg": "payment_id"}
# A list of rows the role does not reach may refuse instead of being empty.
MAY_REFUSE = frozenset({403, 404})
# What may be done with a row depends on its state and on whose it is.
BY_STATE = frozenset({403})

API_DEAL = {"row": "deal", "resource": "deal", "early": frozenset({400}), "also": BY_STATE}
API_CAR = {"row": "vehicle", "resource": "vehicle", "early": frozenset({400}), "also": BY_STATE}
API_PAYMENT = {"row": "payment", "resource": "payment", "early": frozenset({400}), "also": BY_STATE}
API_PAYMENT_ACTS = ("clear", "reject", "reverse", "reconcile")
API_DEAL_ACTS = ("submit", "recall", "allocate", "release", "loan", "invoice", "pdi", "document", "deliver", "cancel")

URLS = {
    "api-deal-list": Url(READ_WRITE, act="deal.create", also=MAY_REFUSE, early=frozenset({400})),
    "api-deal-one": Url(("GET", "PATCH"), **API_DEAL),
    **pages(*(f"api-deal-{act}" for act in API_DEAL_ACTS), methods=WRITE, **API_DEAL),
    "api-deal-payments": Url(READ_WRITE, **API_DEAL),
    "api-payment-list": Url(also=MAY_REFUSE),
    "api-payment-one": Url(**API_PAYMENT),
    **pages(*(f"api-payment-{act}" for act in API_PAYMENT_ACTS), methods=WRITE, **API_PAYMENT),
    "api-vehicle-list": Url(READ_WRITE, act="vehicle.manage", also=MAY_REFUSE, early=frozenset({400})),
    "api-vehicle-one": Url(("GET", "PATCH"), **API_CAR),
    **pages("api-vehicle-lock", "api-vehicle-release", methods=WRITE, **API_CAR),
    "api-target-list": Url(("GET", "PUT"), also=MAY_REFUSE),
    "api-target-acknowledge": Url(WRITE, kwargs={"pk": 999_999_999}, also=MAY_REFUSE),
    **pages("sales:deal_list", "sales:deal_board", "sales:vehicle_list", "sales:payment_list", also=MAY_REFUSE),
    "sales:deal_new": Url(READ_WRITE, view="deal.create", act="deal.create", **CARD),
    "sales:deal_quote": Url(READ_WRITE, also=MAY_REFUSE, **CARD),
    "sales:deal_page": Url(**DEAL),
    "sales:deal_edit": Url(READ_WRITE, view="deal.change", act="deal.change", also=BY_STATE, **DEAL),
    "sales:deal_act": Url(READ_WRITE, kwargs={"act": "submit"}, also=BY_STATE, **DEAL),
    "sales:deal_document": Url(WRITE, also=BY_STATE, **DEAL),
    "sales:deal_fifo": Url(also=MAY_REFUSE, **DEAL),
    "sales:deal_print": Url(kwargs={"paper": "contract"}, also=MAY_REFUSE, **DEAL),
    "sales:vehicle_new": Url(READ_WRITE, view="vehicle.manage", act="vehicle.manage"),
    "sales:vehicle_page": Url(**CAR),
    "sales:vehicle_act": Url(READ_WRITE, kwargs={"act": "lock"}, also=BY_STATE, **CAR),
    "sales:allocation_list": Url(view="vehicle.allocate"),
    "sales:delivery_list": Url(view="deal.documents"),
    "sales:price_list": Url(READ_WRITE, act="price.change", also=MAY_REFUSE),
    "sales:payment_page": Url(**PAYMENT),
    "sales:payment_act": Url(READ_WRITE, kwargs={"act": "clear"}, also=BY_STATE, **PAYMENT),
    "sales:payment_print": Url(also=BY_STATE, **PAYMENT),
    "sales:refund_pay": Url(WRITE, kwargs={"refund_id": 999_999_999}, also=MAY_REFUSE),
    "sales:target_sheet": Url(READ_WRITE, also=MAY_REFUSE),
    "sales:target_acknowledge": Url(WRITE, kwargs={"target_id": 999_999_999}, also=MAY_REFUSE),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """A deal waiting for its deposit on each card of the customers' rows, a receipt, and a car in each store."""
    deals: dict[str, int] = {}
    payments: dict[str, int] = {}
    cars: dict[str, int] = {}
    for place, key in (("own", "consultant"), ("team", "colleague"), ("other", "stranger")):
        store = world.other_store if place == "other" else world.store
        card = Prospect.objects.get(pk=world.rows["prospect"][place])
        deals[place] = deal_create(
            by=world.user(key), prospect_id=card.pk, configuration_id=make_configuration(store).pk,
            colour_id=make_colour(store).pk, deal_price=MSRP - Decimal(3000), deposit_kind=DepositKind.PREPAYMENT,
            deposit_amount=Decimal(5000), buyer_name=CANARY if place == "other" else PAYLOAD,
        ).pk  # fmt: skip
        deal_submit(by=world.user(key), deal_id=deals[place])
        payments[place] = payment_register(
            by=world.user(key), deal_id=deals[place], purpose="deposit", method="transfer", amount=Decimal(5000),
            payer_name=CANARY if place == "other" else PAYLOAD,
        ).pk  # fmt: skip
        keeper = make_person(Role.SALES_ADMIN, store, name=f"内勤{place}")
        cars[place] = make_vehicle(keeper, store).pk
    return {"deal": deals, "payment": payments, "vehicle": cars}
