"""Reads of owners (保有客户): delivered cars and the care they are due."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from dealership.core.errors import NotFound
from leads.models import CareTask, OwnedVehicle
from leads.selectors.customer import primary_phones

ORDERING = ("-delivered_on", "-id")


def owner_list(*, user: Any) -> QuerySet[OwnedVehicle]:
    """Delivered cars within reach with their care tasks, newest hand-over first when paged by `ORDERING`."""
    care = Prefetch("care_tasks", queryset=CareTask.objects.order_by("due_on"), to_attr="care")
    rows = OwnedVehicle.objects.visible_to(user).select_related("customer", "owner", "series", "store")
    return rows.prefetch_related(care, primary_phones())


def owner_get(*, user: Any, vehicle_id: int) -> OwnedVehicle:
    """One owned car within reach; 404 otherwise."""
    vehicle = owner_list(user=user).filter(pk=vehicle_id).first()
    if vehicle is None:
        raise NotFound
    return vehicle


def vehicles_of(*, user: Any, customer_id: int) -> list[OwnedVehicle]:
    """The cars of one customer."""
    return list(owner_list(user=user).filter(customer_id=customer_id).order_by(*ORDERING))
