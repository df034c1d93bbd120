"""The frame of this app's pages: signed in, within reach, and one way to run an act typed on a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from dealership.core.errors import NotAllowed, NotFound
from dealership.core.forms import DomainForm
from dealership.core.scoping import reach_for


class Page(LoginRequiredMixin, View):
    """`resource` names the rows shown; out of a role's reach a list is refused (403), a row not found (404)."""

    resource = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.resource and reach_for(request.user, self.resource).is_empty:
            raise NotFound if kwargs else NotAllowed
        return super().dispatch(request, *args, **kwargs)


@dataclass(frozen=True)
class Act:
    """One thing a person may do with a row on its page.

    form: (user, row, data or None) → the form; run: (by, row, cleaned data) → the service call;
    shown: (user, row) → is it offered? The service decides again; an act not offered may still be tried.
    """

    name: str
    label: Any
    form: Callable[[Any, Any, Any], DomainForm]
    run: Callable[[Any, Any, dict[str, Any]], Any]
    shown: Callable[[Any, Any], bool]
    done: Any
    tone: str = "primary"
    hint: Any = ""


@dataclass
class Offer:
    """An act with its form, ready for the template; `is_open` when its form was refused or it is the next step."""

    act: Act
    form: DomainForm
    is_open: bool = False


def offers(user: Any, row: Any, acts: dict[str, Act], bound: tuple[str, DomainForm] | None = None) -> list[Offer]:
    """The acts a page offers; a refused form replaces the empty one of its act and stands open.

    The first act is the next step and stands open, unless it takes something back.
    """
    shown = []
    for act in acts.values():
        if bound is not None and bound[0] == act.name:
            shown.append(Offer(act, bound[1], is_open=True))
        elif act.shown(user, row):
            shown.append(Offer(act, act.form(user, row, None)))
    if bound is None and shown and shown[0].act.tone != "danger":
        shown[0].is_open = True
    return shown


def back_to(request: HttpRequest, default: str) -> str:
    """The page the form was opened from (`next`, this host only), so a list keeps its filter and place."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=False)
    return target if safe and target.startswith("/") else default
