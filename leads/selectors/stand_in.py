"""代跟进: who is away today, what is due with them, and who takes it over (R-FU-2). Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.org.choices import DutyKind
from dealership.org.duty import NOT_THERE, Duty, duties
from dealership.org.models import Store
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from leads.models import FollowUpTask, Prospect


@dataclass(frozen=True)
class Away:
    """A seller with what is due by tonight; `suggested` has the fewest calls among those who work."""

    person: User
    duty: Duty
    due: int
    overdue: int
    stand_in: User | None
    suggested: User | None
    others: list[User]

    @property
    def kind(self) -> str:
        return str(DutyKind(self.duty.kind).label)


def is_stand_in(user: Any, card: Prospect) -> bool:
    """Does the reader see this card only because they stand in for its owner today, or make its second contact?"""
    reach = reach_for(user, "prospect")
    if card.store_id in reach.store_ids or card.team_id in reach.team_ids or card.store.group_id in reach.group_ids:
        return False
    return card.owner_id != user.pk


def due_by_seller(*, store: Store) -> list[Away]:
    """Sellers of a store with calls due by tonight, absent ones without a stand-in first. The caller plans the rota."""
    today = periods.today()
    rota = duties(store.pk, Period.day(today), roles=SELLING_ROLES)
    people = {person.pk: person for person in people_in([store.pk], SELLING_ROLES)}
    midnight = Q(due_at__lt=periods.at(today))
    tasks = FollowUpTask.objects.open().filter(store=store, due_at__lt=periods.end_of_day(today)).order_by()
    counts = {"number": Count("pk"), "late": Count("pk", filter=midnight)}
    counted = tasks.values("owner_id").annotate(**counts).values_list("owner_id", "number", "late")
    due = {owner: (number, late) for owner, number, late in counted}
    working = [pk for pk in people if not rota.get((pk, today), NOT_THERE).is_off]
    by_load = sorted(working, key=lambda pk: (due.get(pk, (0, 0))[0], pk))
    rows = [
        _away(people, people[pk], rota.get((pk, today), NOT_THERE), due[pk], [one for one in by_load if one != pk])
        for pk in people
        if pk in due
    ]
    return sorted(rows, key=lambda row: (not row.duty.is_off, row.stand_in is not None, -row.due, row.person.pk))


def _away(people: dict[int, User], person: User, duty: Duty, due: tuple[int, int], free: Iterable[int]) -> Away:
    others = [people[pk] for pk in free]
    stand_in = people.get(duty.replacement_id or 0)
    return Away(person, duty, *due, stand_in, stand_in or next(iter(others), None), others)
