"""Evaluations of a card, the nurture pool and the day's H customers: the same services as the pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import created, idempotency_key
from dealership.org.reach import require
from leads.api.base import Resource, listed, taken
from leads.api.campaign import InvitedOut
from leads.api.serializers import CleanText, CustomerBrief, PersonOut
from leads.evaluation_choices import ITEMS, LABELS, MOST_POINTS
from leads.filters import NurtureFilter
from leads.models import NurtureStay, ProspectEvaluation
from leads.selectors.customer import primary_phones
from leads.selectors.evaluation import evaluation_get, evaluations_of
from leads.selectors.focus import ALL, focus_items, focus_owner
from leads.selectors.nurture import DEFAULT_ORDERING, ORDERINGS, nurture_get, nurture_list
from leads.selectors.prospect import prospect_attended, prospect_get
from leads.services.campaign import NURTURE, campaign_invite_cards
from leads.services.evaluation import evaluation_save
from leads.services.nurture import nurture_return

MOST_SHOWN = 100
PHONES = primary_phones("prospect__customer__phones")


class EvaluationOut(serializers.ModelSerializer[ProspectEvaluation]):
    """One evaluation with the weights and threshold of its day."""

    by = PersonOut()

    class Meta:
        model = ProspectEvaluation
        fields = [
            "id", "prospect", "at", "by", *ITEMS, "weights", "threshold", "score", "ceiling", "verdict", "note",
        ]  # fmt: skip


def _answer(name: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=MOST_POINTS, required=False, allow_null=True, default=None, help_text=LABELS[name]
    )


class EvaluationIn(serializers.Serializer[Any]):
    """Points of 0 to 5 per question; null is unknown."""

    urgency = _answer("urgency")
    purchase_time = _answer("purchase_time")
    cycle = _answer("cycle")
    decision_maker = _answer("decision_maker")
    budget = _answer("budget")
    note = CleanText(max_length=200, required=False, default="")


class NurtureOut(serializers.ModelSerializer[NurtureStay]):
    """A customer's time in the nurture pool."""

    customer = CustomerBrief(source="prospect.customer")
    owner = PersonOut(source="prospect.owner")
    grade = serializers.CharField(source="prospect.grade")
    score = serializers.DecimalField(4, 1)
    threshold = serializers.IntegerField(source="evaluation.threshold")
    is_invited = serializers.BooleanField()
    left_by = PersonOut(allow_null=True)

    class Meta:
        model = NurtureStay
        fields = [
            "id", "version", "store", "prospect", "customer", "owner", "grade", "score", "threshold", "entered_at",
            "is_invited", "left_at", "left_by", "end", "note",
        ]  # fmt: skip


class NurtureInviteIn(serializers.Serializer[Any]):
    """Which cards are invited to which campaign."""

    campaign = serializers.IntegerField(min_value=1)
    prospects = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=500)


class NurtureReturnIn(serializers.Serializer[Any]):
    """Why the consultant should call now."""

    reason = CleanText(max_length=200, required=True)


class FocusOut(serializers.Serializer[Any]):
    """One of the day's H customers, in the order they were due."""

    prospect = serializers.IntegerField(source="prospect_id")
    name = serializers.CharField()
    due_at = serializers.DateTimeField()
    outcome = serializers.CharField()
    is_done = serializers.BooleanField()


class Evaluations(Resource):
    """Evaluations of a card, newest first."""

    @extend_schema(responses=EvaluationOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        card = prospect_attended(user=request.user, prospect_id=pk)
        rows = evaluations_of(user=request.user, prospect=card)[:MOST_SHOWN]
        return Response(EvaluationOut(rows, many=True).data)

    @extend_schema(request=EvaluationIn, responses={201: EvaluationOut})
    def post(self, request: Request, pk: int) -> Response:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        answers = taken(request, EvaluationIn)
        note = answers.pop("note")
        row, replay = once(
            by=request.user, action="evaluation.save", key=idempotency_key(request),
            create=lambda: evaluation_save(by=request.user, prospect_id=card.pk, answers=answers, note=note),
            find=lambda row_id: evaluation_get(evaluation_id=row_id),
        )  # fmt: skip
        return created(EvaluationOut(evaluation_get(evaluation_id=row.pk)).data, replay=replay)


class NurtureList(Resource):
    """The nurture pool."""

    resource = "nurture"

    @extend_schema(operation_id="nurture_list", responses=NurtureOut(many=True))
    def get(self, request: Request) -> Response:
        return listed(
            request, nurture_list(user=request.user).prefetch_related(PHONES), filters=NurtureFilter,
            orderings=ORDERINGS, default=DEFAULT_ORDERING, shape=NurtureOut,
        )  # fmt: skip


class NurtureInvite(Resource):
    """Invite cards to a campaign; who was invited before is not counted."""

    resource = "nurture"

    @extend_schema(request=NurtureInviteIn, responses=InvitedOut)
    def post(self, request: Request) -> Response:
        require(request.user, NURTURE)
        told = taken(request, NurtureInviteIn)
        count = campaign_invite_cards(
            by=request.user, campaign_id=told["campaign"], prospect_ids=told["prospects"]
        )  # fmt: skip
        return Response(InvitedOut({"invited": count}).data)


class NurtureReturn(Resource):
    """退回顾问."""

    @extend_schema(request=NurtureReturnIn, responses=NurtureOut)
    def post(self, request: Request, pk: int) -> Response:
        stay = nurture_get(user=request.user, stay_id=pk)
        require(request.user, NURTURE, stay.store_id)
        nurture_return(by=request.user, stay_id=pk, **taken(request, NurtureReturnIn))
        return Response(NurtureOut(nurture_list(user=request.user).prefetch_related(PHONES).get(pk=pk)).data)


class FocusList(Resource):
    """今日H级客户: a seller's own, a manager's store; who sees colleagues may name an owner or `all`."""

    resource = "follow_up"

    @extend_schema(
        operation_id="focus_list", parameters=[OpenApiParameter("owner", str)], responses=FocusOut(many=True)
    )
    def get(self, request: Request) -> Response:
        require(request.user, "follow_up.log")
        asked = request.query_params.get("owner", "")
        if asked and asked != ALL and not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            raise serializers.ValidationError({"owner": ["请填写顾问编号，或 all。"]})
        owner_id = focus_owner(request.user, asked)
        return Response(FocusOut(focus_items(user=request.user, owner_id=owner_id), many=True).data)
