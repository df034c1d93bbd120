"""Opening the reports of a day: for everybody who is due, exactly once (R-TIME)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.backends.postgresql.psycopg_any import DateRange

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import service
from dealership.org.calendar import is_open, next_open_day
from dealership.org.models import ClosedMonth, Store
from dealership.org.policy import policy
from reviews.choices import ReviewKind, ReviewState
from reviews.models import Review, ReviewStateChange
from reviews.selectors.due import DuePerson, due_people
from reviews.selectors.figures import figures_of_day

DUE_POLICY = {ReviewKind.DAY: "report.daily_due", ReviewKind.EVENING: "report.evening_due"}


@dataclass(frozen=True)
class Deadlines:
    """The three clocks of a report."""

    due_at: dt.datetime
    missed_at: dt.datetime
    comment_due_at: dt.datetime


def deadlines(store: Store, day: dt.date, kind: str, *, is_late_shift: bool = False) -> Deadlines:
    """Deadlines of a report of this day; those that would fall on a closed day move to the next open one.

    The late shift hands in later by `report.late_shift_hours` (R-TIME); the manager's evening report does not.
    """
    due_at = periods.at(next_open_day(day, store.pk), policy(DUE_POLICY[ReviewKind(kind)], store, day))
    if is_late_shift and kind == ReviewKind.DAY:
        due_at += dt.timedelta(hours=policy("report.late_shift_hours", store, day))
    missed_at = due_at + dt.timedelta(hours=policy("report.missed_after_hours", store, day))
    missed_on = periods.local_date(missed_at)
    shifted = next_open_day(missed_on, store.pk)
    comment_on = next_open_day(day + dt.timedelta(days=1), store.pk)
    return Deadlines(
        due_at,
        missed_at + (shifted - missed_on),
        periods.at(comment_on, policy("report.comment_due", store, day)),
    )


def month_is_closed(store_id: int, day: dt.date) -> bool:
    """Nothing of a closed month is opened or flagged any more."""
    return ClosedMonth.objects.filter(store_id=store_id, month=day.replace(day=1)).exists()


@service
def review_open(*, day: dt.date, store: Store, only: User | None = None, by: User | None = None) -> list[Review]:
    """Open the daily and evening reports of everybody due that day; returns the new ones.

    Called by the job of the morning, for days of a downtime too, and by a person whose report is not there yet
    (`only`). Running it again opens nothing twice: the store row is locked, the database excludes overlaps (F17, F18).
    """
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    if not is_open(day, store.pk) or month_is_closed(store.pk, day):
        return []
    people = due_people(store=store, day=day, only=only)
    if not people:
        return []
    made = [_open_one(store=store, day=day, person=person, by=by) for person in people]
    figures = figures_of_day(store_id=store.pk, day=day)
    moment = periods.now()
    for review in made:
        review.figures, review.refreshed_at = figures.of(review), moment
        review.frozen_at = moment if review.is_frozen else None
    Review.objects.bulk_update(made, ["figures", "refreshed_at", "frozen_at"])
    record(by=by, action="review.open", target=store, changes={"day": day, "count": len(made)})
    return made


def reset_clocks(review: Review, *, is_late_shift: bool) -> None:
    """The deadlines by the rota as it is now, on a locked row that was never handed in; the caller saves."""
    if review.submitted_at is None and not review.is_missed:
        clocks = deadlines(review.store, review.starts_on, review.kind, is_late_shift=is_late_shift)
        review.due_at, review.missed_at, review.comment_due_at = clocks.due_at, clocks.missed_at, clocks.comment_due_at


@service
def review_open_own(*, by: User, store: Store) -> Review:
    """My report of today, opened by hand when the morning job has not run; refused on my rest day and on leave."""
    made = review_open(day=periods.today(), store=store, only=by, by=by)
    if not made:
        raise DomainError("not_due", "今天不需要提交日报：门店休息、您今天休息或请假，或日报已经生成。")
    return made[0]


def _open_one(*, store: Store, day: dt.date, person: DuePerson, by: User | None) -> Review:
    clocks = deadlines(store, day, person.kind, is_late_shift=person.is_late_shift)
    review = Review.objects.create(
        store=store, team_id=person.team_id, owner_id=person.user_id, kind=person.kind, starts_on=day,
        period=DateRange(day, day + dt.timedelta(days=1)),
        due_at=clocks.due_at, missed_at=clocks.missed_at, comment_due_at=clocks.comment_due_at,
    )  # fmt: skip
    ReviewStateChange.objects.create(review=review, to_state=ReviewState.OPEN, at=periods.now(), by=by)
    return review
