"""建卡 without a visit: a call, the net or a recommendation brought the customer (R-OWN, R-GRADE)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import service
from dealership.org.models import LeadSource, Series, Store
from dealership.org.reach import has_role, people_in, require
from dealership.org.roles import SELLING_ROLES
from leads.choices import CardChannel
from leads.models import Customer, Prospect
from leads.services.customer import find_or_create, own_if_ownerless
from leads.services.prospect import live_card, open_card, refuse_self_referral
from leads.services.returning import settle_owner

# A card of the showroom comes from a visit only.
CHANNELS = (CardChannel.DCC, CardChannel.OTHER)


@service
def card_register(
    *,
    by: Any,
    store: Store,
    phone: str,
    name: str = "",
    gender: str = "",
    channel: str = CardChannel.OTHER,
    grade: str | None = None,
    source: LeadSource | None = None,
    series: Series | None = None,
    next_follow_up_at: dt.datetime | None = None,
    referred_by: Customer | None = None,
    owner: Any = None,
) -> Prospect:
    """Customer (found or made by phone) and card at once.

    A new customer goes to `owner`, else to the referrer's consultant, else to who registers when they sell. A number
    of a colleague's customer and a customer with a live card are refused: the owner follows up there (R-OWN).
    """
    require(by, "prospect.change", store.pk)
    if channel not in CHANNELS:
        raise DomainError("bad_channel", "请选择建卡方式。", {"channel": ["请选择建卡方式。"]})
    seller = _owner(by, store, owner, referred_by)
    customer, is_new = find_or_create(by=by, store=store, phone=phone, name=name, gender=gender, owner=seller)
    own_if_ownerless(customer, seller)
    settle_owner(customer, seller, by=by)
    if not Customer.objects.visible_to(by).filter(pk=customer.pk).exists():
        text = f"该号码在本店已有档案，归属 {customer.owner}，请由归属顾问跟进。"
        raise DomainError("not_your_customer", text, {"phone": [text]})
    if not is_new and live_card(customer) is not None:
        text = "该客户已有跟进中的意向卡，请在原卡上继续跟进。"
        raise DomainError("card_exists", text, {"phone": [text]})
    refuse_self_referral(customer.pk, referred_by)
    card = open_card(
        by=by, customer=customer, grade=grade, card_channel=channel, source=source, series=series,
        next_follow_up_at=next_follow_up_at, at=periods.now(), is_new=is_new, referred_by=referred_by,
    )  # fmt: skip
    record(by=by, action="prospect.create", target=card, changes={"grade": card.grade, "channel": channel})
    return card


def _owner(by: Any, store: Store, chosen: Any, referrer: Customer | None) -> Any:
    """Whose customer a new one becomes; None is refused when the customer is made."""
    sellers = people_in([store.pk], SELLING_ROLES)
    if chosen is not None:
        if not sellers.filter(pk=chosen.pk).exists():
            text = "请选择本店在职的销售顾问。"
            raise DomainError("bad_owner", text, {"received_by": [text]})
        return chosen
    if has_role(by, SELLING_ROLES, store.pk):
        return by
    if referrer is not None and referrer.owner_id and sellers.filter(pk=referrer.owner_id).exists():
        return referrer.owner
    return None
