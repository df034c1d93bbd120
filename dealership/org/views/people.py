"""人员与岗位."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealership.accounts.models import User
from dealership.core.errors import DomainError, NotFound
from dealership.core.paging import page_of
from dealership.core.views import actor, done, refuse
from dealership.org import selectors
from dealership.org.forms import EndForm, PersonForm, PersonNewForm, RoleForm
from dealership.org.reach import can, require
from dealership.org.services import people

DETAIL = "org/person_detail.html"


@require_safe
def people_list(request: HttpRequest) -> HttpResponse:
    """Accounts within reach with their present roles."""
    require(actor(request), "settings.view")
    text, state = request.GET.get("q", "").strip()[:40], request.GET.get("state", "active")
    rows = selectors.people_list(user=actor(request), text=text, state=state)
    page = page_of(request, rows, ("username", "id"))
    may = can(actor(request), "user.manage")
    return render(request, "org/people.html", {"page": page, "q": text, "state": state, "may_manage": may})


@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """A new account; the initial password is on the answer page and nowhere else."""
    require(actor(request), "user.manage")
    form = PersonNewForm(request.POST or None, user=actor(request))
    if request.method != "POST":
        return render(request, "org/person_new.html", {"form": form})
    if not form.is_valid():
        return refuse(request, "org/person_new.html", {}, form)
    try:
        person, password = people.person_create(by=actor(request), **_role_fields(form), **_person_fields(form))
    except DomainError as error:
        return refuse(request, "org/person_new.html", {}, form, error)
    return render(request, "org/person_password.html", {"person": person, "password": password}, status=201)


def _person_fields(form: PersonNewForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {name: data[name] for name in ("username", "name", "employee_no", "email")} | {"joined_on": data["since"]}


def _role_fields(form: RoleForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {"group": form.group(), "role": data["role"], "store": data["store"], "team": data["team"]}


def _person(request: HttpRequest, pk: int) -> User:
    require(actor(request), "settings.view")
    person = selectors.person_get(user=actor(request), pk=pk)
    if person is None:
        raise NotFound
    return person


def _context(request: HttpRequest, person: User) -> dict[str, Any]:
    return {
        "person": person,
        "may_manage": can(actor(request), "user.manage") and person.pk != actor(request).pk,
        "role_form": RoleForm(user=actor(request)),
        "end_form": EndForm(user=actor(request)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: facts, roles, and what an administrator may do with it."""
    person = _person(request, pk)
    initial = {"name": person.name, "employee_no": person.employee_no, "email": person.email}
    form = PersonForm(request.POST or None, user=actor(request), initial=initial)
    context = _context(request, person)
    if request.method != "POST":
        return render(request, DETAIL, {**context, "form": form})
    require(actor(request), "user.manage")
    if not form.is_valid():
        return refuse(request, DETAIL, context, form)
    data = {name: form.cleaned_data[name] for name in initial}
    people.person_change(by=actor(request), person_id=pk, **data)
    done(request, _("已保存。"))
    return redirect("org:person", pk)


@require_POST
def membership_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Give this person a role."""
    person = _person(request, pk)
    require(actor(request), "user.manage")
    form = RoleForm(request.POST, user=actor(request))
    context = {**_context(request, person), "role_form": form}
    if not form.is_valid():
        return refuse(request, DETAIL, context, form)
    data = form.cleaned_data
    extra = {"since": data["since"], "rest_weekday": data["rest_weekday"]}
    try:
        people.membership_add(by=actor(request), person_id=pk, **_role_fields(form), **extra)
    except DomainError as error:
        return refuse(request, DETAIL, context, form, error)
    done(request, _("岗位已添加。"))
    return redirect("org:person", pk)


@require_POST
def membership_end(request: HttpRequest, pk: int, membership: int) -> HttpResponse:
    """End a role on a day."""
    person = _person(request, pk)
    require(actor(request), "user.manage")
    form = EndForm(request.POST, user=actor(request))
    context = {**_context(request, person), "end_form": form}
    if not form.is_valid():
        return refuse(request, DETAIL, context, form)
    last_day = form.cleaned_data["last_day"]
    people.membership_end(by=actor(request), person_id=pk, membership_id=membership, last_day=last_day)
    done(request, _("岗位已结束。"))
    return redirect("org:person", pk)


@require_POST
def person_switch(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Deactivate, activate or drop the second factor of an account."""
    _person(request, pk)
    acts = {
        "deactivate": (people.person_deactivate, _("账号已停用，所有登录和令牌已失效。")),
        "activate": (people.person_activate, _("账号已启用，请重置密码后交给本人。")),
        "reset-second-factor": (people.person_reset_second_factor, _("两步验证已解除，本人下次登录时重新绑定。")),
    }
    if act not in acts:
        raise NotFound
    run, text = acts[act]
    run(by=actor(request), person_id=pk)
    done(request, text)
    return redirect("org:person", pk)


@require_POST
def person_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new initial password, shown on the answer page only."""
    _person(request, pk)
    person, password = people.person_reset_password(by=actor(request), person_id=pk)
    return render(request, "org/person_password.html", {"person": person, "password": password})
