"""Reads of the visit register."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from dealership.core.errors import NotFound
from leads.choices import VisitType
from leads.models import Visit
from leads.selectors.customer import primary_phone, primary_phones

ORDERING = ("-visited_at", "-id")
# Every column of the visit, and of its neighbours only what a row shows.
SHOWN = (
    *(field.name for field in Visit._meta.concrete_fields),
    *("customer__name", "customer__gender", "customer__kind", "source__name"),
    *(f"{person}__{name}" for person in ("owner", "received_by") for name in ("name", "username")),
)


def visit_list(*, user: Any) -> QuerySet[Visit]:
    """The register within reach, newest first when paged by `ORDERING`."""
    rows = Visit.objects.visible_to(user)
    return rows.select_related("customer", "owner", "received_by", "source", "store").prefetch_related(
        "series", primary_phones()
    )


def visit_rows(*, user: Any) -> QuerySet[Visit]:
    """The register for the page, in one statement: `phone` and `model_names` come with the row."""
    names = Visit.series.through.objects.filter(visit=OuterRef("pk")).order_by("series__name").values("series__name")
    rows = Visit.objects.visible_to(user).select_related("customer", "owner", "received_by", "source").only(*SHOWN)
    return rows.annotate(phone=primary_phone(), model_names=ArraySubquery(names))


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
