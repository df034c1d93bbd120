"""My notices."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from dealership.core.errors import NotFound
from dealership.notices.models import Notice

LIST_ORDER = ("-id",)


def my_notices(*, user: Any, unread_only: bool = False) -> QuerySet[Notice]:
    """Notices addressed to me, newest first; nobody reads another's."""
    rows = Notice.objects.filter(recipient=user).order_by(*LIST_ORDER)
    return rows.filter(read_at=None) if unread_only else rows


def notice_get(*, user: Any, pk: int) -> Notice:
    """One of my notices, else 404."""
    found = my_notices(user=user).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
