"""What the product's search finds here: cards, owners by VIN or plate, and whose number a whole number is."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core.errors import DomainError
from dealership.core.masking import mask_phone
from dealership.core.periods import day_label, local_date
from dealership.core.search import Finder, Hit
from dealership.org.reach import home_store
from leads.choices import LookupState
from leads.models import OwnedVehicle, Prospect
from leads.selectors.customer import customer_lookup, primary_phones, search_condition


def find_prospects(user: Any, text: str, limit: int) -> list[Hit]:
    """Cards by name, pinyin, initials or part of a phone; the newest first."""
    rows = Prospect.objects.visible_to(user).filter(search_condition(text, "customer__"))
    rows = (
        rows.select_related("customer", "owner").prefetch_related(primary_phones()).order_by("-card_created_at", "-id")
    )
    return [
        Hit(
            f"{card.customer.display_name}（{card.grade}）",
            " · ".join([*_masked(card.customer), card.get_status_display(), str(card.owner)]),
            reverse("leads:prospect_detail", args=[card.pk]),
        )
        for card in rows[:limit]
    ]


def find_owners(user: Any, text: str, limit: int) -> list[Hit]:
    """Owned cars by the end of the VIN or the plate. Names are found through the card already."""
    ending = text.upper()
    if len(ending) < 4:
        return []
    rows = OwnedVehicle.objects.visible_to(user).filter(Q(vin__endswith=ending) | Q(plate__endswith=ending))
    rows = rows.select_related("customer").order_by("-delivered_on", "-id")
    return [
        Hit(
            car.customer.display_name,
            " · ".join(part for part in (car.plate, car.description, car.vin[-6:]) if part),
            reverse("leads:owner_detail", args=[car.pk]),
        )
        for car in rows[:limit]
    ]


def find_whose(user: Any, text: str, limit: int) -> list[Hit]:
    """A whole number that belongs to a colleague: owner and last contact, nothing more (R-OWN)."""
    store = home_store(user)
    if store is None or len(text) < 11:
        return []
    try:
        found = customer_lookup(user=user, store=store, phone=text)
    except DomainError:
        return []
    if found.state == LookupState.OTHERS and found.customer is None:
        last = day_label(local_date(found.last_contact_at)) if found.last_contact_at else "—"
        detail = _("归属：%(owner)s · 最近联系 %(day)s") % {"owner": found.owner_name or "—", "day": last}
        return [Hit(found.masked_phone, detail, reverse("leads:visit_new"))]
    if found.state == LookupState.ELSEWHERE:
        return [Hit(found.masked_phone, _("集团其他门店已有档案"), reverse("leads:visit_new"))]
    return []


def _masked(customer: Any) -> list[str]:
    return [mask_phone(phone.number) for phone in customer.shown_phones[:1]]


FINDERS = (
    Finder(gettext_lazy("意向客户"), "prospect", 10, find_prospects),
    Finder(gettext_lazy("号码归属"), "visit", 20, find_whose),
    Finder(gettext_lazy("保有客户"), "owned_vehicle", 50, find_owners),
)
