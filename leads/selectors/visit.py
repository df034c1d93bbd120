"""Reads of the visit register."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from dealership.core.errors import NotFound
from leads.choices import VisitType
from leads.models import Visit
from leads.selectors.customer import primary_phones

ORDERING = ("-visited_at", "-id")


def visit_list(*, user: Any) -> QuerySet[Visit]:
    """The register within reach, newest first when paged by `ORDERING`."""
    rows = Visit.objects.visible_to(user)
    return rows.select_related("customer", "owner", "received_by", "source", "store").prefetch_related(
        "series", primary_phones()
    )


def visit_get(*, user: Any, visit_id: int) -> Visit:
    """One visit within reach; 404 otherwise."""
    visit = visit_list(user=user).filter(pk=visit_id).first()
    if visit is None:
        raise NotFound
    return visit


def visit_registered(*, user: Any, visit_id: int) -> Visit:
    """The visit this person just registered, also when it is credited to somebody else out of their reach."""
    rows = Visit.objects.filter(pk=visit_id)
    return rows.select_related("customer", "owner", "received_by", "store", "prospect").get()


def incomplete_visits(*, user: Any) -> QuerySet[Visit]:
    """Arrivals still to be completed (target 0 at closing), oldest first."""
    rows = Visit.objects.visible_to(user).filter(visit_type=VisitType.INCOMPLETE)
    return rows.select_related("received_by").order_by("visited_at", "id")
