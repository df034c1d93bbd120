"""Targets over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core.api import VersionField
from dealership.core.errors import DomainError
from sales.api.base import Reached, shown, told
from sales.api.serializers import Money
from sales.choices import TargetKind
from sales.filters import TargetFilter, month_of
from sales.models import Target
from sales.selectors.choices import store_for
from sales.selectors.target import target_get, target_list, target_people
from sales.services.target import target_acknowledge, targets_set


class TargetOut(serializers.ModelSerializer[Target]):
    """One person's figure of a month; `value` is units or CNY by `kind`."""

    month = serializers.DateField(format="%Y-%m")
    person_name = serializers.CharField(source="person.name", read_only=True)

    class Meta:
        model = Target
        fields = [
            "id", "version", "store", "team", "person", "person_name", "month", "kind", "value", "set_by",
            "acknowledged_at",
        ]  # fmt: skip


class TargetRow(serializers.Serializer[Any]):
    person = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=TargetKind.choices)
    value = Money()
    version = VersionField(required=False)


class TargetsIn(serializers.Serializer[Any]):
    """A sheet: person × kind of one store and month; with `totals` the sums are checked."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    month = serializers.CharField(max_length=7)
    rows = TargetRow(many=True, allow_empty=False)
    totals = serializers.DictField(child=Money(), required=False)


class AcknowledgeIn(serializers.Serializer[Any]):
    version = VersionField(required=False)


@extend_schema(tags=["targets"])
class TargetList(Reached, generics.ListAPIView[Target]):
    """目标（人 × 月 × 指标）；PUT 一次下达一张表。"""

    resource = "target"
    serializer_class = TargetOut
    filterset_class = TargetFilter

    def get_queryset(self) -> QuerySet[Target]:
        return target_list(user=self.request.user)

    @extend_schema(request=TargetsIn, responses=TargetOut(many=True))
    def put(self, request: Request) -> Response:
        data = told(TargetsIn, request)
        store = store_for(request.user, "target.set", data["store"])
        month = month_of(data["month"])
        people = {person.pk: person for person in target_people(user=request.user, store=store, month=month)}
        rows: list[dict[str, Any]] = []
        for row in data["rows"]:
            if row["person"] not in people:
                text = "请选择本店在职的销售人员。"
                raise DomainError("not_selling", text, {"person": [text]})
            rows.append({**row, "person": people[row["person"]]})
        made = targets_set(by=request.user, store=store, month=month.start, rows=rows, totals=data.get("totals"))
        shown_rows = target_list(user=request.user).filter(pk__in=[row.pk for row in made]).order_by("id")
        return Response({"results": TargetOut(shown_rows, many=True).data})


@extend_schema(tags=["targets"], request=AcknowledgeIn, responses=TargetOut)
class TargetAcknowledge(Reached):
    """本人确认目标。"""

    resource = "target"

    def post(self, request: Request, pk: int) -> Response:
        target_get(user=request.user, target_id=pk)
        row = target_acknowledge(by=request.user, target_id=pk, version=told(AcknowledgeIn, request).get("version"))
        return shown(TargetOut, row, request)
