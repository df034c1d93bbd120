"""Scoped querysets of reports. Reads only."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db.models import Exists, F, OuterRef, Q

from dealership.core.scoping import ScopedQuerySet
from dealership.org.duty import OFF_KINDS
from dealership.org.models import DutyDay
from reviews.choices import ReviewKind, ReviewState

SUBMITTED = Q(submitted_at__isnull=False)
ON_TIME = SUBMITTED & Q(is_late=False)
# A superior's first comment came before the comment deadline.
COMMENTED_IN_TIME = Q(first_commented_at__lt=F("comment_due_at"))


def due_by(moment: dt.datetime) -> Q:
    """Reports that are owed: the deadline has passed."""
    return Q(due_at__lte=moment)


def comment_due_by(moment: dt.datetime) -> Q:
    """Reports whose answer can be judged: the comment deadline has passed, or the answer is there."""
    return Q(comment_due_at__lte=moment) | Q(first_commented_at__isnull=False)


def day_off() -> Exists:
    """Was the day planned as rest or leave of its owner?"""
    rows = DutyDay.objects.filter(
        store=OuterRef("store"), user=OuterRef("owner"), day=OuterRef("starts_on"), kind__in=OFF_KINDS
    )
    return Exists(rows)


class ReviewQuerySet(ScopedQuerySet):
    """Own reports, those of the team, of the store or of the group."""

    resource = "review"

    def daily(self) -> Self:
        return self.filter(kind=ReviewKind.DAY)

    def on(self, day: dt.date) -> Self:
        return self.filter(starts_on=day)

    def not_handed_in(self) -> Self:
        """Never submitted; a returned report was."""
        return self.filter(submitted_at=None)

    def owed(self) -> Self:
        """Without those of a rest day or approved leave that was planned after the morning had opened them (R-TIME)."""
        return self.filter(~day_off())

    def owed_or_submitted(self) -> Self:
        """What lists show: nobody is asked for the report of a day off, but one handed in all the same is there."""
        return self.filter(~day_off() | Q(submitted_at__isnull=False))

    def unlocked(self) -> Self:
        return self.filter(~Q(state=ReviewState.LOCKED))


class ReviewRowQuerySet(ScopedQuerySet):
    """Comments and state changes follow their report."""

    resource = "review"
    store_path = "review__store"
    team_path = "review__team"
    owner_path = "review__owner"
