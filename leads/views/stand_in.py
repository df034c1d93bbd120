"""代跟进安排: the manager gives the day's due list of somebody to a colleague in one tap (R-FU-2)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.views import actor, done
from dealership.notices.services import notify
from dealership.org.models import Store
from dealership.org.reach import require
from dealership.org.rota import rota_person, rota_replacement, rota_store
from dealership.org.services.duty import duty_hand_over
from leads.selectors.stand_in import due_by_seller
from leads.views.base import Page


class StandIn(Page):
    """Sellers with calls due today, the absent ones first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        store = _planned(request)
        return render(request, "leads/stand_in.html", {"store": store, "rows": due_by_seller(store=store)})

    def post(self, request: HttpRequest) -> HttpResponse:
        store = _planned(request)
        person = rota_person(store=store, user_id=_number(request.POST.get("person")))
        taker = request.POST.get("taker")
        chosen = rota_replacement(store=store, user_id=_number(taker)) if taker else None
        duty_hand_over(by=actor(request), store=store, user=person, day=periods.today(), replacement=chosen)
        if chosen is None:
            done(request, _("%(owner)s的客户今天不再由他人代跟进。") % {"owner": person.name})
        else:
            _tell(person, chosen)
            done(
                request, _("%(owner)s今天到期的客户由%(taker)s代跟进。") % {"owner": person.name, "taker": chosen.name}
            )
        return redirect(f"{reverse('leads:stand_in')}?store={store.pk}")


def _planned(request: HttpRequest) -> Store:
    """A store whose rota the person plans."""
    asked = request.POST.get("store") or request.GET.get("store")
    require(actor(request), "duty.manage")
    store = rota_store(actor(request), _number(asked) if asked else None)
    require(actor(request), "duty.manage", store.pk)
    return store


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else 0


def _tell(person: Any, taker: Any) -> None:
    """The stand-in learns it at once, without personal data of customers."""
    key = f"stand_in:{person.pk}:{periods.today()}:{taker.pk}"
    text = _("今天请您代%(owner)s跟进到期的客户，名单在今日页。") % {"owner": person.name}
    notify(to=[taker], kind="prospect.stand_in", key=key, text=text, url=reverse("today"))
