"""What the product's search finds here: orders by number or VIN ending, cars by VIN."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from dealership.core.search import Finder, Hit
from leads.selectors.customer import search_condition
from sales.selectors.deal import deal_list
from sales.selectors.vehicle import vehicle_list


def find_deals(user: Any, text: str, limit: int) -> list[Hit]:
    """Orders by number, buyer, customer or the end of the VIN; the newest first."""
    found = Q(number__icontains=text) | Q(buyer_name__contains=text) | search_condition(text, "customer__")
    if len(text) >= 4:
        found |= Q(vehicle__vin__endswith=text.upper())
    rows = deal_list(user=user).filter(found).order_by("-id")
    return [
        Hit(
            f"{deal.number or deal.get_status_display()} {deal.customer.display_name}",
            f"{deal.configuration} · {deal.get_status_display()} · {deal.owner}",
            reverse("sales:deal_page", args=[deal.pk]),
        )
        for deal in rows[:limit]
    ]


def find_vehicles(user: Any, text: str, limit: int) -> list[Hit]:
    """Cars by part of the VIN, four characters or more."""
    if len(text) < 4 or not text.isascii():
        return []
    rows = vehicle_list(user=user).filter(vin__contains=text.upper()).order_by("-id")
    return [
        Hit(
            car.vin,
            f"{car.configuration} · {car.colour} · {car.get_status_display()}",
            reverse("sales:vehicle_page", args=[car.pk]),
        )
        for car in rows[:limit]
    ]


FINDERS = (
    Finder(gettext_lazy("订单"), "deal", 30, find_deals),
    Finder(gettext_lazy("车辆"), "vehicle", 40, find_vehicles),
)
