"""Refunds over the API: asked on a receipt, decided by the level the amount needs, paid by the cashier (R-PAY)."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.approvals.services import decide
from dealership.audit.services import once
from dealership.core.api import created, idempotency_key
from dealership.core.errors import Conflict
from sales.api.base import Reached, shown, told
from sales.api.serializers import Money, Words
from sales.choices import RefundStatus
from sales.models import Refund
from sales.selectors.payment import payment_get, refund_get, refund_list, refund_request_id
from sales.services.payment import refund_pay, refund_request


class RefundOut(serializers.ModelSerializer[Refund]):
    """A refund; `approval` is its open request, answered here or under `approvals/{id}/decide/`."""

    approval = serializers.SerializerMethodField()

    class Meta:
        model = Refund
        fields = [
            "id", "version", "store", "deal", "payment", "amount", "reason", "status", "requested_by", "requested_at",
            "paid_row", "approval",
        ]  # fmt: skip

    def get_approval(self, row: Refund) -> int | None:
        return getattr(row, "approval_id", None)


class RefundIn(serializers.Serializer[Any]):
    amount = Money()
    reason = Words(max_length=200)


class DecideIn(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=[("approve", "同意"), ("reject", "拒绝")])
    comment = Words(max_length=200, required=False)


class PayIn(serializers.Serializer[Any]):
    slip_no = Words(max_length=40, required=False)


class RefundFilter(df.FilterSet):
    status = df.MultipleChoiceFilter(label="状态", choices=RefundStatus.choices, distinct=False)

    class Meta:
        model = Refund
        fields: list[str] = []


def answer(request: Request, refund_id: int) -> Response:
    """The refund as it is now."""
    return shown(RefundOut, refund_get(user=request.user, refund_id=refund_id), request)


@extend_schema(tags=["refunds"], request=RefundIn, responses={201: RefundOut})
class PaymentRefund(Reached):
    """申请退款：限一笔收据的可退金额，退回原付款人。"""

    resource = "payment"

    def post(self, request: Request, pk: int) -> Response:
        payment_get(user=request.user, payment_id=pk)
        data = told(RefundIn, request)
        row, again = once(
            by=request.user, action="refund.request", key=idempotency_key(request),
            create=lambda: refund_request(by=request.user, payment_id=pk, **data),
            find=lambda made: refund_get(user=request.user, refund_id=made),
        )  # fmt: skip
        return created(answer(request, row.pk).data, replay=again)


@extend_schema(tags=["refunds"])
class RefundList(Reached, generics.ListAPIView[Refund]):
    """退款列表。"""

    resource = "payment"
    serializer_class = RefundOut
    filterset_class = RefundFilter

    def get_queryset(self) -> QuerySet[Refund]:
        return refund_list(user=self.request.user)


@extend_schema(tags=["refunds"], responses=RefundOut)
class RefundOne(Reached):
    """一笔退款。"""

    resource = "payment"

    def get(self, request: Request, pk: int) -> Response:
        return answer(request, pk)


@extend_schema(tags=["refunds"], request=DecideIn, responses=RefundOut)
class RefundDecide(Reached):
    """审批退款：限额内销售经理，以上总经理；不能审批自己的申请。"""

    resource = "payment"

    def post(self, request: Request, pk: int) -> Response:
        refund_get(user=request.user, refund_id=pk)
        data = told(DecideIn, request)
        approval_id = refund_request_id(user=request.user, refund_id=pk)
        if approval_id is None:
            raise Conflict("decided", "该退款申请已处理，请刷新查看。")
        decide(by=request.user, approval_id=approval_id, approve=data["decision"] == "approve", comment=data["comment"])
        return answer(request, pk)


@extend_schema(tags=["refunds"], request=PayIn, responses=RefundOut)
class RefundPay(Reached):
    """登记已付退款（出纳，非申请人）。"""

    resource = "payment"

    def post(self, request: Request, pk: int) -> Response:
        refund_get(user=request.user, refund_id=pk)
        refund_pay(by=request.user, refund_id=pk, **told(PayIn, request))
        return answer(request, pk)
