"""Keep or drop a list's filters under a name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dealership.core.views import actor, done
from dealership.org.services.saved_view import saved_view_remove, saved_view_save


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save, and show the list as it was saved."""
    view = saved_view_save(
        by=actor(request),
        page=request.POST.get("page", ""),
        name=request.POST.get("name", ""),
        query=request.POST.get("query", ""),
        is_shared=bool(request.POST.get("is_shared")),
    )
    done(request, _("视图“%(name)s”已保存。") % {"name": view.name})
    return redirect(view.url)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop one's own view and stay on the list."""
    page = saved_view_remove(by=actor(request), view_id=pk)
    done(request, _("视图已删除。"))
    return redirect(page)
