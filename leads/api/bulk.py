"""`prospects/bulk/`: the bulk acts of the page, previewed or run, with an answer per card."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.core.money import MAX_MONEY
from dealership.org.reach import require
from leads.api.base import Resource, taken
from leads.api.serializers import CleanText
from leads.loss_choices import LossReason
from leads.selectors.choices import seller_seen
from leads.services.bulk import ACTS, MOST, act_of, bulk_run

NEEDS = {
    "reschedule": ("day", "reason"),
    "reassign": ("new_owner", "reason"),
    "lose": ("reason", "explanation"),
    "rest": ("reason", "wake_on", "explanation"),
}
MAY = {"reschedule": "follow_up.log", "reassign": "prospect.reassign", "lose": "loss.apply", "rest": "loss.apply"}
CLAIM = ("competitor_brand", "competitor_model", "competitor_price", "competitor_dealer")


class BulkIn(serializers.Serializer[Any]):
    """`day` and `reason` for reschedule, `new_owner` and `reason` for reassign; for lose and rest
    `reason` is one of the loss list, with `explanation`; lose takes the competitor when something was bought elsewhere,
    rest the day to `wake_on`.
    """

    act = serializers.ChoiceField(choices=list(ACTS))
    ids = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST)
    day = serializers.DateField(required=False)
    wake_on = serializers.DateField(required=False)
    new_owner = serializers.IntegerField(min_value=1, required=False)
    reason = CleanText(max_length=200, required=False)
    explanation = CleanText(max_length=500, required=False)
    competitor_brand = CleanText(max_length=40, required=False)
    competitor_model = CleanText(max_length=60, required=False)
    competitor_price = serializers.DecimalField(14, 2, min_value=0, max_value=MAX_MONEY, required=False)
    competitor_dealer = CleanText(max_length=60, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = {name: ["请填写此项。"] for name in NEEDS[attrs["act"]] if not attrs.get(name)}
        if attrs["act"] in ("lose", "rest") and "reason" not in missing and attrs["reason"] not in LossReason:
            missing["reason"] = [f"原因只能是：{'、'.join(LossReason.values)}。"]
        if missing:
            raise serializers.ValidationError(missing)
        return attrs


class OutcomeOut(serializers.Serializer[Any]):
    """What happened (or would happen) to one card; `message` says why it was refused."""

    prospect = serializers.IntegerField(source="prospect_id")
    name = serializers.CharField()
    grade = serializers.CharField()
    owner = serializers.CharField()
    is_done = serializers.BooleanField()
    message = serializers.CharField()


class BulkOut(serializers.Serializer[Any]):
    """Every card within reach, in the order of its next contact."""

    is_preview = serializers.BooleanField()
    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    rows = OutcomeOut(many=True)


class _Bulk(Resource):
    resource = "prospect"
    is_preview = True

    def post(self, request: Request) -> Response:
        require(request.user, "follow_up.log")
        told = taken(request, BulkIn)
        name, ids = told["act"], told["ids"]
        require(request.user, MAY[name])
        facts = {key: told[key] for key in (*NEEDS[name], *(CLAIM if name == "lose" else ())) if key in told}
        if "new_owner" in facts:
            facts["new_owner"] = seller_seen(request.user, facts["new_owner"], "new_owner")
        act = act_of(by=request.user, name=name, told=facts)
        rows = bulk_run(by=request.user, ids=ids, act=act, rehearse=self.is_preview)
        good = sum(row.is_done for row in rows)
        answer = {"is_preview": self.is_preview, "done": good, "refused": len(rows) - good, "rows": rows}
        return Response(BulkOut(answer).data)


class BulkPreview(_Bulk):
    """Do the act and take it back: says of each card what would happen, changes nothing."""

    @extend_schema(operation_id="prospects_bulk_preview", request=BulkIn, responses=BulkOut)
    def post(self, request: Request) -> Response:
        return super().post(request)


class BulkRun(_Bulk):
    """Do the act card by card; a refused card does not stop the others."""

    is_preview = False

    @extend_schema(operation_id="prospects_bulk_run", request=BulkIn, responses=BulkOut)
    def post(self, request: Request) -> Response:
        return super().post(request)
