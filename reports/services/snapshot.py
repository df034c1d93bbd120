"""Freezing a month's opening figures: cards, orders and stock as of 00:00 on the 1st."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import service
from leads.kpis import cards_open_at
from reports.models import OpeningOrder, OpeningProspect, OpeningSnapshot, OpeningVehicle
from sales.kpis import orders_standing_at, vehicles_standing_at


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


def _freeze_cards(store_id: int, month: dt.date, moment: dt.datetime) -> int:
    cards = cards_open_at(moment).filter(store_id=store_id)
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
