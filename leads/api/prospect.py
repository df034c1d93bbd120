"""`prospects/`: cards, their follow-ups, hand-over."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import created, idempotency_key
from dealership.org.reach import require
from leads.api import serializers as shapes
from leads.api.base import Resource, listed, taken
from leads.filters import FollowUpFilter, ProspectFilter
from leads.selectors.choices import seller_chosen, series_chosen, source_chosen, store_for
from leads.selectors.customer import primary_phones
from leads.selectors.prospect import (
    DEFAULT_ORDERING,
    ORDERINGS,
    follow_up_get,
    follow_up_list,
    prospect_attended,
    prospect_get,
    prospect_list,
)
from leads.selectors.referrer import referrer_chosen
from leads.services.card import card_register
from leads.services.follow_up import follow_up_log
from leads.services.prospect import prospect_change, prospect_reassign

FOLLOW_UP_ORDERINGS = {"-done_at": ("-done_at", "-id")}


class ProspectList(Resource):
    """Cards within reach."""

    resource = "prospect"

    @extend_schema(operation_id="prospects_list", responses=shapes.ProspectOut(many=True))
    def get(self, request: Request) -> Response:
        rows = prospect_list(user=request.user).prefetch_related(primary_phones())
        return listed(
            request, rows, filters=ProspectFilter, orderings=ORDERINGS, default=DEFAULT_ORDERING,
            shape=shapes.ProspectOut,
        )  # fmt: skip

    @extend_schema(request=shapes.ProspectIn, responses={201: shapes.ProspectOut})
    def post(self, request: Request) -> Response:
        """A card for a customer who has not visited; customer found or made by phone."""
        store = store_for(request.user, "prospect.change")
        facts = taken(request, shapes.ProspectIn)
        facts |= {
            "source": source_chosen(store, facts["source"]),
            "series": series_chosen(store, facts["series"]),
            "owner": seller_chosen(store, facts["owner"], "owner"),
            "referred_by": referrer_chosen(user=request.user, store=store, customer_id=facts["referred_by"]),
        }
        card, replay = once(
            by=request.user, action="prospect.create", key=idempotency_key(request),
            create=lambda: card_register(by=request.user, store=store, **facts),
            find=lambda row_id: prospect_get(user=request.user, prospect_id=row_id),
        )  # fmt: skip
        shown = shapes.ProspectOut(prospect_get(user=request.user, prospect_id=card.pk)).data
        return created(shown, replay=replay)


class ProspectDetail(Resource):
    """One card."""

    @extend_schema(responses=shapes.ProspectOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shapes.ProspectOut(prospect_attended(user=request.user, prospect_id=pk)).data)

    @extend_schema(request=shapes.ProspectPatch, responses=shapes.ProspectOut)
    def patch(self, request: Request, pk: int) -> Response:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.change", card.store_id)
        details = taken(request, shapes.ProspectPatch, partial=True)
        version = details.pop("version", None)
        if "source" in details:
            details["source"] = source_chosen(card.store, details["source"])
        if "referred_by" in details:
            referrer = details["referred_by"]
            details["referred_by"] = referrer_chosen(user=request.user, store=card.store, customer_id=referrer)
        if "series" in details:
            details["series"] = series_chosen(card.store, details["series"])
        prospect_change(by=request.user, prospect_id=pk, version=version, details=details)
        return self.get(request, pk)


class FollowUpList(Resource):
    """Contacts of a card."""

    @extend_schema(responses=shapes.FollowUpOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        card = prospect_attended(user=request.user, prospect_id=pk)
        rows = follow_up_list(user=request.user, prospect=card)
        return listed(
            request, rows, filters=FollowUpFilter, orderings=FOLLOW_UP_ORDERINGS, default="-done_at",
            shape=shapes.FollowUpOut,
        )  # fmt: skip

    @extend_schema(request=shapes.FollowUpIn, responses={201: shapes.FollowUpOut})
    def post(self, request: Request, pk: int) -> Response:
        card = prospect_attended(user=request.user, prospect_id=pk)
        require(request.user, "follow_up.log", card.store_id)
        facts = taken(request, shapes.FollowUpIn)
        row, replay = once(
            by=request.user, action="follow_up.log", key=idempotency_key(request),
            create=lambda: follow_up_log(by=request.user, prospect_id=card.pk, **facts),
            find=lambda row_id: follow_up_get(follow_up_id=row_id),
        )  # fmt: skip
        return created(shapes.FollowUpOut(row).data, replay=replay)


class ProspectTransfer(Resource):
    """Give a card to another seller (manager)."""

    @extend_schema(request=shapes.TransferIn, responses=shapes.ProspectOut)
    def post(self, request: Request, pk: int) -> Response:
        card = prospect_get(user=request.user, prospect_id=pk)
        require(request.user, "prospect.reassign", card.store_id)
        asked = taken(request, shapes.TransferIn)
        person = seller_chosen(card.store, asked["new_owner"], "new_owner")
        prospect_reassign(by=request.user, prospect_id=pk, new_owner=person, reason=asked["reason"])
        return Response(shapes.ProspectOut(prospect_get(user=request.user, prospect_id=pk)).data)
