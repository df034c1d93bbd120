"""Requests over the API: the same queue, the same refusals."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.approvals.models import Approval, ApprovalState
from dealership.approvals.selectors import LIST_ORDER, approval_get, approvals_seen, asked_by, decided_by, to_decide
from dealership.approvals.services import decide
from dealership.core.api import CursorPages


class ApprovalOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One request and its answer."""

    class Meta:
        model = Approval
        fields = (
            "id", "kind", "subject_id", "title", "detail", "level", "state", "store", "requested_by", "requested_at",
            "due_at", "reason", "decided_by", "decided_at", "comment", "escalated_at",
        )  # fmt: skip


class DecisionIn(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.ChoiceField(choices=["approve", "reject"])
    comment = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class ApprovalPages(CursorPages):
    ordering = LIST_ORDER


class ApprovalFilter(django_filters.FilterSet):
    """box: `to_decide` (mine to decide), `asked` (by me), `decided` (by me); without it all of these."""

    box = django_filters.ChoiceFilter(
        choices=[(name, name) for name in ("to_decide", "asked", "decided")], method="in_box", label="box"
    )
    state = django_filters.ChoiceFilter(choices=ApprovalState.choices)
    kind = django_filters.CharFilter()

    class Meta:
        model = Approval
        fields: list[str] = []

    def in_box(self, queryset: QuerySet[Approval], name: str, value: str) -> QuerySet[Approval]:
        boxes = {"to_decide": to_decide, "asked": asked_by, "decided": decided_by}
        return queryset.filter(pk__in=boxes[value](user=self.request.user).values("pk"))


@extend_schema(tags=["approvals"])
class ApprovalList(generics.ListAPIView):  # type: ignore[type-arg]
    """待我审批与我申请的请求。"""

    queryset = Approval.objects.none()
    serializer_class = ApprovalOut
    pagination_class = ApprovalPages
    filterset_class = ApprovalFilter

    def get_queryset(self) -> QuerySet[Approval]:
        if getattr(self, "swagger_fake_view", False):  # the schema is written without a reader
            return Approval.objects.none()
        user = self.request.user
        mine = (to_decide(user=user), asked_by(user=user), decided_by(user=user))
        return approvals_seen(user=user).filter(Q(*[("pk__in", rows.values("pk")) for rows in mine], _connector=Q.OR))


@extend_schema(tags=["approvals"], responses=ApprovalOut)
class ApprovalOne(APIView):
    """一条审批请求。"""

    def get(self, request: Request, pk: int) -> Response:
        return Response(ApprovalOut(approval_get(user=request.user, pk=pk)).data)


@extend_schema(tags=["approvals"], request=DecisionIn, responses=ApprovalOut)
class ApprovalDecide(APIView):
    """同意或拒绝；拒绝须写明原因。"""

    def post(self, request: Request, pk: int) -> Response:
        given = DecisionIn(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = given.validated_data
        row = decide(by=request.user, approval_id=pk, approve=data["decision"] == "approve", comment=data["comment"])
        return Response(ApprovalOut(row).data)
