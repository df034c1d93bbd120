"""Duties of an account that come before any work: an own password, and a second factor for roles that see profit."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.core.problems import problem_json, wants_json
from dealership.org.reach import sees_profit

OPEN_PREFIXES = ("/accounts/", "/static/", "/healthz", "/me/language/")


class AccountDutiesMiddleware:
    """Sends a person with an initial password to the change page, and one who must use TOTP to its set-up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated or request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        if user.must_change_password:
            return self._send(request, "account_change_password", _("首次登录，请先设置您自己的密码。"))
        if settings.MFA_REQUIRED_FOR_PROFIT_ROLES and self._lacks_second_factor(request):
            text = _("您的岗位可以查看成本与毛利，请先绑定动态验证码（两步验证）。")
            return self._send(request, "mfa_activate_totp", text)
        return self.get_response(request)

    def _lacks_second_factor(self, request: HttpRequest) -> bool:
        if not sees_profit(request.user):
            return False
        return not Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists()

    def _send(self, request: HttpRequest, url_name: str, text: str) -> HttpResponse:
        if wants_json(request):
            return problem_json(403, "account_duty", text)
        if getattr(request, "htmx", False):
            return HttpResponse(status=403, headers={"HX-Redirect": reverse(url_name)})
        messages.warning(request, text)
        return redirect(url_name)
