"""What travels: pages are compressed, result files are not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

from django.http import FileResponse, HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from dealership.core.middleware import PageCompressionMiddleware

ASKS = {"HTTP_ACCEPT_ENCODING": "br, gzip"}


def test_a_page_travels_compressed(client_for: Callable[[Any], Any], person: Any, store: Any) -> None:
    client = client_for(person("sales_consultant", store))
    plain, packed = client.get(reverse("today")), client.get(reverse("today"), **ASKS)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) * 3 < len(gzip.decompress(packed.content))
    assert len(packed.content) <= 20 * 1024


def test_a_file_is_sent_as_it_is() -> None:
    def answer(_request: Any) -> Any:
        return FileResponse(iter([b"x" * 5000]), content_type="application/vnd.ms-excel")

    response = PageCompressionMiddleware(answer)(RequestFactory().get("/", **ASKS))
    assert "Content-Encoding" not in response.headers
    page = PageCompressionMiddleware(lambda _request: HttpResponse("客" * 900))(RequestFactory().get("/", **ASKS))
    assert page.headers["Content-Encoding"] == "gzip"
