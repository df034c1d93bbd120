"""What the sign-in pages need to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def sign_in(request: HttpRequest) -> dict[str, Any]:
    """Can a forgotten password be reset by mail here?"""
    return {"mail_reset": settings.PASSWORD_RESET_BY_MAIL}
