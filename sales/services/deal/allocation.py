"""Giving a car to an order and taking it back (配车/改配, §4.3)."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import service
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.reach import people_in, require
from sales.choices import DealStatus, VehicleStatus, VehicleUsage
from sales.models import Allocation, Deal, Vehicle
from sales.policies import lock_is_over
from sales.selectors.deal import is_unpaid_since
from sales.selectors.vehicle import fifo_warning
from sales.services.deal.settle import settle
from sales.services.state import lock_deal, move, move_vehicle, require_state
from sales.services.vehicle import locked_conflict


@service
def deal_allocate(*, by: User, deal_id: int, vehicle_id: int, reason: str = "") -> Deal:
    """One car to one order (sales admin). Refuses a car of another configuration or colour, or taken by others.

    Jumping the queue is allowed to the desk but said beforehand and written into the history (FIFO warning).
    """
    deal = lock_deal(by=by, deal_id=deal_id, vehicle_id=vehicle_id, act="vehicle.allocate")
    car = Vehicle.objects.select_related("configuration", "colour", "locked_by").get(pk=vehicle_id)
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
    if deal.status == DealStatus.ALLOCATED:
        days = policy("allocation.unpaid_days", deal.store_id)
        text = f"{deal} 已配车 {car.vin[-6:]}，请通知客户付款；{days}天内没有收款将自动释放。"
        notify(to=[deal.owner], kind="deal", key=f"deal:{deal.pk}:allocated:{deal.version}", text=text, url=_url(deal))
    return deal


@service
def deal_release_unpaid(*, deal_id: int, moment: dt.datetime) -> bool:
    """改配 (§4.3): a car allocated for more than `allocation.unpaid_days` without any payment goes back to stock.

    Called by the periodic job for each deal that seemed due; looks again under the lock, so that a payment that came
    in meanwhile keeps the car and a second run does nothing. Tells the consultant and the showroom manager.
    """
    deal = lock_deal(by=None, deal_id=deal_id)
    days = policy("allocation.unpaid_days", deal.store_id)
    if not is_unpaid_since(deal, moment - dt.timedelta(days=days)):
        return False
    car, since = deal.vehicle, deal.allocated_at
    reason = f"配车超过{days}天未付款，自动释放"
    free_vehicle(deal, by=None, reason=reason)
    deal.allocated_at = None
    move(deal, DealStatus.ORDERED, by=None, reason=reason)
    record(by=None, action="deal.release_unpaid", target=deal, changes={"since": since, "days": days})
    notify(
        to={deal.owner, *people_in([deal.store_id], [Role.SHOWROOM_MANAGER])}, kind="deal",
        key=f"deal:{deal.pk}:released:{deal.version}",
        text=f"{deal} 的车辆 {car.vin[-6:] if car else ''} 因{days}天未付款已释放，订单重新等待配车。", url=_url(deal),
    )  # fmt: skip
    return True


def _url(deal: Deal) -> str:
    return reverse("sales:deal_page", args=[deal.pk])


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


def free_vehicle(deal: Deal, *, by: User | None, reason: str) -> None:
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
