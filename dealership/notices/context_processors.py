"""What the shell around every page needs: the bell's count, the menu, whether background work is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from dealership.core import periods
from dealership.notices.models import Notice
from dealership.org.menu import menu_for
from dealership.org.reach import home_store

BELL_LIMIT = 99


def shell(request: HttpRequest) -> dict[str, Any]:
    """Two small queries for a signed-in page; htmx partials and anonymous pages need nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    recent = Notice.objects.filter(recipient=user, read_at=None, created_at__gte=periods.now() - timedelta(days=30))
    return {
        "menu": menu_for(user, request.path),
        "unread": len(recent.values_list("pk")[:BELL_LIMIT]),
        "home_store": home_store(user),
        "today": periods.today(),
    }
