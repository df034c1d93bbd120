"""`campaigns/`: what was spent, whom the store invited, who came: the services of the pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dealership.audit.services import once
from dealership.core.api import CursorPages, VersionField, created, idempotency_key
from dealership.core.money import MAX_MONEY
from dealership.org.reach import require
from leads.api.base import Resource, taken
from leads.api.serializers import CleanText, CustomerBrief, NamedOut, PersonOut
from leads.campaign_choices import CampaignKind, InviteAnswer
from leads.choices import OPEN_GRADE_CHOICES
from leads.forms.campaign import CampaignFilter
from leads.models import Campaign, CampaignInvite
from leads.selectors.campaign import (
    INVITE_ORDERING,
    ORDERING,
    campaign_effect,
    campaign_get,
    campaign_list,
    invite_get,
    invites_of,
)
from leads.selectors.choices import seller_chosen, source_chosen, store_for
from leads.selectors.customer import primary_phones
from leads.services.campaign import ACT, campaign_change, campaign_create, campaign_invite, invite_mark


class CampaignOut(serializers.ModelSerializer[Campaign]):
    """A campaign; a cost that is not known is null, never 0."""

    source = NamedOut(allow_null=True)
    invited = serializers.IntegerField()
    attended = serializers.IntegerField()

    class Meta:
        model = Campaign
        fields = [
            "id", "version", "store", "kind", "name", "starts_on", "ends_on", "source", "cost_budget", "cost_actual",
            "note", "invited", "attended",
        ]  # fmt: skip


class CampaignFullOut(CampaignOut):
    """The campaign with what it brought: new cards of its source in its days, customers who ordered."""

    cards = serializers.IntegerField()
    orders = serializers.IntegerField()

    class Meta(CampaignOut.Meta):
        fields = [*CampaignOut.Meta.fields, "cards", "orders"]


class MemberOut(serializers.ModelSerializer[CampaignInvite]):
    """An invited customer with the answer; the number is masked."""

    customer = CustomerBrief()
    owner = PersonOut(allow_null=True)
    invited_by = PersonOut()

    class Meta:
        model = CampaignInvite
        fields = ["id", "customer", "prospect", "owner", "invited_by", "invited_at", "answer", "attended_at"]


class CampaignChangeIn(serializers.Serializer[Any]):
    """What is known of a campaign; of a change only what is sent."""

    kind = serializers.ChoiceField(choices=CampaignKind.choices)
    name = CleanText(required=True, max_length=60)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    source = serializers.IntegerField(required=False, allow_null=True)
    cost_budget = serializers.DecimalField(14, 2, min_value=0, max_value=MAX_MONEY, required=False, allow_null=True)
    cost_actual = serializers.DecimalField(14, 2, min_value=0, max_value=MAX_MONEY, required=False, allow_null=True)
    note = CleanText(max_length=300, required=False)
    version = VersionField(required=False)


class CampaignIn(CampaignChangeIn):
    """A new campaign, of the caller's store when none is named."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)
    version = None


class InviteIn(serializers.Serializer[Any]):
    """Whom to invite: open cards of these grades, of everybody or of one consultant."""

    grades = serializers.MultipleChoiceField(choices=OPEN_GRADE_CHOICES, allow_empty=False)
    owner = serializers.IntegerField(required=False, allow_null=True, default=None)


class InvitedOut(serializers.Serializer[Any]):
    """How many were new."""

    invited = serializers.IntegerField()


class MarkIn(serializers.Serializer[Any]):
    """The answer, or who came; what is not sent stays."""

    answer = serializers.ChoiceField(choices=InviteAnswer.choices, required=False, allow_blank=True, default="")
    attended = serializers.BooleanField(required=False, allow_null=True, default=None)


class CampaignPages(CursorPages):
    ordering = ORDERING


class MemberPages(CursorPages):
    ordering = INVITE_ORDERING


def shown(request: Request, pk: int) -> dict[str, Any]:
    """The campaign as it is now."""
    row = campaign_get(user=request.user, campaign_id=pk)
    brought = campaign_effect(user=request.user, campaign=row)
    return {**CampaignOut(row).data, "cards": brought.cards, "orders": brought.orders}


def managed(request: Request, pk: int) -> Campaign:
    """The campaign within reach, and the act permitted."""
    row = campaign_get(user=request.user, campaign_id=pk)
    require(request.user, ACT, row.store_id)
    return row


class CampaignList(Resource):
    """活动列表（store、source、month）与新建。"""

    resource = "campaign"

    @extend_schema(
        operation_id="campaigns_list",
        parameters=[OpenApiParameter("store", int), OpenApiParameter("source", int), OpenApiParameter("month", str)],
        responses=CampaignOut(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = CampaignPages()
        rows = campaign_list(user=request.user, **CampaignFilter(request.query_params).told())
        page: Any = pages.paginate_queryset(rows, request)
        return pages.get_paginated_response(CampaignOut(page, many=True).data)

    @extend_schema(request=CampaignIn, responses={201: CampaignFullOut})
    def post(self, request: Request) -> Response:
        require(request.user, ACT)
        facts = taken(request, CampaignIn)
        store = store_for(request.user, ACT, facts.pop("store"))
        facts["source"] = source_chosen(store, facts.get("source"))
        row, replay = once(
            by=request.user, action="campaign.create", key=idempotency_key(request),
            create=lambda: campaign_create(by=request.user, store=store, **facts),
            find=lambda pk: campaign_get(user=request.user, campaign_id=pk),
        )  # fmt: skip
        return created(shown(request, row.pk), replay=replay)


class CampaignDetail(Resource):
    """一个活动。"""

    @extend_schema(responses=CampaignFullOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shown(request, pk))

    @extend_schema(request=CampaignChangeIn, responses=CampaignFullOut)
    def patch(self, request: Request, pk: int) -> Response:
        row = managed(request, pk)
        details = taken(request, CampaignChangeIn, partial=True)
        if "source" in details:
            details["source"] = source_chosen(row.store, details["source"])
        campaign_change(by=request.user, campaign_id=pk, version=details.pop("version", None), details=details)
        return Response(shown(request, pk))


class CampaignMembers(Resource):
    """受邀客户；POST 按级别邀请意向客户。"""

    @extend_schema(operation_id="campaigns_members_list", responses=MemberOut(many=True))
    def get(self, request: Request, pk: int) -> Response:
        campaign, pages = campaign_get(user=request.user, campaign_id=pk), MemberPages()
        rows = invites_of(user=request.user, campaign=campaign).prefetch_related(primary_phones())
        page: Any = pages.paginate_queryset(rows, request)
        return pages.get_paginated_response(MemberOut(page, many=True).data)

    @extend_schema(request=InviteIn, responses=InvitedOut)
    def post(self, request: Request, pk: int) -> Response:
        row = managed(request, pk)
        asked = taken(request, InviteIn)
        owner = seller_chosen(row.store, asked["owner"], "owner")
        count = campaign_invite(by=request.user, campaign_id=pk, grades=asked["grades"], owner=owner)
        return Response({"invited": count})


class CampaignMember(Resource):
    """登记答复或到场。"""

    @extend_schema(request=MarkIn, responses=MemberOut)
    def post(self, request: Request, pk: int, invite: int) -> Response:
        row = managed(request, pk)
        invite_mark(by=request.user, campaign_id=pk, invite_id=invite, **taken(request, MarkIn))
        return Response(MemberOut(invite_get(user=request.user, campaign=row, invite_id=invite)).data)
