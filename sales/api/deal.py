"""Deals over the API: the same reach, states and refusals as the pages."""

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
from sales.api.serializers import (
    AllocateIn,
    CancelIn,
    DealChange,
    DealFull,
    DealIn,
    DealOut,
    DeliverIn,
    DocumentIn,
    EmptyIn,
    InvoiceIn,
    PaymentIn,
    PaymentOut,
    ReasonIn,
    SubmitIn,
)
from sales.filters import DealFilter
from sales.models import Deal, Payment
from sales.selectors.deal import NEXT_STEP, deal_file, deal_get, deal_list
from sales.selectors.payment import payment_get, payments_of
from sales.services import deal as deals
from sales.services.payment import payment_register


def answer(request: Request, deal_id: int) -> Response:
    """The deal as it is now."""
    deal = deal_get(user=request.user, deal_id=deal_id)
    file = deal_file(user=request.user, deal=deal)
    step, _who = NEXT_STEP.get(deal.status, ("", ""))
    return shown(DealFull, deal, request, file=file, next_step=step)


@extend_schema(tags=["deals"])
class DealList(Reached, generics.ListAPIView[Deal]):
    """订单列表；POST 从客户卡开出草稿。"""

    resource = "deal"
    serializer_class = DealOut
    filterset_class = DealFilter

    def get_queryset(self) -> QuerySet[Deal]:
        return deal_list(user=self.request.user)

    @extend_schema(request=DealIn, responses={201: DealFull})
    def post(self, request: Request) -> Response:
        require(request.user, "deal.create")
        given = DealIn(data=request.data)
        given.is_valid(raise_exception=True)
        prospect_id = given.validated_data["prospect"]
        row, again = once(
            by=request.user, action="deal.create", key=idempotency_key(request),
            create=lambda: deals.deal_create(by=request.user, prospect_id=prospect_id, **given.terms()),
            find=lambda pk: deal_get(user=request.user, deal_id=pk),
        )  # fmt: skip
        return created(answer(request, row.pk).data, replay=again)


@extend_schema(tags=["deals"], responses=DealFull)
class DealOne(Reached):
    """一张订单；草稿可改。"""

    resource = "deal"

    def get(self, request: Request, pk: int) -> Response:
        return answer(request, pk)

    @extend_schema(request=DealChange)
    def patch(self, request: Request, pk: int) -> Response:
        deal_get(user=request.user, deal_id=pk)
        given = DealChange(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        version = version_of(dict(given.validated_data))
        changes = given.terms()
        lines = changes.pop("lines", None)
        deals.deal_change(by=request.user, deal_id=pk, version=version, changes=changes, lines=lines)
        return answer(request, pk)


class DealAct(Reached):
    """One act on one deal: body → service → the deal as it is now."""

    resource = "deal"
    body: Any = EmptyIn

    def post(self, request: Request, pk: int) -> Response:
        deal_get(user=request.user, deal_id=pk)
        self.run(request.user, pk, told(self.body, request))
        return answer(request, pk)

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        raise NotImplementedError


@extend_schema(tags=["deals"], request=SubmitIn, responses=DealFull)
class DealSubmit(DealAct):
    """提交：权限内待收定金/订金，超出权限转特价审批。"""

    body = SubmitIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_submit(by=by, deal_id=pk, version=data.get("version"), reason=data["reason"])


@extend_schema(tags=["deals"], request=ReasonIn, responses=DealFull)
class DealRecall(DealAct):
    """撤回为草稿。"""

    body = ReasonIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_recall(by=by, deal_id=pk, reason=data["reason"])


@extend_schema(tags=["deals"], request=AllocateIn, responses=DealFull)
class DealAllocate(DealAct):
    """配车。"""

    body = AllocateIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_allocate(by=by, deal_id=pk, vehicle_id=data["vehicle"], reason=data["reason"])


@extend_schema(tags=["deals"], request=ReasonIn, responses=DealFull)
class DealRelease(DealAct):
    """退回配车。"""

    body = ReasonIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_release_vehicle(by=by, deal_id=pk, reason=data["reason"])


@extend_schema(tags=["deals"], request=EmptyIn, responses=DealFull)
class DealLoan(DealAct):
    """登记贷款批复。"""

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_loan_approve(by=by, deal_id=pk)


@extend_schema(tags=["deals"], request=InvoiceIn, responses=DealFull)
class DealInvoice(DealAct):
    """登记机动车销售统一发票。"""

    body = InvoiceIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_invoice(by=by, deal_id=pk, **data)


@extend_schema(tags=["deals"], request=EmptyIn, responses=DealFull)
class DealPdi(DealAct):
    """PDI检测通过。"""

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_pdi(by=by, deal_id=pk)


@extend_schema(tags=["deals"], request=DocumentIn, responses=DealFull)
class DealDocument(DealAct):
    """登记一项交车资料。"""

    body = DocumentIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.document_set(by=by, deal_id=pk, **data)


@extend_schema(tags=["deals"], request=DeliverIn, responses=DealFull)
class DealDeliver(DealAct):
    """交车；例外须总经理。"""

    body = DeliverIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_deliver(by=by, deal_id=pk, at=data["at"], exception=data["exception"])


@extend_schema(tags=["deals"], request=CancelIn, responses=DealFull)
class DealCancel(DealAct):
    """申请退订；未下订的订单直接作废。"""

    body = CancelIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_cancel_request(by=by, deal_id=pk, **data)


@extend_schema(tags=["deals"])
class DealPayments(Reached, generics.ListAPIView[Payment]):
    """一张订单的收款；POST 登记一笔待到账。"""

    resource = "payment"
    serializer_class = PaymentOut
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Payment]:
        deal = deal_get(user=self.request.user, deal_id=self.kwargs["pk"])
        return payments_of(user=self.request.user, deal=deal)

    @extend_schema(request=PaymentIn, responses={201: PaymentOut})
    def post(self, request: Request, pk: int) -> Response:
        deal_get(user=request.user, deal_id=pk)
        data = told(PaymentIn, request)
        row, again = once(
            by=request.user, action="payment.register", key=idempotency_key(request),
            create=lambda: payment_register(by=request.user, deal_id=pk, **data),
            find=lambda found: payment_get(user=request.user, payment_id=found),
        )  # fmt: skip
        return created(shown(PaymentOut, row, request).data, replay=again)
