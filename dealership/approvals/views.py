"""The approval queue, deciding, and who decides while one is away."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealership.approvals.forms import DecideForm, DelegationForm
from dealership.approvals.models import Approval
from dealership.approvals.selectors import (
    LIST_ORDER,
    QUEUE_ORDER,
    approval_get,
    asked_by,
    decided_by,
    delegations_of,
    stood_in_for,
    to_decide,
)
from dealership.approvals.services import (
    decide,
    delegation_end,
    delegation_set,
    handlers,
    may_decide,
)
from dealership.core.errors import Conflict, DomainError
from dealership.core.money import show_money
from dealership.core.paging import page_of
from dealership.core.views import actor, done, refuse
from dealership.org.reach import has_role
from dealership.org.roles import APPROVER_ROLES

AMOUNT = re.compile(r"-?\d{1,12}\.\d\d", re.ASCII)
TABS = {"mine": (to_decide, QUEUE_ORDER), "asked": (asked_by, LIST_ORDER), "done": (decided_by, LIST_ORDER)}


def is_approver(user: Any) -> bool:
    """Does the person decide anywhere by role?"""
    return has_role(user, [role for roles in APPROVER_ROLES.values() for role in roles])


def facts(approval: Approval) -> list[tuple[Any, Any]]:
    """The named parts of a request's detail, in the order its app names them."""
    handler = handlers.get(approval.kind)
    labels = handler.labels if handler else {}
    return [
        (label, shown(approval.detail[key]))
        for key, label in labels.items()
        if approval.detail.get(key) not in (None, "")
    ]


def shown(value: Any) -> Any:
    """Details are kept as JSON: amounts (text with two decimals) and answers read as everywhere else."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, str) and AMOUNT.fullmatch(value):
        return show_money(Decimal(value))
    return value


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """待我审批 / 我申请的 / 我处理的."""
    user = actor(request)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ("mine" if is_approver(user) or stood_in_for(user) else "asked")
    rows, order = TABS[tab]
    page = page_of(request, rows(user=user), order)
    items = [(row, facts(row), handlers.get(row.kind)) for row in page.rows]
    context = {"tab": tab, "page": page, "items": items, "approver": is_approver(user)}
    return render(request, "approvals/approval_list.html", context)


def _detail(user: Any, row: Approval) -> dict[str, Any]:
    return {
        "approval": row,
        "facts": facts(row),
        "handler": handlers.get(row.kind),
        "deciding": row.state == "pending" and may_decide(user, row),
        "opens": opens(user, row),
    }


def opens(user: Any, row: Approval) -> str:
    """Where this reader finds what the request is about; nothing when it is out of their reach."""
    handler = handlers.get(row.kind)
    if handler is None:
        return ""
    return handler.opens(row, user) if handler.opens else handler.url(row)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request with its answer or the form to answer."""
    user = actor(request)
    row = approval_get(user=user, pk=pk)
    context = {**_detail(user, row), "form": DecideForm(user=user)}
    return render(request, "approvals/approval_detail.html", context)


@require_safe
def subject(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what the request is about, which checks its own reach; out of reach there is the request alone."""
    row = approval_get(user=actor(request), pk=pk)
    return redirect(opens(actor(request), row) or reverse("approvals:detail", args=[pk]))


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """同意 or 拒绝; a refusal shows the request with the words as typed, and who was faster."""
    user = actor(request)
    form = DecideForm(request.POST, user=user)
    error: DomainError | None = None
    if form.is_valid():
        given = form.cleaned_data
        try:
            decide(by=user, approval_id=pk, approve=given["decision"] == "approve", comment=given["comment"])
        except (Conflict, DomainError) as refusal:
            error = refusal
        else:
            done(request, _("已同意。") if given["decision"] == "approve" else _("已拒绝。"))
            return redirect("approvals:list")
    row = approval_get(user=user, pk=pk)
    return refuse(request, "approvals/approval_detail.html", _detail(user, row), form, error)


@require_http_methods(["GET", "HEAD", "POST"])
def delegation(request: HttpRequest) -> HttpResponse:
    """审批代理: my delegations and the form for a new one."""
    user = actor(request)
    context = {"rows": delegations_of(user=user), "stands_in": stood_in_for(user), "approver": is_approver(user)}
    form = DelegationForm(request.POST or None, user=user)
    if request.method != "POST":
        return render(request, "approvals/delegation.html", {**context, "form": form})
    error: DomainError | None = None
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("store", "delegate", "from_day", "until_day")}
        try:
            delegation_set(by=user, **given)
        except DomainError as refusal:
            error = refusal
        else:
            done(request, _("已设置代理。"))
            return redirect("approvals:delegation")
    return refuse(request, "approvals/delegation.html", context, form, error)


@require_POST
def delegation_over(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my delegations."""
    delegation_end(by=actor(request), delegation_id=pk)
    done(request, _("代理已结束。"))
    return redirect("approvals:delegation")
