"""转介绍人: the customer who recommended another, found by phone or name within the reader's reach."""

from __future__ import annotations

from typing import Any

from dealership.core.errors import DomainError
from dealership.core.phones import normalise_phone
from dealership.core.text import fold
from dealership.org.models import Store
from leads.models import Customer, CustomerPhone, Prospect


def referrer_found(*, user: Any, store: Store, text: str) -> Customer | None:
    """The customer of this number or full name in the store; refused when there is none or more than one in reach."""
    text = fold(text)
    if not text:
        return None
    rows = Customer.objects.visible_to(user).filter(store=store)
    try:
        number = normalise_phone(text)
    except DomainError:
        found = list(rows.filter(name=text).order_by("id")[:2])
    else:
        found = list(rows.filter(pk__in=CustomerPhone.objects.filter(store=store, number=number).values("customer_id")))
    if not found:
        _refuse("在您的客户里没有找到这位转介绍人，请核对手机号或姓名。")
    if len(found) > 1:
        _refuse("有多位客户同名，请填转介绍人的手机号。")
    return found[0]


def referrer_chosen(*, user: Any, store: Store, customer_id: int | None) -> Customer | None:
    """The same by id, for the API."""
    if customer_id is None:
        return None
    found: Customer | None = Customer.objects.visible_to(user).filter(store=store, pk=customer_id).first()
    if found is None:
        _refuse("转介绍人无效，请重新选择。")
    return found


def referrals_of(*, user: Any, customer: Customer) -> list[Prospect]:
    """Cards within reach of people this customer recommended, newest first."""
    rows = Prospect.objects.visible_to(user).filter(referred_by=customer).select_related("customer")
    return list(rows.order_by("-card_created_at", "-id")[:20])


def _refuse(text: str) -> None:
    raise DomainError("bad_referrer", text, {"referred_by": [text]})
