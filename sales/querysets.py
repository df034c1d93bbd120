"""Scoped querysets of stock, deals and money. Reads only."""

from __future__ import annotations

from typing import Self

from django.db.models import Q

from dealership.core.scoping import Reach, ScopedQuerySet
from sales.choices import ENDED_DEALS, OPEN_ORDERS, STOCK_STATUSES, PaymentStatus


class CatalogueQuerySet(ScopedQuerySet):
    """Configurations, colours and prices of the brands of the reader's stores."""

    resource = "catalogue"
    brand_path = "brand"

    def within(self, reach: Reach) -> Self:
        path = self.brand_path
        seen = Q(**{f"{path}__group_id__in": reach.group_ids})
        seen |= Q(**{f"{path}__stores__in": reach.store_ids | reach.own_store_ids})
        return self.filter(seen).distinct()


class ConfigurationQuerySet(CatalogueQuerySet):
    brand_path = "series__brand"


class PriceEntryQuerySet(CatalogueQuerySet):
    brand_path = "configuration__series__brand"


class VehicleQuerySet(ScopedQuerySet):
    resource = "vehicle"
    team_path = None
    owner_path = None

    def in_stock(self) -> Self:
        return self.filter(status__in=STOCK_STATUSES)


class DealQuerySet(ScopedQuerySet):
    """Own deals are those one sold and those one took over from a colleague."""

    resource = "deal"

    def within(self, reach: Reach) -> Self:
        if not reach.own_store_ids:
            return super().within(reach)
        handled = Q(handler_id=reach.user_id, store_id__in=reach.own_store_ids)
        return super().within(reach) | self.filter(handled)

    def live(self) -> Self:
        return self.exclude(status__in=ENDED_DEALS)

    def open_orders(self) -> Self:
        return self.filter(status__in=OPEN_ORDERS)


class DealRowQuerySet(ScopedQuerySet):
    """Rows of a deal that carry its owner, team and store at the event; who took the deal over reaches them too."""

    resource = "deal"

    def within(self, reach: Reach) -> Self:
        if not reach.own_store_ids:
            return super().within(reach)
        handled = Q(deal__handler_id=reach.user_id, store_id__in=reach.own_store_ids)
        return super().within(reach) | self.filter(handled)


class PaymentQuerySet(DealRowQuerySet):
    resource = "payment"

    def cleared(self) -> Self:
        return self.filter(status=PaymentStatus.CLEARED)


class TargetQuerySet(ScopedQuerySet):
    resource = "target"
    owner_path = "person"


class DayCloseQuerySet(ScopedQuerySet):
    """Counts of a store's whole money: only for roles that reach the store's `day_close`."""

    resource = "day_close"
    team_path = None
    owner_path = None
