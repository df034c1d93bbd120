"""Deals, cars, money, catalogue: what each address answers to each role."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import decide
from dealership.core import periods
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.matrix import CANARY, HANDS_OFF, PAYLOAD, READ_WRITE, WRITE, Url, World, pages
from leads.models import Prospect
from leads.tests.builders import make_prospect
from sales.choices import DepositKind
from sales.models import PriceEntry
from sales.services.day_close import day_close_submit
from sales.services.deal import deal_cancel_request, deal_create, deal_submit
from sales.services.payment import payment_clear, payment_register, refund_request
from sales.services.target import targets_set
from sales.tests.builders import MSRP, make_colour, make_configuration, make_vehicle

# What an act needs beside the right body; a deal's own acts count on one's own deals or with `deal.change_any`.
HAND = {"hand": "deal.change_any"}
WHY: dict[str, Any] = {"reason": "客户要求"}
DAY = str(periods.today())
INVOICE = {"number": "12345678", "issued_on": DAY, "amount": "183000.00", "buyer_name": "张伟"}
MONEY = {"purpose": "balance", "method": "cash", "amount": "1.00", "payer_name": "张伟"}
API_ACTS: dict[str, dict[str, Any]] = {
    "submit": {"act": "deal.submit", **HAND},
    "recall": {"act": "deal.change", "data": WHY, **HAND},
    "promise": {"act": "deal.change", "data": {**WHY, "promised_on": "2099-01-01"}, **HAND},
    "allocate": {"act": "vehicle.allocate", "refs": {"vehicle": "vehicle"}},
    "release": {"act": "vehicle.allocate", "data": WHY},
    "loan": {"act": "deal.settle"},
    "below-cost": {"act": "deal.submit", "data": WHY, **HAND},
    "invoice": {"act": "invoice.issue", "data": INVOICE},
    "ask-red": {"act": "deal.cancel", "data": WHY, **HAND},
    "invoice-red": {"act": "invoice.issue", "data": INVOICE},
    "pdi": {"act": "delivery.prepare"},
    "papers": {"act": "deal.documents"},
    "document": {"act": "deal.documents", "data": {"kind": "keys", "state": "in_store"}},
    "exception": {"act": "delivery.exception", "data": WHY},
    "deliver": {"act": "delivery.complete"},
    "close": {"act": "deal.documents"},
    "cancel": {"act": "deal.cancel", "data": {"reason": "family"}, **HAND},
    "void": {"act": "deal.cancel", "data": WHY, **HAND},
}
API_CAR_ACTS: dict[str, dict[str, Any]] = {
    "lock": {"act": "vehicle.lock"},
    "release": {"act": "vehicle.lock"},
    "arrive": {"act": "vehicle.manage"},
    "damage": {"act": "vehicle.manage", "data": {"note": "右门划伤"}},
    "repair": {"act": "vehicle.manage"},
}
API_PAYMENT_ACTS: dict[str, dict[str, Any]] = {
    "clear": {"act": "payment.clear"},
    "reject": {"act": "payment.reject", "data": WHY},
    "withdraw": {"act": "payment.register", **HAND},
    "reverse": {"act": "payment.reverse", "data": WHY},
    "reconcile": {"act": "payment.reconcile"},
    "refund": {"act": "deal.cancel", "data": {**WHY, "amount": "1.00"}, **HAND},
}
REFUND_DECIDERS = (Role.SALES_MANAGER, Role.GENERAL_MANAGER, Role.GROUP_OFFICE)
CATALOGUE: dict[str, dict[str, Any]] = {
    "series": {"data": {"name": "远景X9"}, "refs": {"brand_id": "brand"}},
    "configuration": {"data": {"name": "2.0T 旗舰版"}, "refs": {"series": "series"}},
    "colour": {"data": {"name": "曜石黑"}, "refs": {"brand_id": "brand"}},
}
PRICE = {"effective_from": "2099-01-01", "msrp": "186000.00", "consultant_authority": "5000.00"}

DEAL = {"row": "deal", "resource": "deal", "kwarg": "deal_id"}
CARD = {"row": "prospect", "resource": "prospect", "kwarg": "prospect_id"}
CAR = {"row": "vehicle", "resource": "vehicle", "kwarg": "vehicle_id"}
PAYMENT = {"row": "payment", "resource": "payment", "kwarg": "payment_id"}
DAY_CLOSE = {"row": "day_close", "resource": "day_close"}
KEEPS = {"resource": "catalogue", "act": "price.change"}
EDITS = {**KEEPS, "view": "price.change"}


def _of(row: str) -> dict[str, str]:
    return {"row": row, "resource": row}


def _rows_of(row: str, promises: dict[str, dict[str, Any]]) -> dict[str, Url]:
    """The acts of one kind of row, one address each."""
    return {f"api-{row}-{name}": Url(WRITE, **_of(row), **promise) for name, promise in promises.items()}


URLS = {
    "api-deal-list": Url(READ_WRITE, resource="deal", act="deal.create"),
    "api-deal-one": Url(("GET", "PATCH"), act="deal.change", data={"version": 1}, **HAND, **_of("deal")),
    **_rows_of("deal", API_ACTS),
    "api-deal-candidates": Url(view="vehicle.allocate", **_of("deal")),
    "api-deal-quote": Url(WRITE, act="deal.create", **_of("prospect")),
    "api-deal-payments": Url(READ_WRITE, row="deal", resource="payment", act="payment.register", data=MONEY),
    "api-payment-list": Url(resource="payment"),
    "api-payment-one": Url(**_of("payment")),
    **_rows_of("payment", API_PAYMENT_ACTS),
    "api-refund-list": Url(resource="payment"),
    "api-refund-one": Url(row="refund", resource="payment"),
    "api-refund-decide": Url(
        WRITE, row="refund", resource="payment", roles=REFUND_DECIDERS, data={"decision": "approve"}
    ),
    "api-refund-pay": Url(WRITE, row="refund", resource="payment", act="refund.pay"),
    "api-vehicle-list": Url(
        READ_WRITE, resource="vehicle", act="vehicle.manage",
        data={"vin": "LSVAA49J0N2000001", "dealer_cost": "1.00"},
        refs={"configuration": "configuration", "colour": "colour"},
    ),
    "api-vehicle-one": Url(("GET", "PATCH"), act="vehicle.manage", data={"version": 1}, **_of("vehicle")),
    **_rows_of("vehicle", API_CAR_ACTS),
    **{
        f"api-{name}-list": Url(READ_WRITE, **KEEPS, **told)
        for name, told in CATALOGUE.items()
    },
    **{f"api-{name}-one": Url(("GET", "PATCH"), row=name, data={"version": 1}, **KEEPS) for name in CATALOGUE},
    "api-price-list": Url(READ_WRITE, data=PRICE, refs={"configuration": "configuration"}, **KEEPS),
    "api-price-withdraw": Url(WRITE, row="price", **KEEPS),
    "api-day-close-list": Url(
        READ_WRITE, resource="day_close", act="payment.clear", data={"day": "2026-01-05", "lines": []}
    ),
    "api-day-close-figures": Url(resource="day_close"),
    "api-day-close-one": Url(**DAY_CLOSE),
    "api-day-close-confirm": Url(WRITE, act="payment.reconcile", **DAY_CLOSE),
    "api-day-close-return": Url(WRITE, act="payment.reconcile", data=WHY, **DAY_CLOSE),
    "api-target-list": Url(
        ("GET", "PUT"), resource="target", act="target.set",
        data={"month": "2026-11", "rows": [{"person": 1, "kind": "orders", "value": "3"}]},
    ),
    "api-target-acknowledge": Url(WRITE, act="target.acknowledge", hand=HANDS_OFF, **_of("target")),
    **pages("sales:deal_list", "sales:deal_board", resource="deal"),
    "sales:deal_new": Url(READ_WRITE, view="deal.create", act="deal.create", **CARD),
    "sales:deal_quote": Url(READ_WRITE, view="deal.create", act="deal.create", **CARD),
    "sales:deal_page": Url(**DEAL),
    "sales:deal_edit": Url(READ_WRITE, view="deal.change", act="deal.change", **HAND, **DEAL),
    "sales:deal_act": Url(READ_WRITE, kwargs={"act": "submit"}, act="deal.submit", **HAND, **DEAL),
    "sales:deal_document": Url(WRITE, act="deal.documents", data={"kind": "keys", "state": "in_store"}, **DEAL),
    "sales:deal_fifo": Url(view="vehicle.allocate", **DEAL),
    "sales:deal_print": Url(kwargs={"paper": "contract"}, **DEAL),
    "sales:vehicle_list": Url(resource="vehicle"),
    "sales:vehicle_new": Url(READ_WRITE, resource="vehicle", view="vehicle.manage", act="vehicle.manage"),
    "sales:vehicle_page": Url(**CAR),
    "sales:vehicle_act": Url(READ_WRITE, kwargs={"act": "lock"}, act="vehicle.lock", **CAR),
    "sales:allocation_list": Url(resource="vehicle", view="vehicle.allocate"),
    "sales:delivery_list": Url(resource="deal", view="deal.documents"),
    "sales:price_list": Url(READ_WRITE, **KEEPS),
    "sales:price_withdraw": Url(WRITE, row="price", kwarg="price_id", **KEEPS),
    "sales:catalogue": Url(resource="catalogue"),
    "sales:catalogue_new": Url(READ_WRITE, row="brand", kwarg="parent_id", kwargs={"kind": "colours"}, **EDITS),
    "sales:catalogue_row": Url(READ_WRITE, row="colour", kwarg="row_id", kwargs={"kind": "colours"}, **EDITS),
    "sales:catalogue_switch": Url(WRITE, row="colour", kwarg="row_id", kwargs={"kind": "colours"}, **KEEPS),
    "sales:day_close": Url(READ_WRITE, resource="day_close", act="payment.clear"),
    "sales:day_close_act": Url(
        WRITE, row="day_close", resource="day_close", kwarg="day_close_id", kwargs={"act": "confirm"},
        act="payment.reconcile",
    ),
    "sales:payment_list": Url(resource="payment"),
    "sales:payment_page": Url(**PAYMENT),
    "sales:payment_act": Url(READ_WRITE, kwargs={"act": "clear"}, act="payment.clear", **PAYMENT),
    "sales:payment_print": Url(**PAYMENT),
    "sales:refund_pay": Url(READ_WRITE, row="refund", resource="payment", kwarg="refund_id", act="refund.pay"),
    "sales:target_sheet": Url(READ_WRITE, resource="target", act="target.set"),
    "sales:target_acknowledge": Url(
        WRITE, row="target", resource="target", kwarg="target_id", act="target.acknowledge", hand=HANDS_OFF
    ),
}  # fmt: skip


def rows(world: World) -> dict[str, dict[str, int]]:
    """Per place: a deal that waits for its deposit, a receipt, a refund, a car, a target, a day's count; one brand."""
    found: dict[str, dict[str, int]] = {}
    for number, (place, key) in enumerate((("own", "consultant"), ("team", "colleague"), ("other", "stranger"))):
        store = world.other_store if place == "other" else world.store
        name, seller = CANARY if place == "other" else PAYLOAD, world.user(key)
        hands = {
            role: make_person(role, store, name=f"{role.label}{place}")
            for role in (Role.SALES_ADMIN, Role.CASHIER, Role.SALES_MANAGER)
        }
        card = Prospect.objects.get(pk=world.rows["prospect"][place])
        deal_id = _ordered(seller, card, name)
        made = {
            "deal": deal_id,
            "payment": _receipt(seller, deal_id, name),
            "refund": _refund(seller, hands, make_prospect(seller, store, name=f"退订{number}"), name),
            "vehicle": make_vehicle(hands[Role.SALES_ADMIN], store).pk,
            "target": targets_set(
                by=hands[Role.SALES_MANAGER], store=store, month=periods.today().replace(day=1),
                rows=[{"person": seller, "kind": "orders", "value": Decimal(3)}],
            )[0].pk,
            "day_close": day_close_submit(
                by=hands[Role.CASHIER], store=store, day=periods.today() - dt.timedelta(days=number + 1), lines=[],
                note=name,
            ).pk,
        }  # fmt: skip
        for row, pk in {**made, **_catalogue(store)}.items():
            found.setdefault(row, {})[place] = pk
    return found


