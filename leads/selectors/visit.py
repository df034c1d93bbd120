"""Reads of the visit register."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from dealership.accounts.models import User
from dealership.accounts.names import shown_name
from dealership.core.errors import NotFound
from dealership.core.lookups import beside
from dealership.core.periods import Period
from dealership.org.models import LeadSource, Store
from leads.choices import VisitType
from leads.models import Visit
from leads.selectors.customer import primary_phone, primary_phones

ORDERING = ("-visited_at", "-id")
# What a row of the page shows.
SHOWN = (
    *("visited_at", "visited_on", "left_at", "channel", "visit_type", "party_size"),
    *("prospect", "owner", "received_by", "customer__name", "customer__gender", "customer__kind"),
)


def visit_list(*, user: Any) -> QuerySet[Visit]:
    """The register within reach, newest first when paged by `ORDERING`."""
    rows = Visit.objects.visible_to(user)
    return rows.select_related("customer", "owner", "received_by", "source", "store").prefetch_related(
        "series", primary_phones()
    )


def visit_rows(*, user: Any) -> QuerySet[Visit]:
    """The register for the page, with `phone`, `model_names`, `source_name`, `seller` and `receiver`."""
    rows = Visit.objects.visible_to(user).select_related("customer").only(*SHOWN)
    return rows.annotate(
        phone=primary_phone(),
        model_names=_model_names(),
        source_name=beside(LeadSource, "source"),
        seller=beside(User, "owner", shown_name()),
        receiver=beside(User, "received_by", shown_name()),
    )


def _model_names() -> ArraySubquery:
    names = Visit.series.through.objects.filter(visit=OuterRef("pk")).order_by("series__name")
    return ArraySubquery(names.values("series__name"))


class RegisterLine(NamedTuple):
    """A visit as the register of a month lists it, with the card it belongs to; the phone is not masked yet."""

    day: dt.date
    arrived_at: dt.datetime
    left_at: dt.datetime | None
    party_size: int
    channel: str
    visit_type: str
    note: str
    customer: str | None
    gender: str | None
    phone: str | None
    model_names: list[str]
    source: str | None
    receiver: str | None
    owner: str | None
    card_id: int | None
    competitor: str | None
    grade: str | None
    status: str | None


_LINE = (
    *("visited_on", "visited_at", "left_at", "party_size", "channel", "visit_type", "note"),
    *("customer__name", "customer__gender", "phone", "model_names"),
    *("source__name", "received_by__name", "owner__name"),
    *(f"prospect__{name}" for name in ("id", "competitor", "grade", "status")),
)


def register_lines(*, user: Any, store: Store, period: Period) -> list[RegisterLine]:
    """The register of a store's days within reach, in order of arrival: values, because a month has hundreds."""
    rows = Visit.objects.visible_to(user).filter(store=store, **period.filter("visited_on", is_date=True))
    rows = rows.annotate(phone=primary_phone(), model_names=_model_names()).order_by("visited_at", "id")
    return [RegisterLine(*line) for line in rows.values_list(*_LINE)]


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
