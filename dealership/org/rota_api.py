"""`duties/` and `leave-requests/`: the rota for programs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import DutyKind
from dealership.org.models import LeaveRequest
from dealership.org.reach import require
from dealership.org.rota import leave_list, rota, rota_person, rota_replacement, rota_store
from dealership.org.services import duty as writes

LONGEST = 62
ACT = "leave.ask"


class DutyOut(serializers.Serializer):  # type: ignore[type-arg]
    user = serializers.IntegerField()
    name = serializers.CharField()
    day = serializers.DateField()
    kind = serializers.ChoiceField(choices=DutyKind.choices)
    replacement = serializers.IntegerField(allow_null=True)
    is_planned = serializers.BooleanField()


class DutyIn(serializers.Serializer):  # type: ignore[type-arg]
    store = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    user = serializers.IntegerField(min_value=1, max_value=2**31)
    day = serializers.DateField()
    kind = serializers.ChoiceField(choices=DutyKind.choices, required=False)
    replacement = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**31)


class LeaveIn(serializers.Serializer):  # type: ignore[type-arg]
    store = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    reason = serializers.CharField(max_length=100)


class LeaveDecision(serializers.Serializer):  # type: ignore[type-arg]
    approve = serializers.BooleanField()


class LeaveOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    name = serializers.CharField(source="user.name")

    class Meta:
        model = LeaveRequest
        fields = ("id", "store", "user", "name", "first_day", "last_day", "reason", "state", "decided_by", "decided_at")


def _told(request: Request, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    taken = shape(data=request.data)
    taken.is_valid(raise_exception=True)
    return dict(taken.validated_data)


def _span(request: Request) -> Period:
    """`from` to `to` (both included), by default this week; at most two months."""
    week = Period.containing("week", periods.today())
    try:
        first = dt.date.fromisoformat(request.query_params.get("from", str(week.start)))
        last = dt.date.fromisoformat(request.query_params.get("to", str(first + dt.timedelta(days=6))))
        if not 0 <= (last - first).days < LONGEST:
            raise ValueError
        return Period(first, last + dt.timedelta(days=1))
    except (ValueError, OverflowError):
        text = f"请用 from 和 to 给出起止日期（2026-11-22 的格式），最长 {LONGEST} 天。"
        raise exceptions.ValidationError({"from": [text]}) from None


class DutyList(APIView):
    """排班：每人每天的班次、替岗。"""

    @extend_schema(
        parameters=[OpenApiParameter("store", int), OpenApiParameter("from", dt.date), OpenApiParameter("to", dt.date)],
        responses=DutyOut(many=True),
        tags=["duties"],
    )
    def get(self, request: Request) -> Response:
        require(request.user, ACT)
        asked = request.query_params.get("store", "")
        store = rota_store(request.user, int(asked) if asked.isdecimal() else None)
        rows = [
            {"user": row.user.pk, "name": row.user.name, "day": cell.day, "kind": cell.duty.kind,
             "replacement": cell.duty.replacement_id, "is_planned": cell.duty.is_planned}
            for row in rota(user=request.user, store=store, period=_span(request))
            for cell in row.cells
        ]  # fmt: skip
        return Response({"results": DutyOut(rows, many=True).data})

    @extend_schema(request=DutyIn, responses={204: None}, tags=["duties"])
    def post(self, request: Request) -> Response:
        """Plan a day (`kind`) or say who takes over (`replacement`); neither goes back to the default."""
        require(request.user, "duty.manage")
        told = _told(request, DutyIn)
        store = rota_store(request.user, told.get("store"))
        where = {"by": request.user, "store": store, "day": told["day"]}
        where["user"] = rota_person(store=store, user_id=told["user"])
        if "kind" in told:
            writes.duty_set(**where, kind=told["kind"])
        if "replacement" in told:
            chosen = told["replacement"]
            taker = rota_replacement(store=store, user_id=chosen) if chosen is not None else None
            writes.duty_hand_over(**where, replacement=taker)
        if "kind" not in told and "replacement" not in told:
            writes.duty_clear(**where)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LeaveList(APIView):
    """请假：本人的，或所管门店的；最近 100 份。"""

    @extend_schema(responses=LeaveOut(many=True), tags=["leave-requests"])
    def get(self, request: Request) -> Response:
        require(request.user, ACT)
        return Response({"results": LeaveOut(leave_list(user=request.user)[:100], many=True).data})

    @extend_schema(request=LeaveIn, responses={201: LeaveOut}, tags=["leave-requests"])
    def post(self, request: Request) -> Response:
        require(request.user, ACT)
        told = _told(request, LeaveIn)
        store = rota_store(request.user, told.pop("store", None))
        row = writes.leave_ask(by=request.user, store=store, **told)  # type: ignore[arg-type]
        return Response(LeaveOut(row).data, status=status.HTTP_201_CREATED)


class LeaveDecide(APIView):
    """批准或不批准；不能审批自己的请假。"""

    @extend_schema(request=LeaveDecision, responses=LeaveOut, tags=["leave-requests"])
    def post(self, request: Request, pk: int) -> Response:
        require(request.user, "duty.manage")
        row = writes.leave_decide(by=request.user, leave_id=pk, **_told(request, LeaveDecision))  # type: ignore[arg-type]
        return Response(LeaveOut(row).data)


class LeaveWithdraw(APIView):
    """撤回本人的请假。"""

    @extend_schema(request=None, responses=LeaveOut, tags=["leave-requests"])
    def post(self, request: Request, pk: int) -> Response:
        return Response(LeaveOut(writes.leave_withdraw(by=request.user, leave_id=pk)).data)  # type: ignore[arg-type]
