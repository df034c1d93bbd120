"""Reads of customers: whose number is this, one customer, search."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from dealership.core.errors import NotFound
from dealership.core.masking import mask_phone
from dealership.core.phones import normalise_phone
from dealership.core.text import fold
from dealership.org.models import Store
from leads.choices import LIVE_STATUSES, LookupState
from leads.models import Customer, CustomerPhone, Prospect, Visit

# Fewer letters than these cannot be looked for in a trigram index.
TRIGRAM = 3


@dataclass(frozen=True)
class Lookup:
    """The answer at the door. Names and ids of the customer are filled only when the row is within reach."""

    state: LookupState
    masked_phone: str
    owner_name: str = ""
    last_contact_at: dt.datetime | None = None
    customer: Customer | None = None
    prospect: Prospect | None = None
    is_invalid: bool = False

    @property
    def exists(self) -> bool:
        return self.state != LookupState.NEW


def customer_lookup(*, user: Any, store: Store, phone: str) -> Lookup:
    """New, mine, a colleague's (owner and last contact, nothing more) or only in another store (R-OWN).

    Called while a number is typed; raises `bad_phone` for what cannot be a number.
    """
    number = normalise_phone(phone)
    masked = mask_phone(number)
    row = CustomerPhone.objects.select_related("customer__owner").filter(store=store, number=number).first()
    if row is None:
        known = CustomerPhone.objects.filter(number=number, store__group_id=store.group_id).exclude(store=store)
        return Lookup(LookupState.ELSEWHERE if known.exists() else LookupState.NEW, masked)
    customer = row.customer
    is_mine = customer.owner_id is not None and customer.owner_id == user.pk
    visible = Customer.objects.visible_to(user).filter(pk=customer.pk).exists()
    return Lookup(
        state=LookupState.MINE if is_mine else LookupState.OTHERS,
        masked_phone=masked,
        owner_name=customer.owner.name if customer.owner else "",
        last_contact_at=last_contact_of(customer),
        customer=customer if visible else None,
        prospect=live_prospect_of(customer, user) if visible else None,
        is_invalid=row.is_invalid,
    )


def last_contact_of(customer: Customer) -> dt.datetime | None:
    """The latest visit or contact with this customer."""
    contact = Prospect.objects.filter(customer=customer).exclude(last_contact_at=None).order_by("-last_contact_at")
    visit = Visit.objects.filter(customer=customer).order_by("-visited_at")
    found = [*contact.values_list("last_contact_at", flat=True)[:1], *visit.values_list("visited_at", flat=True)[:1]]
    return max(found, default=None)


def live_prospect_of(customer: Customer, user: Any) -> Prospect | None:
    """The customer's live card when the reader reaches it."""
    return Prospect.objects.visible_to(user).filter(customer=customer, status__in=LIVE_STATUSES).first()


def primary_phone(customer: str = "customer_id") -> Subquery:
    """The number a page's row shows (masked), read with the row itself: `annotate(phone=primary_phone())`."""
    rows = CustomerPhone.objects.filter(customer=OuterRef(customer)).order_by("-is_primary", "id")
    return Subquery(rows.values("number")[:1])


def phones_beside(customer: str = "customer_id") -> ArraySubquery:
    """Every number with the row itself, primary first: `annotate(phones=phones_beside())`, then `shown_phones`."""
    rows = CustomerPhone.objects.filter(customer=OuterRef(customer)).order_by("-is_primary", "id")
    return ArraySubquery(rows.values(json=JSONObject(pk="pk", number="number", is_invalid="is_invalid")))


def primary_phones(path: str = "customer__phones") -> Prefetch[str, QuerySet[CustomerPhone], str]:
    """Prefetch of the number shown (masked) on lists: `customer.shown_phones`, primary first."""
    rows = CustomerPhone.objects.only("customer", "number", "is_invalid").order_by("-is_primary", "id")
    return Prefetch(path, queryset=rows, to_attr="shown_phones")


def customer_get(*, user: Any, customer_id: int) -> Customer:
    """One customer within reach, with phones; 404 otherwise."""
    phones = Prefetch("phones", queryset=CustomerPhone.objects.order_by("-is_primary", "id"), to_attr="shown_phones")
    rows = Customer.objects.visible_to(user).select_related("owner", "store", "team").prefetch_related(phones)
    customer = rows.filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    return customer


def customer_attended(*, user: Any, customer_id: int) -> Customer:
    """One customer within reach or of a card stood in for today: whose number may be revealed; 404 otherwise."""
    customer: Customer | None = Customer.objects.attended_by(user).filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    return customer


def customer_list(*, user: Any) -> QuerySet[Customer]:
    """Customers within reach, ready for a list."""
    phones = Prefetch("phones", queryset=CustomerPhone.objects.order_by("-is_primary", "id"), to_attr="shown_phones")
    return Customer.objects.visible_to(user).select_related("owner", "store").prefetch_related(phones)


def customer_cards(*, user: Any, customer: Customer) -> list[Prospect]:
    """The customer's cards within reach, newest first."""
    rows = Prospect.objects.visible_to(user).filter(customer=customer).select_related("owner", "series", "referred_by")
    return list(rows.order_by("-card_created_at", "-id"))


def search_condition(text: str, path: str = "") -> Q:
    """Part of a phone, of the name, of its pinyin or its initials. `path` leads to the customer (`customer__`).

    Four digits or more are looked for in numbers; fewer would scan too much and match nearly everyone.
    """
    text = fold(text)
    digits = re.sub(r"[\s-]", "", text)
    if digits.isdigit():
        if len(digits) < 4:
            return Q(pk__in=[])
        phones = CustomerPhone.objects.filter(number__contains=digits).values("customer_id")
        return Q(**{f"{path}pk__in" if not path else f"{path.removesuffix('__')}_id__in": phones})
    if not text.isascii():
        return Q(**{f"{path}name__{'holds' if len(text) < TRIGRAM else 'contains'}": text})
    return Q(**{f"{path}name__contains": text}) | Q(**{f"{path}name_pinyin__contains": text.replace(" ", "")})
