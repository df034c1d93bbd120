"""The frame of this app's pages: signed in, the list's rows within the person's reach."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from dealership.core.errors import NotAllowed
from dealership.core.scoping import reach_for


class Page(LoginRequiredMixin, View):
    """`resource` names the rows a list shows; a role that does not reach them at all is refused (403)."""

    resource = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.resource and reach_for(request.user, self.resource).is_empty:
            raise NotAllowed
        return super().dispatch(request, *args, **kwargs)


def back_to(request: HttpRequest, default: str) -> str:
    """The page the form was opened from (`next`, this host only), so a list keeps its filter and place."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=False)
    return target if safe and target.startswith("/") else default
