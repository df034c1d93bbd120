"""`loss-applications/` and the two ways to ask on a card: the same services as the pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import VersionField, created, idempotency_key
from dealership.core.money import MAX_MONEY
from dealership.org.reach import require
from leads.api.base import Resource, listed, taken
from leads.api.serializers import CleanText, CustomerBrief, PersonOut
from leads.filters import LossFilter
from leads.loss_choices import CallBackResult, LossDecision, LossReason
from leads.models import LossApplication, LossCallBack
from leads.selectors.choices import seller_chosen
from leads.selectors.loss import DEFAULT_ORDERING, ORDERINGS, call_get, calls_of, loss_get, loss_list
from leads.selectors.prospect import prospect_get
from leads.services.loss import dormancy_apply, loss_apply, loss_withdraw
from leads.services.loss_call_back import loss_call_back, loss_call_back_ask
from leads.services.loss_decision import loss_decide, require_decider


class LossOut(serializers.ModelSerializer[LossApplication]):
    """An application and its answer."""

    customer = CustomerBrief()
    owner = PersonOut()
    applied_by = PersonOut()
    decided_by = PersonOut(allow_null=True)
    new_owner = PersonOut(allow_null=True)
    escalated_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = LossApplication
        fields = [
            "id", "version", "store", "prospect", "customer", "owner", "kind", "number", "grade", "applied_by",
            "applied_at", "reason", "competitor_brand", "competitor_model", "competitor_price", "competitor_dealer",
            "explanation", "wake_on", "woken_at", "second_follow_up", "cancellation", "is_sampled", "state", "due_at",
            "escalated_at", "decided_by", "decided_at", "comment", "new_owner", "approval",
        ]  # fmt: skip


class CallBackOut(serializers.ModelSerializer[LossCallBack]):
    """One attempt to hear the customer."""

    called_by = PersonOut()

    class Meta:
        model = LossCallBack
        fields = ["id", "application", "called_by", "called_at", "result", "note"]


class LossIn(serializers.Serializer[Any]):
    """Why a customer is given up."""

    version = VersionField(required=False)
    reason = serializers.ChoiceField(choices=LossReason.choices)
    explanation = CleanText(max_length=500)
    competitor_brand = CleanText(max_length=40, required=False, default="")
    competitor_model = CleanText(max_length=60, required=False, default="")
    competitor_price = serializers.DecimalField(
        14, 2, min_value=0, max_value=MAX_MONEY, required=False, allow_null=True, default=None
    )
    competitor_dealer = CleanText(max_length=60, required=False, default="")


class DormancyIn(serializers.Serializer[Any]):
    """Why a customer rests, and until when."""

    version = VersionField(required=False)
    reason = serializers.ChoiceField(choices=LossReason.choices)
    explanation = CleanText(max_length=500)
    wake_on = serializers.DateField()


class LossDecisionIn(serializers.Serializer[Any]):
    """One of three answers; `new_owner` for reassign."""

    version = VersionField(required=False)
    decision = serializers.ChoiceField(choices=LossDecision.choices)
    comment = CleanText(max_length=300, required=False, default="")
    new_owner = serializers.IntegerField(required=False, allow_null=True, default=None)


class CallBackIn(serializers.Serializer[Any]):
    """What the customer said."""

    result = serializers.ChoiceField(choices=CallBackResult.choices)
    note = CleanText(max_length=300, required=False, default="")


def _asked(request: Request, pk: int, service: Any, form: type[serializers.Serializer[Any]]) -> Response:
    card = prospect_get(user=request.user, prospect_id=pk)
    require(request.user, "loss.apply", card.store_id)
    facts = taken(request, form)
    row, replay = once(
        by=request.user, action="loss.apply", key=idempotency_key(request),
        create=lambda: service(by=request.user, prospect_id=card.pk, **facts),
        find=lambda row_id: loss_get(user=request.user, application_id=row_id),
    )  # fmt: skip
    return created(LossOut(loss_get(user=request.user, application_id=row.pk)).data, replay=replay)


class ApplyLoss(Resource):
    """申请战败."""

    @extend_schema(request=LossIn, responses={201: LossOut})
    def post(self, request: Request, pk: int) -> Response:
        return _asked(request, pk, loss_apply, LossIn)


class ApplyDormancy(Resource):
    """申请休眠."""

    @extend_schema(request=DormancyIn, responses={201: LossOut})
    def post(self, request: Request, pk: int) -> Response:
        return _asked(request, pk, dormancy_apply, DormancyIn)


class LossList(Resource):
    """Applications within reach."""

    resource = "loss_application"

    @extend_schema(operation_id="loss_applications_list", responses=LossOut(many=True))
    def get(self, request: Request) -> Response:
        return listed(
            request, loss_list(user=request.user), filters=LossFilter, orderings=ORDERINGS, default=DEFAULT_ORDERING,
            shape=LossOut,
        )  # fmt: skip


class LossDetail(Resource):
    """One application."""

    @extend_schema(responses=LossOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(LossOut(loss_get(user=request.user, application_id=pk)).data)


class LossDecide(Resource):
    """同意、驳回或转给其他顾问；先到者为准."""

    @extend_schema(request=LossDecisionIn, responses=LossOut)
    def post(self, request: Request, pk: int) -> Response:
        row = loss_get(user=request.user, application_id=pk)
        require_decider(request.user, row)
        given = taken(request, LossDecisionIn)
        person = seller_chosen(row.store, given.pop("new_owner"), "new_owner")
        loss_decide(by=request.user, application_id=pk, new_owner=person, **given)
        return Response(LossOut(loss_get(user=request.user, application_id=pk)).data)


class LossWithdraw(Resource):
    """撤回自己的申请."""

    @extend_schema(request=None, responses=LossOut)
    def post(self, request: Request, pk: int) -> Response:
        loss_withdraw(by=request.user, application_id=loss_get(user=request.user, application_id=pk).pk)
        return Response(LossOut(loss_get(user=request.user, application_id=pk)).data)


class LossCallAsk(Resource):
    """审批前请客服或 DCC 先回访."""

    @extend_schema(request=None, responses=LossOut)
    def post(self, request: Request, pk: int) -> Response:
        row = loss_get(user=request.user, application_id=pk)
        require_decider(request.user, row)
        loss_call_back_ask(by=request.user, application_id=pk)
        return Response(LossOut(loss_get(user=request.user, application_id=pk)).data)


class LossCall(Resource):
    """登记一次战败确认回访."""

    @extend_schema(responses=CallBackOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        row = call_get(user=request.user, application_id=pk)
        require(request.user, "loss.call_back", row.store_id)
        return Response(CallBackOut(calls_of(row), many=True).data)

    @extend_schema(request=CallBackIn, responses={201: CallBackOut})
    def post(self, request: Request, pk: int) -> Response:
        row = call_get(user=request.user, application_id=pk)
        require(request.user, "loss.call_back", row.store_id)
        call, replay = once(
            by=request.user, action="loss.call_back", key=idempotency_key(request),
            create=lambda: loss_call_back(by=request.user, application_id=row.pk, **taken(request, CallBackIn)),
            find=lambda call_id: next(call for call in calls_of(row) if call.pk == call_id),
        )  # fmt: skip
        return created(CallBackOut(call).data, replay=replay)
