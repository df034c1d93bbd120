"""Cars: receiving, changing, locking (§4.4). Cost and rebate may be written by stock and profit roles only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.money import ZERO, quantize
from dealership.core.services import check_version, lock, service, still_visible
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import can, require, sees_profit
from sales.choices import CertificateStatus, VehicleStatus, VehicleUsage
from sales.models import Colour, Configuration, Vehicle
from sales.policies import lock_is_over
from sales.services.state import move_vehicle
from sales.validators import clean_vin

CHANGEABLE = (
    "engine_no interior usage produced_on dealer_cost rebate certificate_status location key_count damage_note".split()
)
_FACTORY = (VehicleStatus.ON_ORDER, VehicleStatus.IN_TRANSIT)


@service
def vehicle_create(
    *,
    by: User,
    store: Store,
    vin: str,
    configuration: Configuration,
    colour: Colour,
    dealer_cost: Decimal,
    status: str = VehicleStatus.IN_TRANSIT,
    arrived_on: dt.date | None = None,
    **facts: Any,
) -> Vehicle:
    """Record a car on order, in transit or (with its arrival day) in the store.

    Refuses a wrong VIN, a VIN that exists anywhere in the group's data, a foreign brand and future arrival days.
    """
    require(by, "vehicle.manage", store.pk)
    _check_facts(facts)
    if configuration.series.brand_id != store.brand_id or colour.brand_id != store.brand_id:
        text = "车型或颜色不属于本店品牌，请重新选择。"
        raise DomainError("brand_differs", text, {"configuration": [text]})
    if status not in (*_FACTORY, VehicleStatus.IN_STOCK):
        raise DomainError("status_invalid", "新车只能登记为已订厂、在途或在库。", {"status": ["请选择正确的状态。"]})
    row = Vehicle(
        store=store, vin=clean_vin(vin), configuration=configuration, colour=colour,
        dealer_cost=_money(dealer_cost, "dealer_cost"), status=status, **facts,
    )  # fmt: skip
    if status == VehicleStatus.IN_STOCK:
        row.arrived_on = _arrival(arrived_on)
    row.save()
    still_visible(row, by)
    record(by=by, action="vehicle.create", target=row, changes={"vin": row.vin, "status": row.status})
    return row


@service
def vehicle_receive(*, by: User, **facts: Any) -> Vehicle:
    """A car that stands in the store already: `vehicle_create` with status in_stock."""
    return vehicle_create(by=by, **{**facts, "status": VehicleStatus.IN_STOCK})


@service
def vehicle_arrive(*, by: User, vehicle_id: int, arrived_on: dt.date | None = None, location: str = "") -> Vehicle:
    """On order or in transit → in stock; the stock age counts from this day."""
    row = lock(Vehicle.objects.visible_to(by), vehicle_id)
    require(by, "vehicle.manage", row.store_id)
    row.arrived_on = _arrival(arrived_on)
    row.location = location.strip() or row.location
    if row.status == VehicleStatus.DAMAGED:
        raise Conflict("wrong_state", "质损车请先登记修复，再入库。")
    move_vehicle(row, VehicleStatus.IN_STOCK)
    record(by=by, action="vehicle.arrive", target=row, changes={"arrived_on": row.arrived_on})
    return row


@service
def vehicle_change(*, by: User, vehicle_id: int, version: int | None, changes: Mapping[str, Any]) -> Vehicle:
    """Change facts of a car that is still ours (R06); VIN, status, store and lock have their own acts.

    Cost and rebate are refused to people who may not see them, and after the invoice.
    """
    row = lock(Vehicle.objects.visible_to(by), vehicle_id)
    require(by, "vehicle.manage", row.store_id)
    check_version(row, version, **{name: getattr(row, name) for name in changes if name in CHANGEABLE})
    if row.status == VehicleStatus.DELIVERED:
        raise Conflict("wrong_state", "车辆已出库，资料不能再修改。")
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise DomainError("field_fixed", "含有不能在此修改的项目。", {name: ["此项不能在此修改。"] for name in unknown})
    _check_facts(changes)
    touches_cost = bool({"dealer_cost", "rebate"} & set(changes))
    if touches_cost and not sees_profit(by, row.store_id):
        raise NotAllowed("您的岗位不能修改提货价和返利。")
    if touches_cost and row.status == VehicleStatus.INVOICED:
        raise Conflict("wrong_state", "车辆已开票，提货价和返利不能再修改。")
    for name, value in changes.items():
        setattr(row, name, _money(value, name) if name in ("dealer_cost", "rebate") else value)
    row.touch()
    row.save()
    record(by=by, action="vehicle.change", target=row, changes=dict.fromkeys(changes))
    return row


@service
def vehicle_damage(*, by: User, vehicle_id: int, note: str) -> Vehicle:
    """In stock → damaged (质损), with what is damaged."""
    row = lock(Vehicle.objects.visible_to(by), vehicle_id)
    require(by, "vehicle.manage", row.store_id)
    if len(note.strip()) < 2:
        raise DomainError("note_missing", "请写明质损情况。", {"note": ["请写明质损情况。"]})
    row.damage_note = note.strip()[:200]
    move_vehicle(row, VehicleStatus.DAMAGED)
    record(by=by, action="vehicle.damage", target=row)
    return row


@service
def vehicle_repair(*, by: User, vehicle_id: int) -> Vehicle:
    """Damaged → in stock again."""
    row = lock(Vehicle.objects.visible_to(by), vehicle_id)
    require(by, "vehicle.manage", row.store_id)
    if row.status != VehicleStatus.DAMAGED:
        raise Conflict("wrong_state", "该车不是质损状态，请刷新页面。")
    row.damage_note = ""
    move_vehicle(row, VehicleStatus.IN_STOCK)
    record(by=by, action="vehicle.repair", target=row)
    return row


@service
def vehicle_lock(*, by: User, vehicle_id: int) -> Vehicle:
    """Keep a car for the actor's customer for `lock.hours`; the second person is told who holds it (409)."""
    row = lock(Vehicle.objects.visible_to(by).select_related("locked_by"), vehicle_id)
    require(by, "vehicle.lock", row.store_id)
    moment = periods.now()
    if row.status == VehicleStatus.LOCKED and not lock_is_over(row, moment):
        raise locked_conflict(row)
    if row.usage != VehicleUsage.STOCK:
        raise DomainError("not_for_sale", f"{row.get_usage_display()}不能锁库，请联系销售内勤。")
    if lock_is_over(row, moment):
        move_vehicle(row, VehicleStatus.IN_STOCK)
    row.locked_by = by
    row.locked_until = moment + dt.timedelta(hours=policy("lock.hours", row.store_id))
    move_vehicle(row, VehicleStatus.LOCKED)
    record(by=by, action="vehicle.lock", target=row, changes={"until": row.locked_until})
    return row


