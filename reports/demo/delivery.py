"""The hand-over of a demo car, the owner it makes, and the care calls that follow."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.policy import DEFAULTS
from leads.choices import CareResult, ProspectStatus
from leads.models import CareTask, OwnedVehicle
from reports.demo import deal_rows
from sales.choices import DealStatus, DocumentState, VehicleStatus

if TYPE_CHECKING:
    from reports.demo.orders import Order, OrderBook

REACHED = ((CareResult.SATISFIED, 71), (CareResult.NEUTRAL, 5), (CareResult.UNSATISFIED, 2), (CareResult.NO_ANSWER, 22))
PLATE_LETTERS = "ABCDEFGHJK"
# Of so many deliveries one has a paper put right afterwards.
PUT_RIGHT = 29


def hand_over(orders: OrderBook, order: Order, at: dt.datetime) -> None:
    """Everything that the signature under the hand-over sheet changes."""
    by, vehicle = orders.people.one(Role.DELIVERY_SPECIALIST), order.taken
    order.row.update(delivered_at=at, handed_complete=True)
    corrected = at + dt.timedelta(days=3)
    if order.row["id"] % PUT_RIGHT == 0 and corrected < orders.now:
        order.row["corrected_at"] = corrected
    orders.move(order, DealStatus.DELIVERED, at, by)
    deal_rows.complete(order.documents, at, by, DocumentState.HANDED)
    vehicle.update(status=VehicleStatus.DELIVERED, stocked_out_on=periods.local_date(at), certificate_status="in_store")
    card = order.card
    orders.book.move(card, at, ProspectStatus.DELIVERED, by, order.row["number"])
    orders.book.stop(card, at)
    orders.book.regrade(card, at, "D", "交车")
    _make_owner(orders, order, at)


def _make_owner(orders: OrderBook, order: Order, at: dt.datetime) -> None:
    day, seller, rng = periods.local_date(at), order.card.seller, orders.rng
    scope: dict[str, Any] = {"store_id": orders.people.store_id, "team_id": seller.team_id, "owner_id": seller.user_id}
    owned = orders.bulk.add(
        OwnedVehicle,
        **scope,
        customer_id=order.card.customer["id"],
        prospect_id=order.card.prospect["id"],
        deal_id=order.row["id"],
        series_id=order.car.series_id,
        description=f"{order.car.series} {order.car.name}",
        vin=order.taken["vin"],
        plate=f"赣{rng.choice(PLATE_LETTERS)}D{rng.randrange(10_000, 100_000)}" if rng.random() < 0.7 else "",
        delivered_on=day,
        insurance_expires_on=periods.add_months(day, 12),
    )
    for step in DEFAULTS["care.schedule"]:
        task = orders.bulk.add(
            CareTask, **scope, vehicle_id=owned["id"], kind=step["kind"], due_on=day + dt.timedelta(days=step["days"])
        )
        done = periods.at(task["due_on"], dt.time(10)) + dt.timedelta(minutes=rng.randrange(360))
        if done < orders.now and rng.random() < 0.96:
            result = rng.choices([value for value, _ in REACHED], weights=[share for _, share in REACHED])[0]
            task.update(done_at=done, done_by_id=orders.people.one(Role.CARE_AGENT), result=result)
