"""What a visit that ended leaves to do (R-FU-4): thanks within hours, a first visitor's call within a day."""

from __future__ import annotations

import datetime as dt

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.policy import policy
from leads.choices import OPEN_STATUSES, TaskKind, VisitType
from leads.models import FollowUp, FollowUpTask, Prospect, Visit
from leads.services.history import open_task, open_tasks

FIRST = (VisitType.FIRST_CAPTURED, VisitType.FIRST_CARDED)


def plan_after_visit(visit: Visit) -> None:
    """Open the thank-you and bring the first call forward; inside the caller's transaction, visit locked.

    Nothing is opened for a party that left on an earlier day, was thanked that day already or has no open card.
    """
    if visit.prospect_id is None or visit.left_at is None or periods.local_date(visit.left_at) != periods.today():
        return
    card = Prospect.objects.select_for_update(of=("self",)).get(pk=visit.prospect_id)
    if card.status not in OPEN_STATUSES:
        return
    tasks = open_tasks(card)
    first = next((task for task in tasks if task.kind == TaskKind.FIRST), None)
    if first is not None and visit.visit_type in FIRST:
        call_by = _hours_after(visit, "follow_up.first_call_hours")
        if call_by < first.due_at:
            first.due_at = call_by
            first.save(update_fields=["due_at"])
    if not _thanked(visit, card):
        tasks.append(open_task(card, TaskKind.THANKS, _hours_after(visit, "follow_up.thanks_hours"), at=visit.left_at))
    card.next_follow_up_at = min(task.due_at for task in tasks)
    card.touch()
    card.save(update_fields=["next_follow_up_at", "version", "updated_at"])


def _hours_after(visit: Visit, key: str) -> dt.datetime:
    if visit.left_at is None:
        raise ValueError("the party has not left")
    return visit.left_at + dt.timedelta(hours=int(policy(key, visit.store_id, visit.visited_on)))


def _thanked(visit: Visit, card: Prospect) -> bool:
    """Is a thank-you open or was one planned today, or did somebody contact the customer since the party left?"""
    today = Period.day(periods.today())
    planned = FollowUpTask.objects.filter(prospect=card, kind=TaskKind.THANKS, **today.filter("created_at"))
    still_open = FollowUpTask.objects.open().filter(prospect=card, kind=TaskKind.THANKS)
    contacted = FollowUp.objects.filter(prospect=card, done_at__gte=visit.left_at)
    return planned.exists() or still_open.exists() or contacted.exists()
