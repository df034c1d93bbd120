"""Stock over the API: the same reach, filters and refusals as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import created, idempotency_key
from dealership.org.reach import require
from sales.api.base import Reached, shown, told, version_of
from sales.api.serializers import ArriveIn, DamageIn, EmptyIn, VehicleChange, VehicleIn, VehicleOut
from sales.filters import VehicleFilter
from sales.models import Vehicle
from sales.selectors.catalogue import colour_get, configuration_get
from sales.selectors.choices import store_for
from sales.selectors.vehicle import vehicle_get, vehicle_list, with_age
from sales.services import vehicle as cars


def _one(row: Vehicle, request: Request) -> Response:
    car = vehicle_get(user=request.user, vehicle_id=row.pk)
    return shown(VehicleOut, with_age([car])[0], request)


@extend_schema(tags=["vehicles"])
class VehicleList(Reached, generics.ListAPIView[Vehicle]):
    """库存车辆：按门店、车型、颜色、状态、合格证、库龄、车架号筛选。"""

    resource = "vehicle"
    serializer_class = VehicleOut
    filterset_class = VehicleFilter

    def get_queryset(self) -> QuerySet[Vehicle]:
        return vehicle_list(user=self.request.user)

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        return with_age(list(rows)) if rows is not None else None

    @extend_schema(request=VehicleIn, responses={201: VehicleOut})
    def post(self, request: Request) -> Response:
        data = told(VehicleIn, request)
        store = store_for(request.user, "vehicle.manage", data.pop("store"))
        require(request.user, "vehicle.manage", store.pk)
        data["configuration"] = configuration_get(user=request.user, configuration_id=data["configuration"])
        data["colour"] = colour_get(user=request.user, colour_id=data["colour"])
        row, again = once(
            by=request.user, action="vehicle.create", key=idempotency_key(request),
            create=lambda: cars.vehicle_create(by=request.user, store=store, **data),
            find=lambda pk: vehicle_get(user=request.user, vehicle_id=pk),
        )  # fmt: skip
        return created(_one(row, request).data, replay=again)


@extend_schema(tags=["vehicles"], responses=VehicleOut)
class VehicleOne(Reached):
    """一台车。"""

    resource = "vehicle"

    def get(self, request: Request, pk: int) -> Response:
        return _one(vehicle_get(user=request.user, vehicle_id=pk), request)

    @extend_schema(request=VehicleChange)
    def patch(self, request: Request, pk: int) -> Response:
        vehicle_get(user=request.user, vehicle_id=pk)
        data = told(VehicleChange, request, partial=True)
        version = version_of(data)
        return _one(cars.vehicle_change(by=request.user, vehicle_id=pk, version=version, changes=data), request)


@extend_schema(tags=["vehicles"], request=EmptyIn, responses=VehicleOut)
class VehicleLock(Reached):
    """锁定：48小时内其他人不能配走。"""

    resource = "vehicle"

    def post(self, request: Request, pk: int) -> Response:
        return _one(cars.vehicle_lock(by=request.user, vehicle_id=pk), request)


@extend_schema(tags=["vehicles"], request=EmptyIn, responses=VehicleOut)
class VehicleRelease(Reached):
    """解除锁定。"""

    resource = "vehicle"

    def post(self, request: Request, pk: int) -> Response:
        return _one(cars.vehicle_release(by=request.user, vehicle_id=pk), request)


class _Act(Reached):
    """One act on one car: body → service → the car as it is now."""

    resource = "vehicle"
    body: Any = EmptyIn

    def post(self, request: Request, pk: int) -> Response:
        vehicle_get(user=request.user, vehicle_id=pk)
        return _one(self.run(request.user, pk, told(self.body, request)), request)

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Vehicle:
        raise NotImplementedError


@extend_schema(tags=["vehicles"], request=ArriveIn, responses=VehicleOut)
class VehicleArrive(_Act):
    """到库入库：库龄自到库日起算。"""

    body = ArriveIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Vehicle:
        return cars.vehicle_arrive(by=by, vehicle_id=pk, **data)


@extend_schema(tags=["vehicles"], request=DamageIn, responses=VehicleOut)
class VehicleDamage(_Act):
    """登记质损。"""

    body = DamageIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Vehicle:
        return cars.vehicle_damage(by=by, vehicle_id=pk, **data)


@extend_schema(tags=["vehicles"], request=EmptyIn, responses=VehicleOut)
class VehicleRepair(_Act):
    """质损已修复。"""

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Vehicle:
        return cars.vehicle_repair(by=by, vehicle_id=pk)
