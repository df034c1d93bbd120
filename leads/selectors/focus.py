"""今日H级客户: the H customers of a day, one by one (§1.10 O12)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.reach import has_role
from dealership.org.roles import SELLING_ROLES
from leads.choices import FollowUpOutcome, Grade, ProspectStatus
from leads.models import FollowUp, FollowUpTask, Prospect
from leads.selectors.choices import sees_others

# More is no longer one by one.
MOST = 100
ALL = "all"


@dataclass(frozen=True)
class Item:
    """One customer of the day: when the contact was due, and today's last contact, if there was one."""

    prospect_id: int
    name: str
    due_at: dt.datetime
    outcome: str
    is_done: bool

    @property
    def said(self) -> str:
        return str(FollowUpOutcome(self.outcome).label) if self.outcome else ""


@dataclass(frozen=True)
class Focus:
    """The day's customers in the order they were due; `place` is the one in hand."""

    items: list[Item]
    place: int

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self.items)

    @property
    def current(self) -> Item | None:
        return self.items[self.place] if self.items else None

    @property
    def previous(self) -> Item | None:
        return self.items[self.place - 1] if self.place > 0 else None

    @property
    def following(self) -> Item | None:
        return self.items[self.place + 1] if self.place + 1 < len(self.items) else None


def focus_items(*, user: Any, owner_id: int | None = None) -> list[Item]:
    """H customers due by tonight, and those contacted today while they were H, in one statement.

    The order is that of the moment they were due this morning, so a contact moves nobody. Done is who was contacted
    and is not due any more today: an unanswered call that leaves the date where it is does not count (R-FU-3).
    """
    rows = _of_today(Prospect.objects.visible_to(user), user)
    if owner_id is not None:
        rows = rows.filter(owner=owner_id)
    tonight = periods.end_of_day(periods.today())
    found = rows.order_by("was_due", "id").values_list(
        "pk", "customer__name", "was_due", "outcome", "status", "next_follow_up_at"
    )[:MOST]
    return [
        Item(
            prospect_id=pk, name=name, due_at=was_due, outcome=outcome or "",
            is_done=bool(outcome) and not (status in _WORKED and next_at is not None and next_at < tonight),
        )
        for pk, name, was_due, outcome, status, next_at in found
    ]  # fmt: skip


_WORKED = (ProspectStatus.ACTIVE, ProspectStatus.OUT_OF_CONTROL)


def _of_today(rows: Any, user: Any) -> QuerySet[Any]:
    day = Period.day(periods.today())
    contacts = FollowUp.objects.filter(grade_before=Grade.H, **day.filter("done_at"))
    last = contacts.filter(prospect=OuterRef("pk")).order_by("-done_at", "-id")
    finished = FollowUpTask.objects.filter(prospect=OuterRef("pk"), **day.filter("done_at")).order_by()
    first_due = finished.values("prospect").annotate(first=Min("due_at")).values("first")
    due = Q(grade=Grade.H, status__in=_WORKED, next_follow_up_at__lt=periods.end_of_day(periods.today()))
    # By the contacts of the day, which are few, not card by card.
    called = Q(pk__in=contacts.visible_to(user).values("prospect_id"))
    return rows.filter(due | called).annotate(
        outcome=Subquery(last.values("outcome")[:1]),
        was_due=Coalesce(Subquery(first_due), F("next_follow_up_at"), F("grade_since")),
    )


def focus_owner(user: Any, asked: str) -> int | None:
    """Whose customers: a seller's own unless told otherwise, a manager's whole store; only who sees colleagues chooses.

    `asked` is an id or `all`; anything else counts as not given.
    """
    if not sees_others(user):
        return int(user.pk)
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        return int(asked)
    return int(user.pk) if asked != ALL and has_role(user, SELLING_ROLES) else None


def focus_at(items: list[Item], prospect_id: int | None) -> Focus:
    """The customer asked for, else the first who still waits, else the first."""
    for place, item in enumerate(items):
        if item.prospect_id == prospect_id:
            return Focus(items, place)
    waiting = (place for place, item in enumerate(items) if not item.is_done)
    return Focus(items, next(waiting, 0))


def last_words(*, prospect: Prospect) -> list[FollowUp]:
    """The last contacts of a card within reach, to read before calling."""
    rows = FollowUp.objects.filter(prospect=prospect).select_related("done_by")
    return list(rows.order_by("-done_at", "-id")[:3])
