"""Scoped querysets of customers' rows. Reads only."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db.models import Q

from dealership.core.scoping import Reach, ScopedQuerySet
from leads.choices import OPEN_STATUSES, ProspectStatus, VisitType


class CustomerQuerySet(ScopedQuerySet):
    resource = "customer"


class CustomerPhoneQuerySet(ScopedQuerySet):
    """Phones follow their customer."""

    resource = "customer"
    store_path = "customer__store"
    team_path = "customer__team"
    owner_path = "customer__owner"


class VisitQuerySet(ScopedQuerySet):
    """Own visits are those credited to me and those I received for a colleague."""

    resource = "visit"

    def within(self, reach: Reach) -> Self:
        if not reach.own_store_ids:
            return super().within(reach)
        received = Q(received_by_id=reach.user_id, store_id__in=reach.own_store_ids)
        return super().within(reach) | self.filter(received)

    def incomplete(self) -> Self:
        return self.filter(visit_type=VisitType.INCOMPLETE)


class ProspectQuerySet(ScopedQuerySet):
    resource = "prospect"

    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def overdue(self, moment: dt.datetime) -> Self:
        """Cards whose next contact is past (R-FU); computed, never typed."""
        return self.filter(Q(status__in=(*OPEN_STATUSES, ProspectStatus.ORDERED)), next_follow_up_at__lt=moment)


class ProspectRowQuerySet(ScopedQuerySet):
    """Rows that carry the owner, team and store of their prospect at the event."""

    resource = "prospect"


class FollowUpQuerySet(ScopedQuerySet):
    resource = "follow_up"


class FollowUpTaskQuerySet(ScopedQuerySet):
    resource = "follow_up"

    def open(self) -> Self:
        return self.filter(done_at=None, cancelled_at=None)

    def overdue(self, moment: dt.datetime) -> Self:
        return self.open().filter(due_at__lt=moment)


class OwnedVehicleQuerySet(ScopedQuerySet):
    resource = "owned_vehicle"


class CareTaskQuerySet(ScopedQuerySet):
    resource = "care_task"

    def open(self) -> Self:
        return self.filter(done_at=None)
