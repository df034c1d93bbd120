"""Giving a card to somebody else and bringing it back to work: moves that several services share.

Every function runs inside its caller's transaction, on a customer and card the caller has locked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

from django.urls import reverse

from dealership.core import periods
from dealership.core.services import lock
from dealership.notices.services import notify
from dealership.org.reach import team_id_in
from leads import policies
from leads.choices import ProspectStatus, TaskKind
from leads.models import CareTask, Customer, FollowUpTask, OwnedVehicle, OwnerChange, Prospect, TestDrive
from leads.services.history import cancel_tasks, move_status, open_task

Follower = Callable[..., None]
_followers: list[Follower] = []


def register_follower(follow: Follower) -> None:
    """Apps above let their rows go with a card: `follow(card=…, new_owner=…, by=…)` in the same transaction."""
    _followers.append(follow)


def tell_owners(card: Prospect, old_owner: Any) -> None:
    """Both people of a hand-over know, without personal data."""
    new_owner = card.owner
    url = reverse("leads:prospect_detail", args=[card.pk])
    key = f"prospect:{card.pk}:reassign:{card.version}"
    notify(to=[new_owner], kind="prospect.reassigned", key=key, text="有一位客户转到您名下，请尽快联系。", url=url)
    notify(to=[old_owner], kind="prospect.reassigned", key=key, text=f"您名下一位客户已转给{new_owner.name}。")


def reactivate(
    card: Prospect, *, by: Any, reason: str, at: dt.datetime | None = None, due: dt.datetime | None = None
) -> None:
    """Back to work: ACTIVE with one contact due tomorrow (or `due`); what was due before is over.

    A second follow-up that waits stays mandatory (R-REJ); overdue, it is due with the contact.
    """
    moment = at or periods.now()
    move_status(card, ProspectStatus.ACTIVE, at=moment, by=by, reason=reason)
    cancel_tasks(card, at=moment, kept=(TaskKind.SECOND,))
    due = due or policies.due_after(periods.local_date(moment), 1, card.store_id)
    seconds = FollowUpTask.objects.open().filter(prospect=card, kind=TaskKind.SECOND)
    seconds.filter(due_at__lt=due).update(due_at=due)
    open_task(card, TaskKind.REGULAR, due, at=moment)
    card.next_follow_up_at = due
    card.touch()
    card.save()


def hand_over(card: Prospect, new_owner: Any, *, by: Any, reason: str) -> None:
    """Card, customer and open tasks get another owner; inside the caller's transaction, both locked."""
    team_id = team_id_in(new_owner, card.store_id)
    OwnerChange.objects.create(
        prospect=card, store_id=card.store_id, owner=new_owner, team_id=team_id, from_owner_id=card.owner_id,
        from_team_id=card.team_id, at=periods.now(), by=by, reason=reason[:200],
    )  # fmt: skip
    card.owner, card.team_id = new_owner, team_id
    card.touch()
    card.save(update_fields=["owner", "team", "version", "updated_at"])
    customer = card.customer
    cars_follow([customer.pk], new_owner, team_id)
    customer.owner, customer.team_id = new_owner, team_id
    customer.touch()
    customer.save(update_fields=["owner", "team", "version", "updated_at"])
    FollowUpTask.objects.open().filter(prospect=card).update(owner=new_owner, team_id=team_id)
    TestDrive.objects.holding().filter(prospect=card).update(owner=new_owner, team_id=team_id)
    for follow in _followers:
        follow(card=card, new_owner=new_owner, by=by)


def cars_follow(customers: Collection[int], new_owner: Any, team_id: int | None) -> None:
    """The cars of customers go with them: who looks after the owner sees the car and its open care calls.

    Who sold a car stands on its deal and does not change.
    """
    cars = OwnedVehicle.objects.filter(customer__in=customers)
    CareTask.objects.filter(vehicle__in=cars, done_at=None).update(owner=new_owner, team_id=team_id)
    cars.update(owner=new_owner, team_id=team_id)


def locked_with_customer(cards: Any, prospect_id: int) -> Prospect:
    """Customer first, then the card: the lock order of the product."""
    found = cards.filter(pk=prospect_id).values_list("customer_id", flat=True).first()
    customer = lock(Customer.objects.all(), found)
    card = lock(cards, prospect_id)
    card.customer = customer
    return card
