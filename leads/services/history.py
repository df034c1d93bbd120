"""The moves of a card: status and grade with their append-only rows, and the open tasks. Used by the services only.

Every function runs inside its caller's transaction, on a card the caller has locked and will save.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet

from dealership.core.errors import DomainError
from dealership.core.periods import local_date
from dealership.core.prepared import rows_of
from leads.choices import OPEN_STATUSES, ProspectStatus, TaskKind
from leads.evaluation_choices import NurtureEnd
from leads.models import FollowUp, FollowUpTask, GradeChange, NurtureStay, Prospect, StatusChange
from leads.policies import may_move, regular_due


def move_status(
    card: Prospect, to: str, *, at: dt.datetime, by: Any, reason: str = "", only_from: str | None = None
) -> None:
    """Move through PROSPECT_TRANSITIONS (and only from the event's own state); else refused, nothing is written."""
    before = card.status
    if not may_move(before, to) or only_from not in (None, before):
        now, wanted = ProspectStatus(before).label, ProspectStatus(to).label
        raise DomainError("bad_transition", f"客户当前为“{now}”，不能改为“{wanted}”。")
    card.status = to
    if to not in OPEN_STATUSES:
        _end_nurture(card, at=at, by=by)
    write_status(card, before, at=at, by=by, reason=reason)


def _end_nurture(card: Prospect, *, at: dt.datetime, by: Any) -> None:
    """Ordered, lost and resting cards are nobody's to warm up."""
    NurtureStay.objects.waiting().filter(prospect=card).update(left_at=at, left_by=by, end=NurtureEnd.ENDED)


def write_status(card: Prospect, before: str, *, at: dt.datetime, by: Any, reason: str = "") -> None:
    """The history row of a move already made on the card."""
    StatusChange.objects.create(
        prospect=card, store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, at=at, by=by,
        reason=reason[:200], from_status=before, to_status=card.status,
    )  # fmt: skip


def write_grade(
    card: Prospect, to: str, *, at: dt.datetime, by: Any, before: str | None = None, reason: str = ""
) -> None:
    """Set the grade and write 原有 → 现在."""
    GradeChange.objects.create(
        prospect=card, store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, at=at, by=by,
        reason=reason[:200], from_grade=card.grade if before is None else before, to_grade=to,
    )  # fmt: skip
    card.grade, card.grade_since = to, at


def open_task(card: Prospect, kind: TaskKind, due_at: dt.datetime, *, at: dt.datetime) -> FollowUpTask:
    """A contact that is due: overdue and on-time are computed from it, never typed."""
    return FollowUpTask.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, prospect=card, kind=kind,
        due_at=due_at, original_due_at=due_at, created_at=at,
    )  # fmt: skip


def open_tasks(card: Prospect) -> list[FollowUpTask]:
    """What is due on a locked card."""
    return rows_of(_open_tasks, _open_tasks, [card.pk])


def _open_tasks(ids: Sequence[int]) -> QuerySet[FollowUpTask]:
    return FollowUpTask.objects.open().filter(prospect_id=ids[0])


def finish_tasks(tasks: list[FollowUpTask], follow_up: FollowUp) -> None:
    """Close the tasks this contact fulfils."""
    rows = FollowUpTask.objects.filter(pk__in=[task.pk for task in tasks])
    rows.update(done_at=follow_up.done_at, done_by_id=follow_up.done_by_id, follow_up=follow_up)


def cancel_tasks(card: Prospect, *, at: dt.datetime, kept: Collection[TaskKind] = ()) -> None:
    """What was due no longer is (the card was ordered, delivered or given back), but for the kinds that are `kept`."""
    FollowUpTask.objects.open().filter(prospect=card).exclude(kind__in=kept).update(cancelled_at=at)


def keep_interval(card: Prospect, *, at: dt.datetime) -> None:
    """A grade set without a contact (抽查): what is due later than the new grade allows comes forward (R-FU-1)."""
    latest = regular_due(card.grade, local_date(at), card.store_id)
    if card.next_follow_up_at is None or card.next_follow_up_at <= latest:
        return
    task = min(open_tasks(card), key=lambda row: row.due_at)
    task.due_at = card.next_follow_up_at = latest
    task.save(update_fields=["due_at"])
