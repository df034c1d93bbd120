"""Reads of the catalogue and its prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.scoping import reach_for
from dealership.org.models import Brand, Series
from dealership.org.policy import policy_decimal
from sales.choices import OPEN_ORDERS, DealStatus
from sales.models import Colour, Configuration, Deal, PriceEntry
from sales.querysets import CatalogueQuerySet


def price_in_force(configuration_id: int, day: dt.date) -> PriceEntry | None:
    """The newest entry that started on or before the day."""
    rows = PriceEntry.objects.filter(configuration_id=configuration_id, effective_from__lte=day)
    return rows.select_related("configuration__series").order_by("-effective_from").first()


def brands_seen(*, user: User) -> QuerySet[Brand]:
    """Brands of the reader's stores."""
    reach = reach_for(user, "catalogue")
    seen = Q(group_id__in=reach.group_ids) | Q(stores__in=reach.store_ids | reach.own_store_ids)
    return Brand.objects.filter(seen).distinct().order_by("pk")


def series_seen(*, user: User) -> QuerySet[Series]:
    """Model lines of the reader's brands, also those off sale."""
    rows: QuerySet[Series] = CatalogueQuerySet(Series).visible_to(user)
    return rows.select_related("brand").order_by("brand_id", "name")


def seen_of(model: Any, *, user: User) -> QuerySet[Any]:
    """Rows of the catalogue within reach, by their model."""
    if model is Series:
        return series_seen(user=user)
    rows: QuerySet[Any] = model.objects.visible_to(user)
    return rows


def configurations(*, user: User, brand_id: int | None = None, with_stopped: bool = False) -> QuerySet[Configuration]:
    """What the reader's stores (or one brand of theirs) sell now: choices of forms; with stopped ones of filters."""
    rows = Configuration.objects.visible_to(user)
    if not with_stopped:
        rows = rows.filter(is_active=True, series__is_active=True)
    if brand_id is not None:
        rows = rows.filter(series__brand_id=brand_id)
    return rows.select_related("series").order_by("series__name", "name")


def colours(*, user: User, brand_id: int | None = None, with_stopped: bool = False) -> QuerySet[Colour]:
    """Exterior colours of the reader's brands (or of one of them) that can be ordered."""
    rows = Colour.objects.visible_to(user)
    if not with_stopped:
        rows = rows.filter(is_active=True)
    return (rows if brand_id is None else rows.filter(brand_id=brand_id)).order_by("name")


def configuration_get(*, user: User, configuration_id: int) -> Configuration:
    """One configuration within reach; `NotFound` otherwise."""
    row = configurations(user=user).filter(pk=configuration_id).first()
    if row is None:
        raise NotFound("没有找到该车型，可能不在本店销售范围内。")
    return row


def colour_get(*, user: User, colour_id: int) -> Colour:
    """One colour within reach; `NotFound` otherwise."""
    row = colours(user=user).filter(pk=colour_id).first()
    if row is None:
        raise NotFound("没有找到该颜色，可能不在本店销售范围内。")
    return row


def price_list(*, user: User, day: dt.date | None = None) -> list[PriceEntry]:
    """One row per configuration: the price in force on the day, with `previous_msrp` where there was one."""
    day = day or periods.today()
    rows = (
        PriceEntry.objects.visible_to(user)
        .filter(configuration__is_active=True)
        .select_related("configuration__series__brand")
        .order_by("configuration__series__name", "configuration__name", "-effective_from")
    )
    shown: dict[int, PriceEntry] = {}
    for row in rows:
        kept = shown.get(row.configuration_id)
        if row.effective_from > day:
            continue
        if kept is None:
            row.previous_msrp = None
            shown[row.configuration_id] = row
        elif kept.previous_msrp is None:
            kept.previous_msrp = row.msrp
    return list(shown.values())


def price_entries(*, user: User) -> QuerySet[PriceEntry]:
    """Every entry within reach: past, in force and to come."""
    return PriceEntry.objects.visible_to(user)


def coming_prices(*, user: User) -> QuerySet[PriceEntry]:
    """Entries that start after today."""
    rows = PriceEntry.objects.visible_to(user).filter(effective_from__gt=periods.today())
    return rows.select_related("configuration__series").order_by("effective_from", "configuration_id")


def orders_hit_by_drop(*, user: User, entries: Iterable[PriceEntry]) -> list[Deal]:
    """Open orders whose price entry stands above today's by at least the policy (price protection, R-DISC)."""
    now_at = {entry.configuration_id: entry.msrp for entry in entries}
    rows = (
        Deal.objects.visible_to(user)
        .filter(status__in=(DealStatus.PENDING_DEPOSIT, *OPEN_ORDERS), configuration_id__in=now_at)
        .annotate(entry_msrp=F("price_entry__msrp"))
        .select_related("configuration__series", "customer", "owner", "store")
        .order_by("-id")[:200]
    )
    hit = []
    for deal in rows:
        deal.drop = deal.entry_msrp - now_at[deal.configuration_id]
        if deal.drop >= policy_decimal("price.drop_flag", deal.store_id):
            hit.append(deal)
    return hit


@dataclass(frozen=True)
class BrandFile:
    """A brand's whole catalogue: model lines with their trim levels and today's price, and its colours."""

    brand: Brand
    series: list[Series]
    colours: list[Colour]


def catalogue(*, user: User) -> list[BrandFile]:
    """The catalogue of the reader's brands, also what is off sale; a fixed number of statements."""
    prices = {entry.configuration_id: entry for entry in price_list(user=user)}
    trims: dict[int, list[Configuration]] = {}
    for row in configurations(user=user, with_stopped=True):
        row.price = prices.get(row.pk)
        trims.setdefault(row.series_id, []).append(row)
    lines: dict[int, list[Series]] = {}
    for series in series_seen(user=user):
        series.trims = trims.get(series.pk, [])
        lines.setdefault(series.brand_id, []).append(series)
    paints: dict[int, list[Colour]] = {}
    for colour in colours(user=user, with_stopped=True):
        paints.setdefault(colour.brand_id, []).append(colour)
    return [BrandFile(row, lines.get(row.pk, []), paints.get(row.pk, [])) for row in brands_seen(user=user)]
