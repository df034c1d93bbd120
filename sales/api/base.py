"""The frame of this app's API: lists with reach and filters, acts as one POST each."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from dealership.core.errors import NotAllowed, NotFound
from dealership.core.scoping import reach_for


class Reached(APIView):
    """A role that does not reach the resource: its list is refused (403), a row of it does not exist (404)."""

    resource = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if reach_for(request.user, self.resource).is_empty:
            raise NotFound if kwargs else NotAllowed


def told(serializer: type[Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The checked body; anything the serializer does not name is ignored (A06)."""
    given = serializer(data=request.data, partial=partial)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def shown(serializer: type[BaseSerializer[Any]], row: Any, request: Request, **context: Any) -> Response:
    """One row as an answer."""
    return Response(serializer(row, context={"request": request, **context}).data)


def version_of(data: dict[str, Any]) -> int:
    """Take the version out of an update; without it the update could overwrite somebody's newer change (400)."""
    version = data.pop("version", None)
    if version is None:
        raise ValidationError({"version": ["请带上读取时的 version。"]})
    return int(version)
