"""What the clock does with reports: keep figures fresh, freeze at midnight, flag the missing, lock a day later."""

from __future__ import annotations

import datetime as dt

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.services import service
from dealership.org.choices import DutyKind
from dealership.org.duty import NOT_THERE, duties
from dealership.org.models import Store
from reviews.choices import ReviewState
from reviews.models import Review, ReviewStateChange
from reviews.selectors.figures import figures_of_day
from reviews.services.opening import month_is_closed, reset_clocks


@service
def reviews_refresh_store(*, store: Store, day: dt.date) -> int:
    """Recompute the figures of every report of a store and day in one go, until they are frozen; returns how many."""
    return _refresh(store, day)


def _refresh(store: Store, day: dt.date) -> int:
    rows = list(
        Review.objects.select_for_update(of=("self",)).filter(store=store, starts_on=day, frozen_at=None).order_by("pk")
    )
    if not rows or month_is_closed(store.pk, day):
        return 0
    figures = figures_of_day(store_id=store.pk, day=day)
    rota = duties(store.pk, Period.day(day))
    moment = periods.now()
    for row in rows:
        row.store = store
        reset_clocks(row, is_late_shift=rota.get((row.owner_id, day), NOT_THERE).kind is DutyKind.LATE)
        row.figures = figures.of(row)
        row.refreshed_at = moment
    Review.objects.bulk_update(rows, ["figures", "refreshed_at", "due_at", "missed_at", "comment_due_at"])
    return len(rows)


@service
def reviews_midnight(*, store: Store, day: dt.date) -> dict[str, int]:
    """The day is over: freeze its figures; flag and lock the reports of earlier days whose grace has ended (§4.9).

    Safe to repeat and to run late: frozen rows stay, flags and locks are set once.
    """
    moment = periods.now()
    _refresh(store, day)
    frozen = Review.objects.filter(store=store, starts_on=day, frozen_at=None).update(frozen_at=moment)
    locked, missed = _close_old(store, day, moment)
    done = {"frozen": frozen, "missed": missed, "locked": locked}
    record(by=None, action="review.midnight", target=store, changes={"day": day, **done})
    return done


def _close_old(store: Store, day: dt.date, moment: dt.datetime) -> tuple[int, int]:
    """Reports close at next day 24:00, never before their grace has ended; (locked, of these missed).

    The missed flag belongs to the month's figures: in a closed month it is left as it was.
    """
    rows = list(
        Review.objects.select_for_update(of=("self",))
        .filter(store=store, starts_on__lt=day, missed_at__lte=moment)
        .unlocked()
        .order_by("pk")
    )
    closed = {month for month in {row.starts_on.replace(day=1) for row in rows} if month_is_closed(store.pk, month)}
    excused = _excused(rows)
    changes = []
    for row in rows:
        changes.append(ReviewStateChange(review=row, from_state=row.state, to_state=ReviewState.LOCKED, at=moment))
        if row.submitted_at is None and row.pk not in excused and row.starts_on.replace(day=1) not in closed:
            row.is_missed = True
        row.state, row.locked_at = ReviewState.LOCKED, moment
        row.touch()
    ReviewStateChange.objects.bulk_create(changes)
    Review.objects.bulk_update(rows, ["state", "locked_at", "version", "is_missed"])
    return len(rows), sum(row.is_missed for row in rows)


def _excused(rows: list[Review]) -> set[int]:
    """Reports of a rest day or approved leave: they lock like all, but nobody missed them (R-TIME)."""
    ids = [row.pk for row in rows]
    return set(ids) - set(Review.objects.filter(pk__in=ids).owed().values_list("pk", flat=True))
