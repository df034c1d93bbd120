"""Scoped querysets of customers' rows. Reads only."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.apps import apps
from django.db.models import Q

from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.scoping import Reach, ScopedQuerySet, reach_for
from dealership.org.duty import stands_in_for
from leads.choices import (
    HELD_STATES,
    HOLDING_DRIVES,
    LIVE_STATUSES,
    OPEN_STATUSES,
    POOL_STATES,
    DriveKind,
    DriveStatus,
    LeadState,
    ProspectStatus,
    TaskKind,
    VisitType,
)
from leads.loss_choices import LossState


def covered_owners(user: Any) -> Q | None:
    """Rows of the colleagues the person stands in for today, None when there are none."""
    pairs = stands_in_for(user)
    if not pairs:
        return None
    covered = Q()
    for store_id, owner_id in pairs:
        covered |= Q(store_id=store_id, owner_id=owner_id)
    return covered


class CustomerQuerySet(ScopedQuerySet):
    resource = "customer"

    def attended_by(self, user: Any) -> Self:
        """`visible_to` and the customers of the cards a stand-in works today, was lent or warms up (R-FU-2, R-REJ)."""
        cards = apps.get_model("leads", "Prospect").objects
        others = cards.lent_to(user) | cards.nurtured_by(user)
        lent = self.filter(pk__in=others.values("customer_id"))
        if covered_owners(user) is None:
            return self.visible_to(user) | lent
        return self.visible_to(user) | lent | self.filter(pk__in=cards.covered_by(user).values("customer_id"))


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
    """`visible_to` is what a person's lists and figures hold; `attended_by` also what they stand in for today."""

    resource = "prospect"

    def attended_by(self, user: Any) -> Self:
        """To open one card and log its follow-up. Lists, search and figures never use it (R-FU-2, 代跟进)."""
        mine = self.visible_to(user) | self.lent_to(user) | self.nurtured_by(user)
        return mine if covered_owners(user) is None else mine | self.covered_by(user)

    def lent_to(self, user: Any) -> Self:
        """Cards whose second follow-up a manager gave to this person, until it is done (R-REJ: 'or someone else')."""
        tasks = apps.get_model("leads", "FollowUpTask").objects.visible_to(user).open()
        return self.filter(pk__in=tasks.filter(owner=user, kind=TaskKind.SECOND).values("prospect_id"))

    def nurtured_by(self, user: Any) -> Self:
        """Cards in the nurture pool of the stores where this person works it (O2), while they are in it."""
        reach = reach_for(user, "nurture", "prospect.nurture")
        if reach.is_empty:
            return self.none()
        stays = apps.get_model("leads", "NurtureStay").objects.within(reach).waiting()
        return self.filter(pk__in=stays.values("prospect_id"))

    def covered_by(self, user: Any) -> Self:
        """Live cards of the absent owner that are due by tonight, and those the stand-in logged today; nothing else."""
        covered = covered_owners(user)
        if covered is None:
            return self.none()
        contacts = apps.get_model("leads", "FollowUp").objects.filter(
            done_by=user, **Period.day(periods.today()).filter("done_at")
        )
        due = Q(status__in=LIVE_STATUSES, next_follow_up_at__lt=periods.end_of_day(periods.today()))
        return self.filter(covered, due | Q(pk__in=contacts.values("prospect_id")))

    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def overdue(self, moment: dt.datetime) -> Self:
        """Cards whose next contact is past (R-FU); computed, never typed."""
        return self.filter(Q(status__in=(*OPEN_STATUSES, ProspectStatus.ORDERED)), next_follow_up_at__lt=moment)


class LossApplicationQuerySet(ScopedQuerySet):
    resource = "loss_application"

    def pending(self) -> Self:
        return self.filter(state=LossState.PENDING)

    def to_call(self, user: Any) -> Self:
        """Sampled applications this person may call back (care and DCC of the store), answered or not."""
        return self.within(reach_for(user, "loss_call_back")).filter(is_sampled=True)


class LossCallBackQuerySet(ScopedQuerySet):
    """Calls follow their application."""

    resource = "loss_application"
    store_path = "application__store"
    team_path = "application__team"
    owner_path = "application__owner"


class ProspectRowQuerySet(ScopedQuerySet):
    """Rows that carry the owner, team and store of their prospect at the event."""

    resource = "prospect"


class LeadQuerySet(ScopedQuerySet):
    """Raw leads. Who may pick also sees the public pool of the stores where they may."""

    resource = "lead"

    def visible_to(self, user: Any, action: str = "view") -> Self:
        rows = super().visible_to(user, action)
        pools = reach_for(user, self.resource, "lead.pick").own_store_ids
        return rows | self.pool().filter(store_id__in=pools) if pools and action == "view" else rows

    def pool(self) -> Self:
        return self.filter(state__in=POOL_STATES)

    def held(self) -> Self:
        """Somebody's and not processed yet."""
        return self.filter(state__in=HELD_STATES)

    def waiting(self) -> Self:
        """Assigned and not called yet: the first-response clock runs."""
        return self.filter(state=LeadState.ASSIGNED, first_contact_at=None)

    def late(self, moment: dt.datetime) -> Self:
        return self.waiting().filter(sla_due_at__lt=moment)


