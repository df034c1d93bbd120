"""allauth policy: no public sign-up, folded sign-in names, limits per account whatever the spelling or host."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealership.core.text import fold

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the system administrator only; names are compared folded (S02)."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("用户名或密码不正确。"),
        "invalid_login": _("用户名或密码不正确。"),
        "username_password_mismatch": _("用户名或密码不正确。"),
        "incorrect_password": _("密码不正确。"),
        "too_many_login_attempts": _("登录失败次数过多，请 5 分钟后再试。"),
        "enter_current_password": _("请输入当前密码。"),
        "same_as_current": _("新密码不能与当前密码相同。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """One folded name for the limit and for the look-up; both outcomes go to the log (ASVS 16.3.1)."""
        name = fold(str(credentials.get("username") or credentials.get("email") or ""))
        user = super().authenticate(request, username=name, password=credentials.get("password"))
        log.info("sign_in" if user else "sign_in_refused", user_id=user.pk if user else None)
        return user

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """The account alone: another Host header gives no new attempts."""
        return fold(str(credentials.get("username", "")))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")

    def set_password(self, user: Any, password: str) -> None:
        user.must_change_password = False
        super().set_password(user, password)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Chinese refusals of the second factor."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("验证码不正确，请输入动态验证码应用里最新的 6 位数字。"),
        "unverified_email": _("请先验证邮箱。"),
    }
