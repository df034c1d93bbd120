"""What the shell around every page needs: the bell's count, the menu, whether background work is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from dealership.core import periods
from dealership.core.prepared import rows_of
from dealership.notices.models import Notice
from dealership.org.menu import menu_for
from dealership.org.reach import home_store

BELL_LIMIT = 99


def _unread(values: Sequence[Any]) -> QuerySet[Any, Any]:
    user_id, since = values
    return Notice.objects.filter(recipient_id=user_id, read_at=None, created_at__gte=since).values_list("pk")[
        :BELL_LIMIT
    ]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Two small queries for a signed-in page; htmx partials and anonymous pages need nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    return {
        "menu": menu_for(user, request.path),
        "unread": len(rows_of(_unread, _unread, [user.pk, periods.now() - timedelta(days=30)])),
        "home_store": home_store(user),
        "today": periods.today(),
    }
