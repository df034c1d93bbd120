"""Month closes: reading, and the steps of each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.audit.services import once
from dealership.core.api import CursorPages
from dealership.core.errors import NotAllowed
from dealership.core.scoping import reach_for
from dealership.org.reach import can
from reports.models import MonthClose
from reports.selectors.close import close_get, close_list
from reports.services import close as services
from reports.versions import frozen_for, readable_keys


class MonthCloseRow(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    store = serializers.IntegerField(source="store_id")
    month = serializers.DateField(format="%Y-%m")
    state = serializers.CharField()
    figures_version = serializers.IntegerField()
    version = serializers.IntegerField()
    open_blocks = serializers.ListField(child=serializers.CharField())
    checked_at = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class MonthVersionRow(serializers.Serializer):  # type: ignore[type-arg]
    number = serializers.IntegerField()
    digest = serializers.CharField()
    made_at = serializers.DateTimeField()
    figures = serializers.JSONField()
    difference = serializers.JSONField()


class MonthCloseFull(MonthCloseRow):
    checks = serializers.JSONField()
    explanations = serializers.JSONField()
    figures = serializers.SerializerMethodField()

    def get_figures(self, close: MonthClose) -> dict[str, Any] | None:
        """The newest frozen version; null before the first close."""
        newest = close.versions.order_by("-number").first()
        if newest is None:
            return None
        keys = readable_keys(self.context["reader"], close)
        return {**MonthVersionRow(newest).data, **frozen_for(newest, keys)}


class MonthCloseListPage(serializers.Serializer):  # type: ignore[type-arg]
    results = MonthCloseRow(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class Step(serializers.Serializer):  # type: ignore[type-arg]
    version = serializers.IntegerField(min_value=1, required=False)


class ConfirmStep(Step):
    explanations = serializers.DictField(child=serializers.CharField(max_length=200, allow_blank=True), required=False)


class ReopenStep(Step):
    """`reason` asks for it (finance); without one a general manager agrees."""

    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)


class MonthCloseList(APIView):
    """月结列表。"""

    @extend_schema(operation_id="month_closes_list", responses=MonthCloseListPage, tags=["month-closes"])
    def get(self, request: Request) -> Response:
        """Closes of the stores in reach, newest first; 403 for a role that reaches none anywhere."""
        if reach_for(request.user, "month_close").is_empty:
            raise NotAllowed
        pages = CursorPages()
        pages.ordering = ("-month", "-pk")
        rows = pages.paginate_queryset(close_list(user=request.user).order_by("-month", "-pk"), request, self)
        return pages.get_paginated_response(MonthCloseRow(rows, many=True).data)


class MonthCloseDetail(APIView):
    """一个门店一个月的月结：核对清单、版本与数字。"""

    @extend_schema(responses=MonthCloseFull, tags=["month-closes"])
    def get(self, request: Request, pk: int) -> Response:
        """Checks, explanations and the newest figures."""
        return Response(_full(request, pk))


def _full(request: Request, pk: int) -> Any:
    return MonthCloseFull(close_get(user=request.user, pk=pk), context={"reader": request.user}).data


def _step(request: Request, action: str, pk: int, act: Callable[[], MonthClose]) -> Response:
    """A step done once per Idempotency-Key; the answer is the close as it stands."""
    raw = request.headers.get("Idempotency-Key")
    try:
        key = UUID(raw) if raw else None
    except ValueError:
        raise ValidationError({"Idempotency-Key": ["请使用 UUID。"]}) from None
    close_get(user=request.user, pk=pk)
    _, replay = once(
        by=request.user,
        action=f"{action}:{pk}",
        key=key,
        create=act,
        find=lambda found: close_get(user=request.user, pk=found),
    )
    answer = Response(_full(request, pk))
    if replay:
        answer.headers["Idempotent-Replay"] = "true"
    return answer


def _checked(form: serializers.Serializer[Any]) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class MonthCloseRecheck(APIView):
    """重新核对。"""

    @extend_schema(request=Step, responses=MonthCloseFull, tags=["month-closes"])
    def post(self, request: Request, pk: int) -> Response:
        """Roll up again and renew the check list."""
        asked = _checked(Step(data=request.data))
        return _step(
            request, "month.recheck", pk, lambda: services.month_recheck(by=request.user, close_id=pk, **asked)
        )


class MonthCloseConfirm(APIView):
    """门店确认。"""

    @extend_schema(request=ConfirmStep, responses=MonthCloseFull, tags=["month-closes"])
    def post(self, request: Request, pk: int) -> Response:
        """The store answers for the month; blocking checks settled or explained."""
        asked = _checked(ConfirmStep(data=request.data))
        return _step(
            request, "month.confirm", pk, lambda: services.month_confirm(by=request.user, close_id=pk, **asked)
        )


class MonthCloseClose(APIView):
    """关账。"""

    @extend_schema(request=Step, responses=MonthCloseFull, tags=["month-closes"])
    def post(self, request: Request, pk: int) -> Response:
        """Finance closes: a version is frozen and the month sealed."""
        asked = _checked(Step(data=request.data))
        by = request.user
        return _step(request, "month.close", pk, lambda: services.month_close(by=by, close_id=pk, **asked))


class MonthCloseReopen(APIView):
    """申请或批准重开（两人办理）。"""

    @extend_schema(request=ReopenStep, responses=MonthCloseFull, tags=["month-closes"])
    def post(self, request: Request, pk: int) -> Response:
        """With a reason finance asks; without one a general manager agrees."""
        asked = _checked(ReopenStep(data=request.data))
        reason = asked.pop("reason", "")
        close = close_get(user=request.user, pk=pk)
        by = request.user
        if not reason and can(by, "month.reopen_confirm", close.store_id):
            return _step(
                request, "month.reopen_confirm", pk, lambda: services.month_reopen_confirm(by=by, close_id=pk, **asked)
            )
        return _step(
            request, "month.reopen", pk,
            lambda: services.month_reopen_request(by=by, close_id=pk, reason=reason, **asked),
        )  # fmt: skip
