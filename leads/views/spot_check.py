"""抽查 of the three tables and two cards: the list with its truth rates, one check."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core.errors import DomainError
from dealership.core.paging import page_of
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.filters import SpotCheckFilter
from leads.forms.spot_check import SpotCheckForm
from leads.selectors.choices import sees_others
from leads.selectors.spot_check import (
    ORDERING,
    names_for,
    spot_check_get,
    spot_check_list,
    subject_names,
    told_by,
    truths,
)
from leads.services.spot_check import hands_in, spot_check_record
from leads.views.base import Page


class SpotCheckList(Page):
    """The samples, open ones first, and how true each register was found in the weeks asked for."""

    resource = "prospect"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = spot_check_list(user=request.user)
        filters = SpotCheckFilter(request.GET, queryset=rows, request=request)
        names = names_for(request.user)
        context = {
            "filter": filters,
            "state": filters.state,
            "page": page_of(request, filters.qs, ORDERING),
            "names": names,
            "truths": truths(filters.weeks_of(rows), names),
            "may_check": can(request.user, "spot_check.record"),
            "sees_others": sees_others(request.user),
        }
        return render(request, "leads/spot_check_list.html", context)


class SpotCheckDetail(Page):
    """What the register says, and what the customer says."""

    template = "leads/spot_check_detail.html"

    def context(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        check = spot_check_get(user=request.user, pk=pk)
        is_open = not check.result and request.user.pk not in hands_in(check)
        return {
            "check": check,
            "facts": told_by(check),
            "name": subject_names(check.store)[check.subject],
            "may_check": is_open and can(request.user, "spot_check.record", check.store_id),
        }

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = self.context(request, pk)
        form = SpotCheckForm(user=request.user, check=context["check"])
        return render(request, self.template, {**context, "form": form})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = self.context(request, pk)
        require(request.user, "spot_check.record", context["check"].store_id)
        form = SpotCheckForm(request.POST, user=request.user, check=context["check"])
        if not form.is_valid():
            return refuse(request, self.template, context, form)
        told = {name: form.cleaned_data.get(name, "") for name in ("result", "grade_found", "note", "called_at")}
        try:
            spot_check_record(by=request.user, check_id=pk, **told)
        except DomainError as error:
            return refuse(request, self.template, context, form, error)
        done(request, _("抽查结果已记录。"))
        return redirect("leads:spot_check_list")
