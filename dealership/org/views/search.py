"""全局搜索 and the palette (product.md §7). Asked by POST, so that no number or name stands in an address or a log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dealership.core.search import search, wanted
from dealership.core.text import fold, pinyin_of
from dealership.core.views import actor
from dealership.org.menu import menu_for

PALETTE_ENTRIES = 8


@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """The search page; for the palette only the pages and rows that fit what is typed."""
    text = wanted(request.POST.get("q", ""))
    context = {"q": text, "entries": pages_named(actor(request), text), "groups": search(actor(request), text)}
    partial = request.htmx and request.htmx.target == "palette-hits"  # type: ignore[attr-defined]
    return render(request, "core/_search_hits.html" if partial else "core/search.html", context)


def pages_named(user: Any, text: str) -> list[dict[str, Any]]:
    """Menu entries whose name, pinyin or initials hold the text; all of them while nothing is typed."""
    entries = [row for _title, rows in menu_for(user, "")["sections"] for row in rows]
    asked = fold(text).replace(" ", "")
    if not asked:
        return entries[:PALETTE_ENTRIES]
    return [row for row in entries if asked in fold(str(row["label"])) or asked in pinyin_of(str(row["label"]))]
