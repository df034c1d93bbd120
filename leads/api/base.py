"""The frame of this app's resources: filtered cursor pages with an allow-list of orderings, checked input."""

from __future__ import annotations

from typing import Any, TypeVar

import django_filters as df
from django.db.models import QuerySet
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dealership.core.api import CursorPages
from dealership.core.errors import NotAllowed
from dealership.core.scoping import reach_for

S = TypeVar("S", bound=serializers.Serializer[Any])


class Resource(APIView):
    """`resource` names the rows; a role that does not reach them at all gets 403."""

    resource = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.resource and reach_for(request.user, self.resource).is_empty:
            raise NotAllowed


def taken(request: Request, form: type[S], *, partial: bool = False) -> dict[str, Any]:
    """The checked input of a call; malformed answers 400 by field. Unknown fields are ignored (A06)."""
    serializer = form(data=request.data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def listed(
    request: Request,
    rows: QuerySet[Any],
    *,
    filters: type[df.FilterSet],
    orderings: dict[str, tuple[str, ...]],
    default: str,
    shape: type[serializers.BaseSerializer[Any]],
) -> Response:
    """One cursor page of a filtered list. A bad filter or an ordering off the list answers 400 (A04)."""
    found = filters(request.query_params, queryset=rows, request=request)
    if not found.is_valid():
        raise exceptions.ValidationError(found.errors)
    ordering = request.query_params.get("ordering", default)
    if ordering not in orderings:
        raise exceptions.ValidationError({"ordering": [f"排序只能是：{'、'.join(orderings)}。"]})
    pages = CursorPages()
    pages.ordering = orderings[ordering]
    page: Any = pages.paginate_queryset(found.qs.order_by(*orderings[ordering]), request)
    return pages.get_paginated_response(shape(page, many=True).data)
