"""Giving a car to an order and taking it back (配车/改配, §4.3)."""

from __future__ import annotations

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import service
from dealership.org.reach import require
from sales.choices import DealStatus, VehicleStatus, VehicleUsage
from sales.models import Allocation, Deal, Vehicle
from sales.policies import lock_is_over
from sales.selectors.vehicle import fifo_warning
from sales.services.deal.settle import settle
from sales.services.state import lock_deal, move, move_vehicle, require_state
from sales.services.vehicle import locked_conflict


@service
def deal_allocate(*, by: User, deal_id: int, vehicle_id: int, reason: str = "") -> Deal:
    """One car to one order (sales admin). Refuses a car of another configuration or colour, or taken by others.

    Jumping the queue is allowed to the desk but said beforehand and written into the history (FIFO warning).
    """
    deal = lock_deal(by=by, deal_id=deal_id, vehicle_id=vehicle_id)
    car = Vehicle.objects.select_related("configuration", "colour", "locked_by").get(pk=vehicle_id)
    require(by, "vehicle.allocate", deal.store_id)
    require_state(deal, DealStatus.ORDERED)
    _check_free(deal, car)
    _check_fits(deal, car)
    moment = periods.now()
    note = "；".join(text for text in (reason.strip(), fifo_warning(deal, car)) if text)
    Allocation.objects.create(vehicle=car, deal=deal, allocated_at=moment, allocated_by=by, reason=note[:200])
    move_vehicle(car, VehicleStatus.ALLOCATED)
    deal.vehicle, deal.allocated_at = car, moment
    move(deal, DealStatus.ALLOCATED, by=by, at=moment, reason=note)
    record(by=by, action="deal.allocate", target=deal, changes={"vin": car.vin, "note": note})
    settle(deal, by=by)
    return deal


@service
def deal_release_vehicle(*, by: User, deal_id: int, reason: str) -> Deal:
    """Take the car back before the invoice: it is free at once, the order waits again."""
    deal = lock_deal(by=by, deal_id=deal_id)
    require(by, "vehicle.allocate", deal.store_id)
    require_state(deal, DealStatus.ALLOCATED, DealStatus.PAID)
    if len(reason.strip()) < 2:
        raise DomainError("reason_missing", "请写明改配原因。", {"reason": ["请写明改配原因。"]})
    if deal.status == DealStatus.PAID:
        deal.paid_at = None
        move(deal, DealStatus.ALLOCATED, by=by, reason=reason)
    free_vehicle(deal, by=by, reason=reason)
    deal.allocated_at = None
    move(deal, DealStatus.ORDERED, by=by, reason=reason)
    record(by=by, action="deal.release_vehicle", target=deal)
    return deal


def free_vehicle(deal: Deal, *, by: User, reason: str) -> None:
    """End the allocation of a locked deal and put its (locked) car back into stock; nothing when it has none."""
    if deal.vehicle is None:
        return
    Allocation.objects.filter(deal=deal, released_at=None).update(
        released_at=periods.now(), released_by=by, reason=reason[:200]
    )
    move_vehicle(deal.vehicle, VehicleStatus.IN_STOCK)
    deal.vehicle = None


def _check_free(deal: Deal, car: Vehicle) -> None:
    held = car.status == VehicleStatus.LOCKED and not lock_is_over(car, periods.now())
    if held and car.locked_by_id != deal.owner_id:
        raise locked_conflict(car)
    if car.status not in (VehicleStatus.IN_STOCK, VehicleStatus.LOCKED):
        raise Conflict(
            "vehicle_taken",
            f"该车当前是“{car.get_status_display()}”，不能配给此订单。请刷新后另选一台。",
            current={"status": car.status, "version": car.version},
        )


def _check_fits(deal: Deal, car: Vehicle) -> None:
    text = ""
    if car.store_id != deal.store_id:
        text = "该车不在订单所属门店，请先办理调拨。"
    elif car.configuration_id != deal.configuration_id:
        text = f"车型不符：订单是{deal.configuration}，所选车辆是{car.configuration}。"
    elif deal.colour_id and car.colour_id != deal.colour_id:
        text = f"颜色不符：订单是{deal.colour}，所选车辆是{car.colour}。"
    elif car.usage == VehicleUsage.DEMO:
        text = "试驾车不能配给零售订单。"
    if text:
        raise DomainError("vehicle_differs", text, {"vehicle": [text]})
