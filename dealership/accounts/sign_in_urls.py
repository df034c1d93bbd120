"""The sign-in addresses we publish. Of allauth only these: no sign-up, no mail addresses, no social accounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views
from allauth.usersessions.views import list_usersessions
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path


def only_with_mail(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A reset link needs a mail server; without one the administrator sets a new password."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.PASSWORD_RESET_BY_MAIL:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", only_with_mail(views.password_reset), name="account_reset_password"),
    path("password/reset/done/", only_with_mail(views.password_reset_done), name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        only_with_mail(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        only_with_mail(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", list_usersessions, name="usersessions_list"),
]
