"""Keyset pages for screens: the same cursor mechanism the API uses, from one queryset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from dealership.core.api import CursorPages


@dataclass(frozen=True)
class Page:
    """Rows of one page and the addresses of its neighbours (filters kept, None at an end)."""

    rows: list[Any]
    next_url: str | None
    previous_url: str | None


def page_of(request: HttpRequest, queryset: QuerySet[Any], ordering: tuple[str, ...], size: int = 30) -> Page:
    """Cut one page out of a queryset. `ordering` must end in a unique column and hold no nullable one."""
    paginator = CursorPages()
    paginator.page_size = size
    paginator.ordering = ordering
    rows = paginator.paginate_queryset(queryset.order_by(*ordering), Request(request), view=None)
    return Page(list(rows or []), _local(paginator.get_next_link()), _local(paginator.get_previous_link()))


def _local(link: str | None) -> str | None:
    """Only path and query: the address bar stays on this host."""
    if link is None:
        return None
    return "/" + link.split("://", 1)[-1].split("/", 1)[-1]
