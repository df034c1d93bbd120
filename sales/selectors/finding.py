"""What the product's search finds here: orders by number or VIN ending, cars by VIN."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from dealership.core.search import Finder, Hit
from leads.selectors.customer import search_condition
from sales.models import Deal
from sales.selectors.deal import deal_list
from sales.selectors.vehicle import vehicle_list


def find_deals(user: Any, text: str, limit: int) -> list[Hit]:
    """Orders by number, buyer, customer or the end of the VIN; the newest first."""
    ids = list(_found(user, text).order_by("-id")[:limit])
    rows = deal_list(user=user).filter(pk__in=ids).order_by("-id") if ids else ()
    return [
        Hit(
            f"{deal.number or deal.get_status_display()} {deal.customer.display_name}",
            f"{deal.configuration} · {deal.get_status_display()} · {deal.owner}",
            reverse("sales:deal_page", args=[deal.pk]),
        )
        for deal in rows
    ]


def _found(user: Any, text: str) -> QuerySet[Any, Any]:
    """Ids of the orders, one way of finding them after the other: asked with OR no index would help any of them."""
    deals = Deal.objects.visible_to(user)
    ways = [deals.filter(search_condition(text, "customer__")), deals.filter(buyer_name__contains=text)]
    if text.isascii():
        ways.append(deals.filter(number__icontains=text))
        if len(text) >= 4:
            ways.append(deals.filter(vehicle__vin__endswith=text.upper()))
    first, *others = (way.order_by().values_list("id", flat=True) for way in ways)
    return first.union(*others)


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
