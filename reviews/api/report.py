"""Reports over the API: the same reach, the same states, the same refusals as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.core.api import CursorPages, VersionField, created, idempotency_key
from dealership.core.errors import DomainError
from dealership.org.reach import home_store
from reviews.choices import WORDS
from reviews.filters import ReviewFilter
from reviews.models import Review, ReviewComment
from reviews.selectors.reports import LIST_ORDER, cards, review_get, review_list, store_of
from reviews.services.judging import (
    review_comment_once,
    review_lock,
    review_mark_reviewed,
    review_remind,
    review_return,
)
from reviews.services.opening import review_open_own
from reviews.services.writing import review_refresh, review_submit, review_write


class ReviewOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A report as a list shows it."""

    type = serializers.CharField(source="kind")
    subject = serializers.IntegerField(source="owner_id")
    subject_name = serializers.CharField(source="owner.name")
    period = serializers.DateField(source="starts_on")

    class Meta:
        model = Review
        fields = (
            "id", "type", "subject", "subject_name", "store", "team", "period", "state", "due_at", "submitted_at",
            "is_late", "is_missed", "version",
        )  # fmt: skip


class CommentOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One instruction or reply; `line` empty is the whole report."""

    by_name = serializers.CharField(source="by.name")

    class Meta:
        model = ReviewComment
        fields = ("id", "line", "by", "by_name", "at", "text", "is_reply")


class ReviewFull(ReviewOut):
    """With figures (numerator and denominator as strings), words and comments."""

    comments = serializers.SerializerMethodField()

    class Meta(ReviewOut.Meta):
        fields = (  # type: ignore[assignment]
            *ReviewOut.Meta.fields, "figures", "submitted_figures", "refreshed_at", "frozen_at", *WORDS, "comments",
        )  # fmt: skip

    @extend_schema({"type": "array", "items": {"type": "object"}})  # type: ignore[arg-type]
    def get_comments(self, review: Review) -> list[dict[str, Any]]:
        card = cards(user=self.context["request"].user, reviews=[review])[0]
        beside = [row for line in (*card.figures, *card.words) for row in line.comments]
        return list(CommentOut(sorted((*beside, *card.others), key=lambda row: row.pk), many=True).data)


class WordsIn(serializers.Serializer):  # type: ignore[type-arg]
    """The owner's words; only what is sent is changed."""

    problems = serializers.CharField(required=False, allow_blank=True, max_length=1000, trim_whitespace=False)
    help_wanted = serializers.CharField(required=False, allow_blank=True, max_length=1000, trim_whitespace=False)
    tomorrow_plan = serializers.CharField(required=False, allow_blank=True, max_length=1000, trim_whitespace=False)
    version = VersionField(required=False)


class ChangeIn(WordsIn):
    version = VersionField()


class CommentIn(serializers.Serializer):  # type: ignore[type-arg]
    text = serializers.CharField(max_length=500)
    line = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)


class JudgeIn(serializers.Serializer):  # type: ignore[type-arg]
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    version = VersionField(required=False)


class ReviewPages(CursorPages):
    ordering = LIST_ORDER


@extend_schema(tags=["reviews"])
class ReviewList(generics.ListAPIView):  # type: ignore[type-arg]
    """可见范围内的报告。"""

    serializer_class = ReviewOut
    pagination_class = ReviewPages
    filterset_class = ReviewFilter

    def get_queryset(self) -> QuerySet[Review]:
        return review_list(user=self.request.user)


def _given(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    form = kind(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _answer(request: Request, pk: int) -> Response:
    return Response(ReviewFull(review_get(user=request.user, pk=pk), context={"request": request}).data)


@extend_schema(tags=["reviews"], responses=ReviewFull)
class ReviewOne(APIView):
    """一份报告：数据、文字、点评。"""

    def get(self, request: Request, pk: int) -> Response:
        return _answer(request, pk)

    @extend_schema(request=ChangeIn)
    def patch(self, request: Request, pk: int) -> Response:
        """修改文字；须带 version，过期的修改返回 409 与现有内容。"""
        given = _given(ChangeIn, request)
        review_write(by=request.user, review_id=pk, version=given.pop("version"), words=given)
        return _answer(request, pk)


@extend_schema(tags=["reviews"], request=WordsIn, responses=ReviewFull)
class ReviewSubmit(APIView):
    """提交，可同时带上文字。"""

    def post(self, request: Request, pk: int) -> Response:
        given = _given(WordsIn, request)
        review_submit(by=request.user, review_id=pk, version=given.pop("version", None), words=given)
        return _answer(request, pk)


@extend_schema(tags=["reviews"], request=CommentIn, responses={201: CommentOut})
class ReviewCommentNew(APIView):
    """点评整份报告或其中一行；可带 Idempotency-Key。"""

    def post(self, request: Request, pk: int) -> Response:
        given = _given(CommentIn, request)
        key = idempotency_key(request)
        row, replay = review_comment_once(by=request.user, review_id=pk, key=key, **given)
        return created(CommentOut(row).data, replay=replay)


@extend_schema(tags=["reviews"], request=JudgeIn, responses=ReviewFull)
class ReviewReturn(APIView):
    """退回补充，须写明原因。"""

    def post(self, request: Request, pk: int) -> Response:
        given = _given(JudgeIn, request)
        review_return(by=request.user, review_id=pk, text=given["text"], version=given.get("version"))
        return _answer(request, pk)


@extend_schema(tags=["reviews"], request=JudgeIn, responses=ReviewFull)
class ReviewMarkReviewed(APIView):
    """完成点评。"""

    def post(self, request: Request, pk: int) -> Response:
        given = _given(JudgeIn, request)
        review_mark_reviewed(by=request.user, review_id=pk, text=given["text"], version=given.get("version"))
        return _answer(request, pk)


@extend_schema(tags=["reviews"], request=JudgeIn, responses=ReviewFull)
class ReviewLock(APIView):
    """锁定。"""

    def post(self, request: Request, pk: int) -> Response:
        given = _given(JudgeIn, request)
        review_lock(by=request.user, review_id=pk, version=given.get("version"))
        return _answer(request, pk)


class StoreIn(serializers.Serializer):  # type: ignore[type-arg]
    """Of which store; without one the store the caller works in."""

    store = serializers.IntegerField(required=False, allow_null=True, default=None)


class RemindedOut(serializers.Serializer):  # type: ignore[type-arg]
    """How many people were told."""

    reminded = serializers.IntegerField()


@extend_schema(tags=["reviews"], request=None, responses=ReviewFull)
class ReviewOpen(APIView):
    """打开我今天的日报（早上没有自动生成时）；休息、请假或已有日报时不能打开。"""

    def post(self, request: Request) -> Response:
        user: Any = request.user
        store = home_store(user)
        if store is None:
            raise DomainError("no_store", "您没有任职门店，不需要提交日报。")
        return _answer(request, review_open_own(by=user, store=store).pk)


@extend_schema(tags=["reviews"], request=None, responses=ReviewFull)
class ReviewRefresh(APIView):
    """重新计算我的日报数据；零点之后数据不再变化。"""

    def post(self, request: Request, pk: int) -> Response:
        review_refresh(by=request.user, review_id=pk)
        return _answer(request, pk)


@extend_schema(tags=["reviews"], request=StoreIn, responses=RemindedOut)
class ReviewRemind(APIView):
    """催交：提醒本店今天还没有提交的人，每人每天一次。"""

    def post(self, request: Request) -> Response:
        store = store_of(request.user, _given(StoreIn, request)["store"])
        return Response({"reminded": review_remind(by=request.user, store=store)})
