"""Deals, cars, money."""

from __future__ import annotations

from decimal import Decimal

from dealership.tests.matrix import CANARY, PAYLOAD, Url, World
from leads.models import Prospect
from sales.choices import DepositKind
from sales.services.deal import deal_create
from sales.tests.builders import MSRP, make_colour, make_configuration

DEAL = {"row": "deal", "resource": "deal", "kwarg": "deal_id"}

URLS = {
    "sales:deal_page": Url(**DEAL),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """A draft deal on each card of the customers' rows."""
    deals = {}
    for place, key in (("own", "consultant"), ("team", "colleague"), ("other", "stranger")):
        store = world.other_store if place == "other" else world.store
        card = Prospect.objects.get(pk=world.rows["prospect"][place])
        deals[place] = deal_create(
            by=world.user(key), prospect_id=card.pk, configuration_id=make_configuration(store).pk,
            colour_id=make_colour(store).pk, deal_price=MSRP - Decimal(3000), deposit_kind=DepositKind.PREPAYMENT,
            deposit_amount=Decimal(5000), buyer_name=CANARY if place == "other" else PAYLOAD,
        ).pk  # fmt: skip
    return {"deal": deals}
