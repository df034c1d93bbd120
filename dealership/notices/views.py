"""The bell's page: my notices, opened and marked read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dealership.core.paging import page_of
from dealership.core.views import actor, done
from dealership.notices.selectors import LIST_ORDER, my_notices, notice_get
from dealership.notices.services import mark_read


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """All notices or the unread ones."""
    unread_only = request.GET.get("unread") == "1"
    page = page_of(request, my_notices(user=actor(request), unread_only=unread_only), LIST_ORDER)
    return render(request, "notices/notice_list.html", {"page": page, "unread_only": unread_only})


@require_POST
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one notice read and go where it points; only addresses of this host."""
    notice = notice_get(user=actor(request), pk=pk)
    mark_read(by=actor(request), notice_id=notice.pk)
    if notice.url and url_has_allowed_host_and_scheme(notice.url, {request.get_host()}):
        return redirect(notice.url)
    return redirect("notices:list")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all my notices read."""
    mark_read(by=actor(request))
    done(request, _("已全部标为已读。"))
    return redirect("notices:list")
