"""The profile page: who I am, my sessions, my API tokens, my language."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealership.accounts.forms import TokenForm
from dealership.accounts.models import ApiToken, User
from dealership.accounts.services import session_end, token_create, token_revoke
from dealership.core import periods
from dealership.core.views import actor, done, refuse


def profile_context(request: HttpRequest) -> dict[str, Any]:
    """What the profile shows; every row belongs to the reader."""
    user: User = actor(request)
    sessions = UserSession.objects.purge_and_list(user)
    return {
        "memberships": user.memberships.filter(valid__contains=periods.today()).select_related("store", "team"),
        "sessions": [(row, row.session_key == request.session.session_key) for row in sessions],
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=periods.now()).order_by("-id"),
        "has_totp": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
    }


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """名称、岗位、会话、令牌、语言 on one page."""
    context = {**profile_context(request), "form": TokenForm(user=actor(request))}
    return render(request, "accounts/profile.html", context)


@require_http_methods(["POST"])
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it this once; no redirect, so the plain text never enters an address or the session."""
    form = TokenForm(request.POST, user=actor(request))
    if not form.is_valid():
        return refuse(request, "accounts/profile.html", profile_context(request), form)
    token, plain = token_create(by=actor(request), name=form.cleaned_data["name"])
    return render(request, "accounts/token_created.html", {"token": token, "plain": plain})


@require_POST
def token_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of my tokens."""
    token_revoke(by=actor(request), token_id=pk)
    done(request, _("令牌已停用。"))
    return redirect("accounts:profile")


@require_POST
def session_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one of my devices."""
    session_end(by=actor(request), session_id=pk)
    done(request, _("已退出该设备上的登录。"))
    return redirect("accounts:profile")
