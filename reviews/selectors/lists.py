"""The rows of a report's day: who came, what was followed up, what was sold, what waits tomorrow. Read live."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from dealership.core.periods import Period, local_time
from leads.models import FollowUp, FollowUpTask, OwnedVehicle, Visit
from reviews.choices import ReviewKind
from reviews.models import Review
from sales.models import Deal, Payment

ROW_LIMIT = 40


@dataclass(frozen=True)
class DayLists:
    """Rows within the reader's reach, newest or earliest first, at most `ROW_LIMIT` of each."""

    visits: list[Visit]
    follow_ups: list[FollowUp]
    deals: list[Deal]
    payments: list[Payment]
    due: list[FollowUpTask]


@dataclass(frozen=True)
class PlanLine:
    """One line of 营业日报表: a contact that was planned, done, or both (§5.2 计划对实绩)."""

    customer: str
    plan: str
    follow_up: FollowUp | None


def day_lists(*, user: Any, review: Review) -> DayLists:
    """Lists of a daily report; those of an evening report are the team's reports instead."""
    mine = {"store_id": review.store_id, "owner_id": review.owner_id}
    day, tomorrow = review.day, review.day.next()
    done = FollowUp.objects.visible_to(user).filter(store_id=review.store_id, done_by_id=review.owner_id)
    return DayLists(
        visits=list(_cut(Visit.objects.visible_to(user).filter(**mine, **day.filter("visited_at")), "visited_at")),
        follow_ups=list(_cut(done.filter(**day.filter("done_at")), "done_at")),
        deals=list(deals_of_day(user, day).filter(**mine).select_related("customer", "configuration")[:ROW_LIMIT]),
        payments=list(
            Payment.objects.visible_to(user)
            .cleared()
            .filter(**mine, **day.filter("cleared_at"))
            .select_related("deal__customer")
            .order_by("cleared_at", "id")[:ROW_LIMIT]
        ),
        due=list(
            FollowUpTask.objects.visible_to(user)
            .open()
            .filter(**mine, **tomorrow.filter("due_at"))
            .select_related("prospect__customer")
            .order_by("due_at", "id")[:ROW_LIMIT]
        ),
    )


def _cut(rows: Any, moment: str) -> Any:
    return rows.select_related("customer", "prospect").order_by(moment, "id")[:ROW_LIMIT]


def deals_of_day(user: Any, day: Period) -> Any:
    """Deals ordered or handed over that day."""
    on_day = Q(**day.filter("ordered_at")) | Q(**day.filter("delivered_at"))
    return Deal.objects.visible_to(user).filter(on_day).order_by("id")


def promised_tomorrow(*, user: Any, review: Review) -> list[Deal]:
    """Cars promised for the day after: what the evening report looks forward to."""
    rows = Deal.objects.visible_to(user).open_orders().filter(store_id=review.store_id, promised_on=review.day.end)
    return list(rows.select_related("customer", "configuration", "owner").order_by("id")[:ROW_LIMIT])


def team_reports(*, user: Any, review: Review) -> list[Review]:
    """The daily reports an evening report is filled from."""
    rows = Review.objects.visible_to(user).filter(
        store_id=review.store_id, starts_on=review.starts_on, kind=ReviewKind.DAY
    )
    return list(rows.owed_or_submitted().select_related("owner", "team").order_by("team_id", "owner_id"))


def plan_and_results(*, user: Any, review: Review) -> Iterator[PlanLine]:
    """Planned contacts of the day with their results, then what was done without a plan; for the printed sheet."""
    day = review.day
    tasks = (
        FollowUpTask.objects.visible_to(user)
        .filter(store_id=review.store_id, owner_id=review.owner_id, cancelled_at=None, **day.filter("due_at"))
        .select_related("prospect__customer", "follow_up")
        .order_by("due_at", "id")
    )
    shown = set()
    for task in tasks:
        shown.add(task.follow_up_id)
        plan = f"{task.get_kind_display()} {_clock(task.due_at)}"
        yield PlanLine(task.prospect.customer.display_name, plan, task.follow_up)
    done = FollowUp.objects.visible_to(user).filter(store_id=review.store_id, done_by_id=review.owner_id)
    for row in done.filter(**day.filter("done_at")).select_related("customer").order_by("done_at", "id"):
        if row.pk not in shown:
            yield PlanLine(row.customer.display_name, "—", row)


def _clock(moment: dt.datetime) -> str:
    return f"{local_time(moment):%H:%M}"


def owners_to_date(*, user: Any, review: Review) -> tuple[int, int]:
    """保有客户 to the report's day (sold by this person, taken over from others)."""
    rows = OwnedVehicle.objects.visible_to(user).filter(
        store_id=review.store_id, owner_id=review.owner_id, delivered_on__lte=review.starts_on
    )
    deals = dict(Deal.objects.filter(pk__in=rows.values("deal_id")).values_list("pk", "owner_id"))
    sellers = [deals.get(deal_id) for deal_id in rows.values_list("deal_id", flat=True)]
    own = sum(seller == review.owner_id for seller in sellers)
    return own, len(sellers) - own
