"""Freezing a month's opening figures: cards, orders and stock as of 00:00 on the 1st."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.periods import Period
from dealership.core.services import service
from leads.choices import Grade
from leads.kpis import cards_open_at
from reports.models import HotProspect, HotWeek, OpeningOrder, OpeningProspect, OpeningSnapshot, OpeningVehicle
from sales.kpis import orders_standing_at, vehicles_standing_at

SIX_DAYS = dt.timedelta(days=6)


@service
def opening_snapshot_take(*, store_id: int, month: dt.date) -> OpeningSnapshot:
    """Take the openings of a store's month once; later calls answer the first snapshot.

    The rows come from the histories as of that instant, so a late job gives the same rows. Refused before
    the month has begun.
    """
    moment = periods.at(month)
    if moment > periods.now():
        raise DomainError("month_not_begun", "该月尚未开始，不能生成月初数据。")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('opening:' || %s || ':' || %s::date))", [store_id, month.isoformat()]
        )
    taken = OpeningSnapshot.objects.filter(store_id=store_id, month=month).first()
    if taken is not None:
        return taken
    return OpeningSnapshot.objects.create(
        store_id=store_id,
        month=month,
        taken_at=periods.now(),
        prospects=_freeze_cards(store_id, month, moment),
        orders=_freeze_orders(store_id, month, moment),
        vehicles=_freeze_vehicles(store_id, month, moment),
    )


@service
def hot_weeks_take(*, store_id: int, month: dt.date) -> int:
    """Freeze the H cards of every Monday that has begun and whose Sunday lies in the month; answers how many weeks.

    Called by each roll-up of the month. Rows come from the histories as of that instant, so a late call gives the
    same rows, and a week is frozen once.
    """
    sundays = [day for day in Period.containing("month", month).days() if day.weekday() == 6]
    mondays = [day - SIX_DAYS for day in sundays if periods.at(day - SIX_DAYS) <= periods.now()]
    taken = set(HotWeek.objects.filter(store_id=store_id, week__in=mondays).values_list("week", flat=True))
    missing = [monday for monday in mondays if monday not in taken]
    return sum(_freeze_week(store_id, monday) for monday in missing)


def _freeze_week(store_id: int, monday: dt.date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('hot:' || %s || ':' || %s::date))", [store_id, monday.isoformat()]
        )
    if HotWeek.objects.filter(store_id=store_id, week=monday).exists():
        return False
    cards = cards_open_at(periods.at(monday), store_id).filter(grade_then=Grade.H)
    common = {"store_id": store_id, "week": monday, "judged_on": monday + SIX_DAYS}
    found = cards.values_list("pk", "owner_then", "team_then")
    made = HotProspect.objects.bulk_create(
        [HotProspect(prospect_id=pk, owner_id=owner, team_id=team, **common) for pk, owner, team in found],
        batch_size=1000,
    )
    HotWeek.objects.create(store_id=store_id, week=monday, taken_at=periods.now(), prospects=len(made))
    return True


def _freeze_cards(store_id: int, month: dt.date, moment: dt.datetime) -> int:
    cards = cards_open_at(moment, store_id)
    rows = cards.values_list("pk", "owner_then", "team_then", "grade_then", "status_then")
    made = OpeningProspect.objects.bulk_create(
        [
            OpeningProspect(
                store_id=store_id, month=month, prospect_id=pk, owner_id=owner, team_id=team, grade=grade, status=status
            )
            for pk, owner, team, grade, status in rows
        ],
        batch_size=1000,
    )
    return len(made)


def _freeze_orders(store_id: int, month: dt.date, moment: dt.datetime) -> int:
    rows = orders_standing_at(moment).filter(store_id=store_id)
    made = OpeningOrder.objects.bulk_create(
        [
            OpeningOrder(
                store_id=store_id, month=month, deal_id=pk, owner_id=owner, team_id=team, contract_amount=amount
            )
            for pk, owner, team, amount in rows.values_list("pk", "owner_id", "team_id", "contract_amount")
        ],
        batch_size=1000,
    )
    return len(made)


def _freeze_vehicles(store_id: int, month: dt.date, moment: dt.datetime) -> int:
    rows = vehicles_standing_at(moment).filter(store_id=store_id)
    made = OpeningVehicle.objects.bulk_create(
        [
            OpeningVehicle(store_id=store_id, month=month, vehicle_id=pk, arrived_on=arrived_on)  # type: ignore[misc]
            for pk, arrived_on in rows.values_list("pk", "arrived_on")
        ],
        batch_size=1000,
    )
    return len(made)
