"""The rarer acts of a deal over the API: promise, below cost, red invoice, exception, papers, filing, void; quotes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.approvals.selectors import approval_get
from dealership.audit.services import once
from dealership.core.api import idempotency_key
from dealership.org.reach import require
from sales.api.base import Reached, told
from sales.api.deal import DealAct, answer
from sales.api.serializers import DealFull, DealTerms, GroundsIn, Money, NothingIn, PromiseIn, RedIn
from sales.selectors.deal import card_for_deal, deal_get
from sales.selectors.vehicle import allocatable, fifo_warning
from sales.services import deal as deals


class QuoteOut(serializers.Serializer[Any]):
    """What the terms come to; `approver` is empty when the consultant may sign alone."""

    msrp = Money()
    contract_amount = Money()
    pass_through_amount = Money()
    total = Money()
    concession = Money()
    authority = Money()
    level = serializers.IntegerField()
    approver = serializers.CharField()
    purchase_tax = Money()


class CandidateOut(serializers.Serializer[Any]):
    """A car that fits an order; `warning` says what allocating it would pass over."""

    vehicle = serializers.IntegerField(source="pk")
    vin = serializers.CharField()
    colour_name = serializers.CharField(source="colour.name")
    arrived_on = serializers.DateField(allow_null=True)
    location = serializers.CharField()
    warning = serializers.CharField()


class DealAsk(Reached):
    """An act that makes a row (a request, a red invoice): once per `Idempotency-Key`; a repeat says so in a header."""

    resource = "deal"
    body: Any = GroundsIn
    action = ""

    def post(self, request: Request, pk: int) -> Response:
        deal_get(user=request.user, deal_id=pk)
        data = told(self.body, request)
        _row, again = once(
            by=request.user, action=self.action, key=idempotency_key(request),
            create=lambda: self.make(request.user, pk, data), find=lambda made: self.made(request.user, made),
        )  # fmt: skip
        response = answer(request, pk)
        if again:
            response.headers["Idempotent-Replay"] = "true"
        return response

    def make(self, by: Any, pk: int, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def made(self, by: Any, row_id: int) -> Any:
        """The row of the first call: a request, unless the act says otherwise."""
        return approval_get(user=by, pk=row_id)


@extend_schema(tags=["deals"], request=PromiseIn, responses=DealFull)
class DealPromise(DealAct):
    """提交后调整承诺交车日：须写原因，首次承诺保留。"""

    body = PromiseIn

    def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
        deals.deal_promise(by=by, deal_id=pk, **data)


@extend_schema(tags=["deals"], request=GroundsIn, responses=DealFull)
class DealBelowCost(DealAsk):
    """申请低于成本价（集团审批）。"""

    action = "deal.below_cost"

    def make(self, by: Any, pk: int, data: dict[str, Any]) -> Any:
        return deals.deal_ask_below_cost(by=by, deal_id=pk, **data)


@extend_schema(tags=["deals"], request=GroundsIn, responses=DealFull)
class DealAskRed(DealAsk):
    """申请红字发票（总经理审批）。"""

    action = "deal.ask_red"

    def make(self, by: Any, pk: int, data: dict[str, Any]) -> Any:
        return deals.deal_ask_red(by=by, deal_id=pk, **data)


@extend_schema(tags=["deals"], request=RedIn, responses=DealFull)
class DealInvoiceRed(DealAsk):
    """登记红字发票（财务，须总经理已同意）。"""

    body = RedIn
    action = "deal.invoice_red"

    def make(self, by: Any, pk: int, data: dict[str, Any]) -> Any:
        return deals.deal_invoice_red(by=by, deal_id=pk, **data)

    def made(self, by: Any, row_id: int) -> Any:
        return deal_get(user=by, deal_id=row_id)


def _plain(call: Callable[..., Any], text: str, body: Any) -> type[DealAct]:
    """A view for a service that takes the body as it is."""

    class View(DealAct):
        def run(self, by: Any, pk: int, data: dict[str, Any]) -> None:
            call(by=by, deal_id=pk, **data)

    View.body = body
    View.__doc__ = text
    View.__name__ = View.__qualname__ = "".join(part.title() for part in call.__name__.split("_"))
    return extend_schema(tags=["deals"], request=body, responses=DealFull)(View)


DealException = _plain(deals.delivery_exception, "签批例外交车（总经理）。", GroundsIn)
DealPapers = _plain(deals.documents_arrived, "其余资料全部到店。", NothingIn)
DealClose = _plain(deals.deal_close, "资料归档。", NothingIn)
DealVoid = _plain(deals.deal_void, "作废未下订的订单。", GroundsIn)


@extend_schema(tags=["deals"], request=DealTerms, responses=QuoteOut)
class DealQuote(Reached):
    """试算：总优惠、权限、由谁审批、预计购置税；不写入任何记录。"""

    resource = "prospect"

    def post(self, request: Request, pk: int) -> Response:
        card = card_for_deal(user=request.user, prospect_id=pk)
        require(request.user, "deal.create", card.store_id)
        given = DealTerms(data=request.data)
        given.is_valid(raise_exception=True)
        terms = {"colour_id": None, "deposit_amount": 0, "payment_mode": "full", "loan_amount": 0, "promised_on": None}
        terms |= {"buyer_id_number": "", **given.terms()}
        lines = terms.pop("lines", ())
        quote = deals.deal_quote(by=request.user, prospect_id=pk, terms=terms, lines=lines)
        return Response(QuoteOut(quote).data)


@extend_schema(tags=["deals"], responses=CandidateOut(many=True))
class DealCandidates(Reached):
    """可配车辆：先到库的在前，附越过先后顺序的提示。"""

    resource = "deal"

    def get(self, request: Request, pk: int) -> Response:
        deal = deal_get(user=request.user, deal_id=pk)
        require(request.user, "vehicle.allocate", deal.store_id)
        cars = list(allocatable(deal)[:20])
        for car in cars:
            car.warning = fifo_warning(deal, car)
        return Response({"results": CandidateOut(cars, many=True).data})