def _ordered(seller: User, card: Prospect, name: str) -> int:
    store = card.store
    deal = deal_create(
        by=seller, prospect_id=card.pk, configuration_id=make_configuration(store).pk,
        colour_id=make_colour(store).pk, deal_price=MSRP - Decimal(3000), deposit_kind=DepositKind.PREPAYMENT,
        deposit_amount=Decimal(5000), buyer_name=name,
    )  # fmt: skip
    return deal_submit(by=seller, deal_id=deal.pk).pk


def _receipt(seller: User, deal_id: int, name: str) -> int:
    return payment_register(
        by=seller, deal_id=deal_id, purpose="deposit", method="transfer", amount=Decimal(5000), payer_name=name
    ).pk


def _refund(seller: User, hands: dict[Role, User], card: Prospect, name: str) -> int:
    """A refund that waits for the sales manager, on the deposit of a cancelled order."""
    deal_id = _ordered(seller, card, name)
    receipt_id = _receipt(seller, deal_id, name)
    payment_clear(by=hands[Role.CASHIER], payment_id=receipt_id)
    deal_cancel_request(by=seller, deal_id=deal_id, reason="family")
    request = Approval.objects.get(kind="deal_cancel", subject_id=deal_id)
    decide(by=hands[Role.SALES_MANAGER], approval_id=request.pk, approve=True, comment="")
    return refund_request(by=seller, payment_id=receipt_id, amount=Decimal(5000), reason="客户退订").pk


def _catalogue(store: Any) -> dict[str, int]:
    """The brand's rows, and a price that is in force."""
    trim = make_configuration(store)
    entry = PriceEntry.objects.filter(configuration=trim).order_by("effective_from")[0]
    return {
        "brand": store.brand_id, "series": trim.series_id, "configuration": trim.pk,
        "colour": make_colour(store).pk, "price": entry.pk,
    }  # fmt: skip