@service
def vehicle_release(*, by: User, vehicle_id: int) -> Vehicle:
    """End a lock: its holder, or whoever allocates or manages stock."""
    row = lock(Vehicle.objects.visible_to(by), vehicle_id)
    require(by, "vehicle.lock", row.store_id)
    if row.status != VehicleStatus.LOCKED:
        raise Conflict("wrong_state", "该车没有被锁定，可能已自动释放，请刷新页面。")
    if row.locked_by_id != by.pk and not can(by, "vehicle.manage", row.store_id):
        raise NotAllowed("只能解除自己锁定的车辆；如需改锁请联系销售内勤。")
    move_vehicle(row, VehicleStatus.IN_STOCK)
    record(by=by, action="vehicle.release", target=row)
    return row


@service
def vehicle_release_expired(*, moment: dt.datetime) -> int:
    """Free all cars whose lock ran out; called by the periodic job. Returns how many."""
    rows = Vehicle.objects.select_for_update(skip_locked=True).filter(
        status=VehicleStatus.LOCKED, locked_until__lte=moment
    )
    freed = 0
    for row in rows.order_by("pk"):
        move_vehicle(row, VehicleStatus.IN_STOCK)
        record(by=None, action="vehicle.lock_expired", target=row)
        freed += 1
    return freed


def locked_conflict(row: Vehicle) -> Conflict:
    """Who holds the car, and until when."""
    until = periods.local_time(row.locked_until) if row.locked_until else None
    when = f"，{until:%m-%d %H:%M} 前有效" if until else ""
    return Conflict(
        "vehicle_locked",
        f"该车已被{row.locked_by}锁定{when}。请选择其他车辆，或与对方协商后由其解锁。",
        current={"status": row.status, "locked_by": str(row.locked_by), "version": row.version},
    )


def _arrival(day: dt.date | None) -> dt.date:
    day = day or periods.today()
    if day > periods.today():
        raise DomainError("day_future", "到库日期不能晚于今天。", {"arrived_on": ["到库日期不能晚于今天。"]})
    return day


def _money(value: Decimal, name: str) -> Decimal:
    amount = quantize(value)
    if amount < ZERO:
        raise DomainError("money_negative", "金额不能为负数。", {name: ["金额不能为负数。"]})
    return amount


def _check_facts(facts: Mapping[str, Any]) -> None:
    """Words of closed lists, and a production day that is not in the future."""
    lists = {"usage": VehicleUsage, "certificate_status": CertificateStatus}
    for name, words in lists.items():
        if name in facts and facts[name] not in words.values:
            raise DomainError("choice_invalid", "选项无效，请重新选择。", {name: ["选项无效，请重新选择。"]})
    produced = facts.get("produced_on")
    if produced is not None and produced > periods.today():
        raise DomainError("day_future", "生产日期不能晚于今天。", {"produced_on": ["生产日期不能晚于今天。"]})
