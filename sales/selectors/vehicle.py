"""Reads of stock."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.org.policy import policy
from sales import policies
from sales.choices import CertificateStatus, DealStatus, VehicleStatus, VehicleUsage
from sales.models import Allocation, Deal, Vehicle

_SELLABLE_USAGE = (VehicleUsage.STOCK, VehicleUsage.DISPLAY, VehicleUsage.PRE_REGISTERED)


def vehicle_list(*, user: User) -> QuerySet[Vehicle]:
    """Cars within reach with what a list row shows."""
    rows = Vehicle.objects.visible_to(user)
    return rows.select_related("configuration__series", "colour", "locked_by", "store")


def vehicle_get(*, user: User, vehicle_id: int) -> Vehicle:
    """One car within reach; `NotFound` otherwise."""
    car = vehicle_list(user=user).filter(pk=vehicle_id).first()
    if car is None:
        raise NotFound
    return car


def allocations_of(*, user: User, vehicle: Vehicle) -> QuerySet[Allocation]:
    """Which deals held the car, of those the reader may see."""
    rows = Allocation.objects.filter(vehicle=vehicle, deal__in=Deal.objects.visible_to(user))
    return rows.select_related("deal__customer", "allocated_by", "released_by").order_by("-allocated_at")


def with_age(vehicles: list[Vehicle]) -> list[Vehicle]:
    """Set `age_days` and `age_tone` (R-STK) on loaded cars; the age stops at stock-out."""
    today = periods.today()
    for car in vehicles:
        car.age_days = policies.stock_days(car.arrived_on, car.stocked_out_on or today)
        band = policies.age_band(car.age_days, policy("stock.age_bands", car.store_id))
        car.age_tone = "" if band is None else policies.AGE_TONES[band]
        car.lock_over = policies.lock_is_over(car, periods.now())
    return vehicles


def allocatable(deal: Deal) -> QuerySet[Vehicle]:
    """Cars that fit the deal and stand free (or locked by its own consultant), oldest first (FIFO)."""
    free = Q(status=VehicleStatus.IN_STOCK) | Q(status=VehicleStatus.LOCKED, locked_until__lte=periods.now())
    free |= Q(status=VehicleStatus.LOCKED, locked_by_id=deal.owner_id)
    rows = Vehicle.objects.filter(
        free, store_id=deal.store_id, configuration_id=deal.configuration_id, usage__in=_SELLABLE_USAGE
    )
    if deal.colour_id:
        rows = rows.filter(colour_id=deal.colour_id)
    return rows.select_related("colour", "configuration", "locked_by").order_by(
        F("arrived_on").asc(nulls_last=True), "id"
    )


def free_cars(deals: list[Deal]) -> QuerySet[Vehicle]:
    """Cars in stock or locked that are of a kind one of the deals waits for, oldest first."""
    rows = Vehicle.objects.filter(
        status__in=(VehicleStatus.IN_STOCK, VehicleStatus.LOCKED),
        usage__in=_SELLABLE_USAGE,
        store_id__in={deal.store_id for deal in deals},
        configuration_id__in={deal.configuration_id for deal in deals},
    )
    return rows.order_by(F("arrived_on").asc(nulls_last=True), "id")


def fits(car: Vehicle, deal: Deal) -> bool:
    """The same condition as `allocatable`, on loaded rows."""
    held = car.status == VehicleStatus.LOCKED and not policies.lock_is_over(car, periods.now())
    return (
        (car.store_id, car.configuration_id) == (deal.store_id, deal.configuration_id)
        and deal.colour_id in (None, car.colour_id)
        and (not held or car.locked_by_id == deal.owner_id)
    )


def next_in_line(deal: Deal) -> Vehicle | None:
    """The car that would be allocated next: the oldest fitting one."""
    return allocatable(deal).first()


def earlier_orders(deal: Deal) -> QuerySet[Deal]:
    """Orders placed before this one that wait for the same kind of car: allocating past them breaks FIFO."""
    rows = Deal.objects.filter(
        store_id=deal.store_id, status=DealStatus.ORDERED, vehicle=None, configuration_id=deal.configuration_id
    ).exclude(pk=deal.pk)
    if deal.colour_id:
        rows = rows.filter(Q(colour_id=deal.colour_id) | Q(colour=None))
    if deal.ordered_at:
        rows = rows.filter(ordered_at__lt=deal.ordered_at)
    return rows.order_by("ordered_at")


def fifo_warning(deal: Deal, vehicle: Vehicle) -> str:
    """A Chinese sentence when this allocation jumps the queue of orders or leaves an older car; else empty."""
    notes = []
    if first := earlier_orders(deal).first():
        notes.append(f"订单 {first} 下订更早，正在等同款车")
    older = allocatable(deal).exclude(pk=vehicle.pk).first()
    if older and older.arrived_on and vehicle.arrived_on and older.arrived_on < vehicle.arrived_on:
        notes.append(f"同款车 {older.vin[-6:]} 到库更早（{older.arrived_on:%m-%d}）")
    return "；".join(notes)


def certificate_warning(vehicle: Vehicle | None) -> str:
    """A pledged or missing certificate endangers the promised day: said at contract time and on the deal page."""
    if vehicle is None or vehicle.certificate_status in (CertificateStatus.IN_STORE, CertificateStatus.REDEEMED):
        return ""
    return f"合格证{vehicle.get_certificate_status_display()}，赎证约需1–3天，请勿承诺过早交车。"
