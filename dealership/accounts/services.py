"""Tokens and deactivation."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from dealership.accounts.models import ApiToken, User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.crypto import digest
from dealership.core.errors import NotFound
from dealership.core.services import service


@service
def token_create(*, by: User, name: str) -> tuple[ApiToken, str]:
    """A new token of one's own; the plain text is returned once and never stored."""
    plain = "sk_" + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=by,
        name=name or "API",
        prefix=plain[:8],
        digest=digest(plain),
        expires_at=periods.now() + timedelta(days=settings.API_TOKEN_DAYS),
    )
    record(by=by, action="token.create", target=token)
    return token, plain


@service
def token_revoke(*, by: User, token_id: int) -> None:
    """End one's own token at once."""
    token = ApiToken.objects.filter(user=by, pk=token_id, revoked_at=None).first()
    if token is None:
        raise NotFound
    token.revoked_at = periods.now()
    token.save(update_fields=["revoked_at"])
    record(by=by, action="token.revoke", target=token)


def token_user(plain: str, *, now: datetime) -> tuple[User, ApiToken] | None:
    """The active user behind a valid token, else None."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=digest(plain), revoked_at=None, expires_at__gt=now)
        .first()
    )
    if token is None or not token.user.is_active:
        return None
    return token.user, token


@service
def session_end(*, by: User, session_id: int) -> None:
    """End one of one's own sessions on another device."""
    row = UserSession.objects.filter(user=by, pk=session_id).first()
    if row is None:
        raise NotFound
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    record(by=by, action="session.end", target=by)


@service
def sign_out_everywhere(*, by: User | None, user: User) -> None:
    """End every session and token of a person (deactivation, password change by an administrator; B14)."""
    keys = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    UserSession.objects.filter(user=user).delete()
    user.api_tokens.filter(revoked_at=None).update(revoked_at=periods.now())
    record(by=by, action="user.sign_out_everywhere", target=user)