class LeadRowQuerySet(ScopedQuerySet):
    """Rows that carry the owner, team and store of their lead at the event."""

    resource = "lead"


class FollowUpQuerySet(ScopedQuerySet):
    """Contacts with own customers, and those one made for a colleague: the credit is one's own (R-FU-2)."""

    resource = "follow_up"

    def within(self, reach: Reach) -> Self:
        if not reach.own_store_ids:
            return super().within(reach)
        made = Q(done_by_id=reach.user_id, store_id__in=reach.own_store_ids)
        return super().within(reach) | self.filter(made)


class FollowUpTaskQuerySet(ScopedQuerySet):
    resource = "follow_up"

    def to_do_for(self, user: Any) -> Self:
        """Open tasks of one's own and of the colleagues one stands in for today."""
        own, covered = self.visible_to(user).filter(owner=user), covered_owners(user)
        return (own if covered is None else own | self.filter(covered)).open()

    def open(self) -> Self:
        return self.filter(done_at=None, cancelled_at=None)

    def overdue(self, moment: dt.datetime) -> Self:
        return self.open().filter(due_at__lt=moment)


class DemoCarQuerySet(ScopedQuerySet):
    """Demo cars belong to the showroom, not to a person."""

    resource = "demo_car"
    team_path = None
    owner_path = None

    def within(self, reach: Reach) -> Self:
        """Who works in the store sees its cars, whatever the reach over people's rows is."""
        stores = reach.store_ids | reach.own_store_ids
        return self.filter(Q(store__group_id__in=reach.group_ids) | Q(store_id__in=stores))


class TestDriveQuerySet(ScopedQuerySet):
    """Test drives and their history."""

    __test__ = False
    resource = "test_drive"

    def holding(self) -> Self:
        """Booked or out: the car is taken."""
        return self.filter(status__in=HOLDING_DRIVES)

    def valid(self) -> Self:
        """Finished drives (no rides) with a checked licence and a signed agreement: what `test_drives` counts."""
        done = self.filter(status=DriveStatus.FINISHED, kind=DriveKind.DRIVE)
        return done.exclude(licence_checked_at=None).exclude(agreement_signed_at=None)


class RegisterDayQuerySet(ScopedQuerySet):
    """Signed days belong to the store: whoever reaches its visits as a whole sees them."""

    resource = "visit"
    team_path = None
    owner_path = None


class CardNoteQuerySet(ScopedQuerySet):
    """策略卡 and 月评卡 follow their card."""

    resource = "prospect"
    store_path = "prospect__store"
    team_path = "prospect__team"
    owner_path = "prospect__owner"


class NurtureQuerySet(ScopedQuerySet):
    """The nurture pool follows its cards; marketing and managers work it (`nurture`)."""

    resource = "nurture"
    team_path = "prospect__team"
    owner_path = "prospect__owner"

    def waiting(self) -> Self:
        """In the pool now."""
        return self.filter(left_at=None)


class HandOverQuerySet(ScopedQuerySet):
    """Hand-overs belong to the store: whoever may make them reaches all of its cards."""

    resource = "hand_over"
    team_path = None
    owner_path = None


class ImportBatchQuerySet(ScopedQuerySet):
    """Imports of the store, or those a person made where the role reaches only its own."""

    resource = "import_batch"
    team_path = None
    owner_path = "made_by"


class ImportRowQuerySet(ScopedQuerySet):
    """Rows follow their import."""

    resource = "import_batch"
    store_path = "batch__store"
    team_path = None
    owner_path = "batch__made_by"


class OwnedVehicleQuerySet(ScopedQuerySet):
    resource = "owned_vehicle"


class CareTaskQuerySet(ScopedQuerySet):
    resource = "care_task"

    def open(self) -> Self:
        return self.filter(done_at=None)


class CampaignQuerySet(ScopedQuerySet):
    """Campaigns belong to the store."""

    resource = "campaign"
    team_path = None
    owner_path = None

    def to_invite_to(self, user: Any) -> Self:
        """Campaigns of the stores whose nurture pool this person works: only to invite to, not to look into."""
        return self.within(reach_for(user, "nurture", "prospect.nurture"))


class CampaignInviteQuerySet(ScopedQuerySet):
    """Invited customers belong to the campaign's store: whoever runs it sees them all."""

    resource = "campaign"
    team_path = None
    owner_path = None
