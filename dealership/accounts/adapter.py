"""allauth policy: no public sign-up, folded sign-in names."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from dealership.core.text import fold


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the system administrator only; names are compared folded (S02)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if "username" in credentials:
            credentials["username"] = fold(credentials["username"])
        super().pre_authenticate(request, **credentials)
