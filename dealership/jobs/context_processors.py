"""The banner "background work is delayed" of the shell."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from dealership.jobs import health


def background(request: HttpRequest) -> dict[str, Any]:
    """`background_delayed`: read from the heartbeat row, never by calling the broker (F07)."""
    return {"background_delayed": SimpleLazyObject(health.is_delayed)}
