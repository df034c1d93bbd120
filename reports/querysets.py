"""Scoped querysets of stored figures, opening snapshots and month closes. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from django.db.models import Q

from dealership.core.scoping import ScopedQuerySet, reach_for


class FactQuerySet(ScopedQuerySet):
    resource = "figure"
    owner_path = "person"

    def readable_by(self, user: Any, resources: Mapping[str, Iterable[str]]) -> Self:
        """Facts cut by the reach over the rows they count: `resources` maps a resource to its KPI keys."""
        seen = self.none()
        for resource, keys in resources.items():
            seen = seen | self.filter(Q(kpi__in=list(keys))).within(reach_for(user, resource))
        return seen


class OpeningProspectQuerySet(ScopedQuerySet):
    resource = "prospect"


class OpeningOrderQuerySet(ScopedQuerySet):
    resource = "deal"


class OpeningVehicleQuerySet(ScopedQuerySet):
    resource = "vehicle"
    team_path = None
    owner_path = None


class MonthCloseQuerySet(ScopedQuerySet):
    resource = "month_close"
    team_path = None
    owner_path = None
