"""Who may do what with a loaded report. The services ask here, the pages show buttons by the same answers."""

from __future__ import annotations

from typing import Any

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.reach import can, has_role
from reviews.choices import ALLOWED_IN, ReviewEvent, ReviewKind, ReviewState
from reviews.models import Review

# The manager's own report goes to the level above (S2: managers are reviewed too).
ABOVE_MANAGER = (Role.SALES_MANAGER, Role.GENERAL_MANAGER)
_SUPERIOR_ACTS = {
    ReviewEvent.COMMENT: "review.comment",
    ReviewEvent.RETURN: "review.return",
    ReviewEvent.MARK_REVIEWED: "review.comment",
    ReviewEvent.LOCK: "review.lock",
}


def owner_act(kind: str) -> str:
    """The act of the role table that lets a person write a report of this kind."""
    return "review.evening" if kind == ReviewKind.EVENING else "review.write"


def is_superior(user: Any, review: Review, act: str) -> bool:
    """May judge this report: the act in its store, never one's own, an evening report only from above."""
    if user.pk == review.owner_id or not can(user, act, review.store_id):
        return False
    return review.kind != ReviewKind.EVENING or has_role(user, ABOVE_MANAGER, review.store_id)


def allowed_for(user: Any, review: Review, event: str) -> bool:
    """Does the person's part in this report permit the event, whatever its state?"""
    if event in (ReviewEvent.WRITE, ReviewEvent.SUBMIT):
        return user.pk == review.owner_id and can(user, owner_act(review.kind), review.store_id)
    if event == ReviewEvent.COMMENT and user.pk == review.owner_id:
        return True
    return is_superior(user, review, _SUPERIOR_ACTS[ReviewEvent(event)])


def fits_state(review: Review, event: str) -> bool:
    """Does the state machine permit the event now?

    A submitted report may be reworded until midnight of its day; later only a returned one, or one that was never
    handed in and is still waited for, takes words.
    """
    if review.state not in ALLOWED_IN[event]:
        return False
    rewords = event == ReviewEvent.WRITE and review.state == ReviewState.SUBMITTED
    return not (rewords and periods.now() >= review.day.end_at)


def possible(user: Any, review: Review, event: str) -> bool:
    """What the page offers."""
    return allowed_for(user, review, event) and fits_state(review, event)
