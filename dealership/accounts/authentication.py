"""Bearer tokens for the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from dealership.accounts.models import ApiToken
from dealership.accounts.services import token_user
from dealership.core import periods


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`; the token's prefix goes to the log with every call."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        parts = get_authorization_header(request).decode("latin-1").split()
        if not parts or parts[0].lower() != "bearer":
            return None
        moment = periods.now()
        found = token_user(parts[1], now=moment) if len(parts) == 2 else None
        if found is None:
            raise exceptions.AuthenticationFailed
        user, token = found
        structlog.contextvars.bind_contextvars(token=token.prefix, user_id=user.pk)
        if token.last_used_at is None or moment - token.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=moment)
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
