"""Reads of the assignment: who takes part, with which weight, cap and load."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from dealership.accounts.models import User
from dealership.core import periods
from dealership.org.duty import people_on_duty
from dealership.org.hours import business_start
from dealership.org.models import Membership, Store
from dealership.org.policy import policy
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from leads.models import Lead, LeadAssignee


@dataclass
class Candidate:
    """One person of the store in the round: their share, their limit, what they hold unprocessed."""

    user: User
    weight: int
    cap: int
    load: int
    is_on_duty: bool
    is_opted_out: bool
    own_weight: int | None = None
    own_cap: int | None = None

    @property
    def key(self) -> str:
        return str(self.user.pk)

    @property
    def may_take(self) -> bool:
        """On duty, not opted out, with a share and room for one more."""
        return self.is_on_duty and not self.is_opted_out and self.weight > 0 and self.load < self.cap


def candidates(store: Store, day: dt.date) -> list[Candidate]:
    """Everybody who may hold leads, by id; a constant number of statements."""
    people = list(people_in([store.pk], SELLING_ROLES, day))
    working = {person.pk for person in people_on_duty(store, day)}
    seats = {row.user_id: row for row in LeadAssignee.objects.filter(store=store)}
    held = Lead.objects.held().filter(store=store).values("owner_id").annotate(total=Count("pk")).order_by()
    loads = dict(held.values_list("owner_id", "total"))
    shares = _default_weights(store, day)
    cap = int(policy("lead.open_cap", store, day))
    found = []
    for person in people:
        seat = seats.get(person.pk) or LeadAssignee()
        found.append(
            Candidate(
                user=person,
                weight=shares.get(person.pk, 0) if seat.weight is None else seat.weight,
                cap=cap if seat.cap is None else seat.cap,
                load=loads.get(person.pk, 0),
                is_on_duty=person.pk in working,
                is_opted_out=seat.is_opted_out,
                own_weight=seat.weight,
                own_cap=seat.cap,
            )
        )
    return found


def _default_weights(store: Store, day: dt.date) -> dict[int, int]:
    """The policy's share of the person's best role in the store."""
    by_role = policy("lead.default_weights", store, day)
    posts = Membership.objects.filter(store=store, role__in=SELLING_ROLES, valid__contains=day)
    found: dict[int, int] = {}
    for user_id, role in posts.values_list("user_id", "role"):
        found[user_id] = max(found.get(user_id, 0), int(by_role.get(role, 0)))
    return found


def desk(store: Store) -> list[Candidate]:
    """What the settings page shows: the round as it stands now."""
    return candidates(store, periods.local_date(business_start(periods.now(), store.pk)))


def load_of(person: Any, store_id: int) -> int:
    """How many unprocessed leads a person holds in a store."""
    return Lead.objects.held().filter(store_id=store_id, owner=person).count()
