"""`{% saved_views %}`: the named filters of the list one is on, and the form that keeps the present ones."""

from __future__ import annotations

from typing import Any

from django import template

from dealership.org.selectors import saved_views as views_of
from dealership.org.services.saved_view import kept

register = template.Library()


@register.inclusion_tag("components/saved_views.html", takes_context=True)
def saved_views(context: template.Context) -> dict[str, Any]:
    """For a list page named in `org.services.saved_view.PAGES`; one statement."""
    request = context["request"]
    page = request.resolver_match.view_name
    return {
        "page": page,
        "views": views_of(user=request.user, page=page),
        "current": request.GET.get("view", ""),
        "filters": kept(request.GET.urlencode()),
        "user": request.user,
        "csrf_token": context.get("csrf_token"),
    }
