"""The one way a deal or a vehicle changes its state, and the order in which rows are locked."""

from __future__ import annotations

import datetime as dt

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import Conflict, NotFound
from dealership.core.services import lock
from dealership.org.reach import require
from leads.models import Prospect
from sales.choices import DEAL_TRANSITIONS, VEHICLE_TRANSITIONS, DealStatus, VehicleStatus
from sales.models import Deal, DealStateChange, Vehicle


def lock_deal(
    *, by: User | None, deal_id: int, vehicle_id: int | None = None, prospect: bool = False, act: str = ""
) -> Deal:
    """Lock a deal within reach of `by` (None: already checked), after its prospect and vehicle when asked.

    `act` is required before a car that was named is looked for.

    Lock order of the project: prospect → vehicle → deal. The vehicle is that of the deal unless one is named.
    """
    rows = Deal.objects.all() if by is None else Deal.objects.visible_to(by)
    keys = rows.filter(pk=deal_id).values("prospect_id", "vehicle_id", "store_id").first()
    if keys is None:
        raise NotFound
    if act:
        require(by, act, keys["store_id"])
    if prospect:
        lock(Prospect.objects.all(), keys["prospect_id"])
    held = None
    if wanted := vehicle_id or keys["vehicle_id"]:
        cars = Vehicle.objects.all() if by is None or vehicle_id is None else Vehicle.objects.visible_to(by)
        held = lock(cars.select_related("configuration", "colour"), wanted)
    deal = lock(rows.select_related("store", "configuration", "price_entry", "customer", "owner"), deal_id)
    if deal.vehicle_id not in (None, held.pk if held else None):
        raise Conflict("busy", "该订单刚刚改配了车辆，请刷新后再操作。")
    if held is not None and deal.vehicle_id == held.pk:
        deal.vehicle = held
    return deal


def require_state(deal: Deal, *states: DealStatus) -> None:
    """Refuse (409) an act that the present state does not allow."""
    if deal.status not in states:
        raise Conflict(
            "wrong_state",
            f"订单当前状态是“{deal.get_status_display()}”，不能办理此项操作。请刷新页面查看最新状态。",
            current={"status": deal.status, "version": deal.version},
        )


def move(deal: Deal, to: DealStatus, *, by: User | None, at: dt.datetime | None = None, reason: str = "") -> None:
    """Change the state, write the log row and save. Callers hold the lock and have checked their guard."""
    before = deal.status if deal.pk else ""
    if to not in DEAL_TRANSITIONS[before]:
        require_state(deal)
    deal.status = to
    deal.touch()
    deal.save()
    log_state(deal, before, by=by, at=at, reason=reason)


def log_state(deal: Deal, before: str, *, by: User | None, at: dt.datetime | None = None, reason: str = "") -> None:
    """The append-only row of one step of the state machine."""
    DealStateChange.objects.create(
        deal=deal, store_id=deal.store_id, team_id=deal.team_id, owner_id=deal.owner_id,
        from_status=before, to_status=deal.status, at=at or periods.now(), by=by, reason=reason[:200],
    )  # fmt: skip


def move_vehicle(vehicle: Vehicle, to: VehicleStatus) -> None:
    """Change a vehicle's state; a lock ends with the LOCKED state."""
    if to not in VEHICLE_TRANSITIONS[vehicle.status]:
        raise Conflict(
            "wrong_state",
            f"车辆当前状态是“{vehicle.get_status_display()}”，不能办理此项操作。请刷新页面查看最新状态。",
            current={"status": vehicle.status, "version": vehicle.version},
        )
    vehicle.status = to
    if to != VehicleStatus.LOCKED:
        vehicle.locked_by = vehicle.locked_until = None
    vehicle.touch()
    vehicle.save()
