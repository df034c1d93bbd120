"""月结: the list, one store's month with its check list, and the buttons of each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dealership.audit.services import once
from dealership.core.errors import DomainError, NotAllowed
from dealership.core.paging import page_of
from dealership.core.scoping import reach_for
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from reports.choices import CLOSE_TONE, CloseState
from reports.forms import ConfirmForm, ReopenForm, StepForm
from reports.models import MonthClose
from reports.selectors.close import close_get, close_list, deadlines_of, names_of, version_get
from reports.selectors.identity import identity_of
from reports.services import close as services
from reports.versions import changes_of, figures_of, readable_keys
from reports.views.links import page_of_row

DETAIL = "reports/close_detail.html"
STEPS = (CloseState.CHECKING, CloseState.STORE_CONFIRMED, CloseState.CLOSED)


@require_safe
def month_list(request: HttpRequest) -> HttpResponse:
    """Closes of the stores in reach, newest month first."""
    if reach_for(request.user, "month_close").is_empty:
        raise NotAllowed
    page = page_of(request, close_list(user=request.user), ("-month", "-pk"))
    rows = [(row, deadlines_of(row), CLOSE_TONE[CloseState(row.state)]) for row in page.rows]
    return render(request, "reports/close_list.html", {"page": page, "rows": rows})


@require_safe
def month_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One store's month."""
    close = close_get(user=request.user, pk=pk)
    return render(request, DETAIL, _context(request, close))


@require_safe
def month_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A frozen version: its figures and what differs from the one before."""
    close = close_get(user=request.user, pk=pk)
    version = version_get(close=close, number=number)
    keys = readable_keys(request.user, close)
    context: dict[str, Any] = {"close": close, "version": version}
    context |= {"figures": figures_of(version, keys), "changes": changes_of(version, keys)}
    return render(request, "reports/close_version.html", context)


def _step(request: HttpRequest, pk: int, form: Any, act: Callable[[], MonthClose], text: str) -> HttpResponse:
    """One press of a button: done once per key; a refusal shows the page with what was typed."""
    error: DomainError | None = None
    if form.is_valid():
        try:
            once(
                by=request.user,
                action=f"{request.resolver_match.url_name}:{pk}" if request.resolver_match else "month",
                key=form.cleaned_data["idempotency_key"],
                create=act,
                find=lambda found: close_get(user=request.user, pk=found),
            )
        except DomainError as refusal:
            if refusal.status in (403, 404):
                raise
            error = refusal
        else:
            done(request, text)
            return redirect("reports:close_detail", pk)
    close = close_get(user=request.user, pk=pk)
    return refuse(request, DETAIL, _context(request, close, form), form, error)


@require_POST
def month_recheck(request: HttpRequest, pk: int) -> HttpResponse:
    """重新核对."""
    form = StepForm(request.POST, user=request.user)
    act = lambda: services.month_recheck(by=request.user, close_id=pk, version=form.cleaned_data["version"])  # noqa: E731
    return _step(request, pk, form, act, _("已重新汇总并核对。"))


@require_POST
def month_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """门店确认."""
    close = close_get(user=request.user, pk=pk)
    form = ConfirmForm(request.POST, user=request.user, checks=close.checks, explained=close.explanations)
    act = lambda: services.month_confirm(  # noqa: E731
        by=request.user, close_id=pk, explanations=form.explanations(), version=form.cleaned_data["version"]
    )
    return _step(request, pk, form, act, _("已确认，等待财务关账。"))


@require_POST
def month_close(request: HttpRequest, pk: int) -> HttpResponse:
    """关账."""
    form = StepForm(request.POST, user=request.user)
    act = lambda: services.month_close(by=request.user, close_id=pk, version=form.cleaned_data["version"])  # noqa: E731
    return _step(request, pk, form, act, _("已关账，月报正在生成。"))


@require_POST
def month_reopen_request(request: HttpRequest, pk: int) -> HttpResponse:
    """申请重开."""
    require(request.user, "month.reopen", close_get(user=request.user, pk=pk).store_id)
    form = ReopenForm(request.POST, user=request.user)
    act = lambda: services.month_reopen_request(  # noqa: E731
        by=request.user, close_id=pk, reason=form.cleaned_data["reason"], version=form.cleaned_data["version"]
    )
    return _step(request, pk, form, act, _("已提交重开申请，等待总经理批准。"))


@require_POST
def month_reopen_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """批准重开."""
    form = StepForm(request.POST, user=request.user)
    act = lambda: services.month_reopen_confirm(by=request.user, close_id=pk, version=form.cleaned_data["version"])  # noqa: E731
    return _step(request, pk, form, act, _("已重开，请核对后重新关账。"))


def _context(request: HttpRequest, close: MonthClose, form: Any = None) -> dict[str, Any]:
    """The page for this reader; `form` is the one that was refused, kept as typed."""
    start = {"version": close.version}
    confirm = form if isinstance(form, ConfirmForm) else ConfirmForm(
        user=request.user, initial=start, checks=close.checks, explained=close.explanations
    )  # fmt: skip
    identity = identity_of(store_id=close.store_id, month=close.month)
    names = names_of(str(row.person_id) for row in identity.people)
    allowed = {act: can(request.user, f"month.{act}", close.store_id) for act in ("recheck", "confirm", "close")}
    allowed |= {act: can(request.user, f"month.{act}", close.store_id) for act in ("reopen", "reopen_confirm")}
    allowed["workbook"] = can(request.user, "workbook.make", close.store_id)
    versions = list(close.versions.select_related("made_by").order_by("-number"))
    latest = versions[0] if versions and versions[0].number > 1 else None
    return {
        "latest": latest,
        "changes": changes_of(latest, readable_keys(request.user, close)) if latest else [],
        "close": close,
        "tone": CLOSE_TONE[CloseState(close.state)],
        "deadlines": deadlines_of(close),
        "checks": [_check(check, confirm, close) for check in close.checks],
        "confirm": confirm,
        "step": StepForm(user=request.user, initial=start),
        "reopen": form if isinstance(form, ReopenForm) else ReopenForm(user=request.user, initial=start),
        "allowed": allowed,
        "identity": identity,
        "people": [(names.get(str(row.person_id), ""), row) for row in identity.people],
        "steps": STEPS,
        "versions": versions,
    }


def _check(check: dict[str, Any], form: ConfirmForm, close: MonthClose) -> dict[str, Any]:
    links = [(item["label"], page_of_row(item["kind"], item["id"])) for item in check["items"]]
    field = form[check["code"]] if check["code"] in form.fields else None
    return {**check, "links": links, "field": field, "explanation": close.explanations.get(check["code"], "")}
