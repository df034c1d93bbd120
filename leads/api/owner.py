"""`owners/`: delivered cars with the care they are due (read)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.base import Resource, listed
from leads.api.serializers import CustomerBrief, NamedOut, PersonOut
from leads.filters import OwnerFilter
from leads.models import CareTask, OwnedVehicle
from leads.selectors.owner import ORDERING, owner_get, owner_list

ORDERINGS = {"-delivered_on": ORDERING}


class CareOut(serializers.ModelSerializer[CareTask]):
    """One care call."""

    class Meta:
        model = CareTask
        fields = ["id", "kind", "due_on", "done_at", "result"]


class OwnerOut(serializers.ModelSerializer[OwnedVehicle]):
    """A delivered car; the number of its customer is masked."""

    customer = CustomerBrief()
    owner = PersonOut()
    series = NamedOut()
    care = CareOut(many=True)

    class Meta:
        model = OwnedVehicle
        fields = ["id", "store", "customer", "owner", "series", "description", "vin", "plate", "delivered_on", "care"]


class OwnerList(Resource):
    """保有客户；q、store、owner、care_due。"""

    resource = "owned_vehicle"

    @extend_schema(operation_id="owners_list", responses=OwnerOut(many=True))
    def get(self, request: Request) -> Response:
        rows: Any = owner_list(user=request.user)
        return listed(request, rows, filters=OwnerFilter, orderings=ORDERINGS, default="-delivered_on", shape=OwnerOut)


class OwnerDetail(Resource):
    """一位保有客户的车辆。"""

    @extend_schema(responses=OwnerOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(OwnerOut(owner_get(user=request.user, vehicle_id=pk)).data)
