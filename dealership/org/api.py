"""me, stores, teams, users."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.accounts.models import User
from dealership.core import periods
from dealership.org import selectors
from dealership.org.models import Membership, Store, Team
from dealership.org.reach import memberships_of, sees_profit


class MembershipSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    store_name = serializers.CharField(source="store.short_name", default=None)
    team_name = serializers.CharField(source="team.name", default=None)
    role_name = serializers.CharField(source="get_role_display")

    class Meta:
        model = Membership
        fields = ("store", "store_name", "team", "team_name", "role", "role_name")


class MeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    sees_profit = serializers.BooleanField()
    unread_notices = serializers.IntegerField()
    memberships = MembershipSerializer(many=True)


class StoreSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    brand_name = serializers.CharField(source="brand.name")

    class Meta:
        model = Store
        fields = ("id", "code", "name", "short_name", "group", "brand", "brand_name", "is_active")


class TeamSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Team
        fields = ("id", "store", "name")


class UserSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    memberships = MembershipSerializer(many=True, source="present")

    class Meta:
        model = User
        fields = ("id", "name", "employee_no", "is_active", "memberships")


class MeView(APIView):
    """本人：账号、岗位、未读通知数。"""

    @extend_schema(responses=MeSerializer, tags=["me"])
    def get(self, request: Request) -> Response:
        user: Any = request.user
        answer = {
            "id": user.pk,
            "username": user.username,
            "name": user.name,
            "sees_profit": sees_profit(user),
            "unread_notices": user.notices.filter(read_at=None).count(),
            "memberships": memberships_of(user),
        }
        return Response(MeSerializer(answer).data)


@extend_schema_view(get=extend_schema(tags=["stores"]))
class StoreList(ListAPIView):  # type: ignore[type-arg]
    """查看范围内的门店。"""

    serializer_class = StoreSerializer
    queryset = Store.objects.none()

    def get_queryset(self) -> QuerySet[Store]:
        return selectors.stores(user=self.request.user)  # type: ignore[arg-type]


@extend_schema_view(get=extend_schema(tags=["teams"]))
class TeamList(ListAPIView):  # type: ignore[type-arg]
    """查看范围内的小组。"""

    serializer_class = TeamSerializer
    queryset = Team.objects.none()

    def get_queryset(self) -> QuerySet[Team]:
        return selectors.teams(user=self.request.user)  # type: ignore[arg-type]


@extend_schema_view(get=extend_schema(tags=["users"]))
class UserList(ListAPIView):  # type: ignore[type-arg]
    """查看范围内的同事及其现任岗位。"""

    serializer_class = UserSerializer
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        present = Membership.objects.filter(valid__contains=periods.today()).select_related("store", "team")
        rows = selectors.people(user=self.request.user)  # type: ignore[arg-type]
        return rows.prefetch_related(Prefetch("memberships", present, to_attr="present"))
