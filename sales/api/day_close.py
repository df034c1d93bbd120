"""日结 over the API: the figures of a day, the cashier's count, the accountant's answer."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import VersionField, created, idempotency_key
from sales.api.base import Reached, shown, told
from sales.api.serializers import NothingIn, Words
from sales.choices import DayCloseState, PaymentMethod
from sales.filters import day_of
from sales.models import DayClose, DayCloseLine
from sales.selectors.choices import store_for
from sales.selectors.day_close import day_close_get, day_close_list, day_picture
from sales.services import day_close as services


class Signed(serializers.DecimalField):
    """CNY that may be negative: a day with more refunds than receipts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **kwargs)
        self.error_messages["invalid"] = '金额不正确，请填写数字，例如 "168000.00"。'


class CountOut(serializers.ModelSerializer[DayCloseLine]):
    difference = Signed(read_only=True)

    class Meta:
        model = DayCloseLine
        fields = ["method", "booked", "counted", "difference", "reason"]


class DayCloseOut(serializers.ModelSerializer[DayClose]):
    """One count of a store's day; the highest `revision` is the newest."""

    lines = CountOut(many=True, read_only=True)

    class Meta:
        model = DayClose
        fields = [
            "id", "version", "store", "day", "revision", "state", "note", "submitted_by", "submitted_at",
            "answered_by", "answered_at", "answer", "lines",
        ]  # fmt: skip


class CountIn(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    counted = Signed()
    reason = Words(max_length=200, required=False)


class DayCloseIn(serializers.Serializer[Any]):
    """Ways that are left out count as nothing."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    day = serializers.DateField()
    lines = CountIn(many=True, allow_empty=True)
    note = Words(max_length=200, required=False)


class ReturnIn(serializers.Serializer[Any]):
    version = VersionField(required=False)
    reason = Words(max_length=200)


class FigureOut(serializers.Serializer[Any]):
    method = serializers.CharField()
    booked = Signed()
    count = serializers.IntegerField()


class DayCloseFilter(df.FilterSet):
    day = df.DateFilter(label="日期")
    store = df.NumberFilter(label="门店", field_name="store_id")
    state = df.MultipleChoiceFilter(label="状态", choices=DayCloseState.choices, distinct=False)

    class Meta:
        model = DayClose
        fields: list[str] = []


@extend_schema(tags=["day-closes"])
class DayCloseList(Reached, generics.ListAPIView[DayClose]):
    """日结列表；POST 由出纳提交一天的清点，差异须写原因。"""

    resource = "day_close"
    serializer_class = DayCloseOut
    filterset_class = DayCloseFilter

    def get_queryset(self) -> QuerySet[DayClose]:
        return day_close_list(user=self.request.user).prefetch_related("lines")

    @extend_schema(request=DayCloseIn, responses={201: DayCloseOut})
    def post(self, request: Request) -> Response:
        data = told(DayCloseIn, request)
        store = store_for(request.user, "payment.clear", data.pop("store"))
        row, again = once(
            by=request.user, action="day_close.submit", key=idempotency_key(request),
            create=lambda: services.day_close_submit(by=request.user, store=store, **data),
            find=lambda pk: day_close_get(user=request.user, day_close_id=pk),
        )  # fmt: skip
        fresh = day_close_get(user=request.user, day_close_id=row.pk)
        return created(shown(DayCloseOut, fresh, request).data, replay=again)


@extend_schema(tags=["day-closes"], responses=FigureOut(many=True))
class DayCloseFigures(Reached):
    """某店某日各付款方式的系统到账（`?store=&day=`），供清点对照。"""

    resource = "day_close"

    def get(self, request: Request) -> Response:
        text = request.query_params.get("store", "")
        store = store_for(request.user, "", int(text) if text.isdecimal() else None)
        picture = day_picture(user=request.user, store=store, day=day_of(request.query_params.get("day", "")))
        return Response({"results": FigureOut(picture.lines, many=True).data})


@extend_schema(tags=["day-closes"], responses=DayCloseOut)
class DayCloseOne(Reached):
    """一份日结。"""

    resource = "day_close"

    def get(self, request: Request, pk: int) -> Response:
        return shown(DayCloseOut, day_close_get(user=request.user, day_close_id=pk), request)


class _Answer(Reached):
    resource = "day_close"
    body: Any = NothingIn

    def post(self, request: Request, pk: int) -> Response:
        day_close_get(user=request.user, day_close_id=pk)
        self.run(request.user, pk, told(self.body, request))
        return shown(DayCloseOut, day_close_get(user=request.user, day_close_id=pk), request)

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        raise NotImplementedError


@extend_schema(tags=["day-closes"], request=NothingIn, responses=DayCloseOut)
class DayCloseConfirm(_Answer):
    """确认日结（财务，非提交人）；无差异方式的收款一并对账。"""

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        services.day_close_confirm(by=by, day_close_id=pk, **data)


@extend_schema(tags=["day-closes"], request=ReturnIn, responses=DayCloseOut)
class DayCloseReturn(_Answer):
    """退回出纳重报。"""

    body = ReturnIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        services.day_close_return(by=by, day_close_id=pk, **data)
