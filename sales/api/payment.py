"""Money over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core.api import CursorPages
from sales.api.base import Reached, shown, told
from sales.api.serializers import ClearIn, EmptyIn, PaymentOut, ReasonIn
from sales.filters import PaymentFilter
from sales.models import Payment
from sales.selectors.payment import payment_get, payment_list
from sales.services import payment as payments


class PaymentPages(CursorPages):
    """Newest first."""

    ordering = ("-registered_at", "-id")  # type: ignore[assignment]


@extend_schema(tags=["payments"])
class PaymentList(Reached, generics.ListAPIView[Payment]):
    """收款列表。"""

    resource = "payment"
    serializer_class = PaymentOut
    pagination_class = PaymentPages
    filterset_class = PaymentFilter

    def get_queryset(self) -> QuerySet[Payment]:
        return payment_list(user=self.request.user)


@extend_schema(tags=["payments"], responses=PaymentOut)
class PaymentOne(Reached):
    """一笔收款。"""

    resource = "payment"

    def get(self, request: Request, pk: int) -> Response:
        return shown(PaymentOut, payment_get(user=request.user, payment_id=pk), request)


class _Act(Reached):
    resource = "payment"
    body: Any = EmptyIn

    def post(self, request: Request, pk: int) -> Response:
        payment_get(user=request.user, payment_id=pk)
        row = self.run(request.user, pk, told(self.body, request))
        return shown(PaymentOut, payment_get(user=request.user, payment_id=row.pk), request)

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Payment:
        raise NotImplementedError


@extend_schema(tags=["payments"], request=ClearIn, responses=PaymentOut)
class PaymentClear(_Act):
    """确认到账（出纳）。"""

    body = ClearIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Payment:
        return payments.payment_clear(by=by, payment_id=pk, at=data["at"])


@extend_schema(tags=["payments"], request=ReasonIn, responses=PaymentOut)
class PaymentReject(_Act):
    """未到账退回（出纳）。"""

    body = ReasonIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Payment:
        return payments.payment_reject(by=by, payment_id=pk, reason=data["reason"])


@extend_schema(tags=["payments"], request=EmptyIn, responses=PaymentOut)
class PaymentWithdraw(_Act):
    """撤回登记（登记人或订单顾问，仅限到账前）。"""

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Payment:
        return payments.payment_withdraw(by=by, payment_id=pk)


@extend_schema(tags=["payments"], request=ReasonIn, responses=PaymentOut)
class PaymentReverse(_Act):
    """冲销：生成相反金额的一笔（财务），答复的是新记录。"""

    body = ReasonIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Payment:
        return payments.payment_reverse(by=by, payment_id=pk, reason=data["reason"])


@extend_schema(tags=["payments"], request=EmptyIn, responses=PaymentOut)
class PaymentReconcile(_Act):
    """对账相符（财务，非经手人）。"""

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> Payment:
        return payments.payment_reconcile(by=by, payment_id=pk)
