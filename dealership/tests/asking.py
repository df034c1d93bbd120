"""Asking every address as anybody: how tests of the whole product send, read and take back a request."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse

from dealership.tests.matrix import SAFE, Persona, Url, World


@contextmanager
def undone() -> Iterator[None]:
    """What the request writes is taken back, so that every request finds the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def address(world: World, name: str, url: Url, place: str) -> str:
    kwargs = dict(url.kwargs)
    if url.row:
        kwargs[url.kwarg] = world.rows[url.row][place]
    return reverse(name, kwargs=kwargs or None) + url.query


def send(client: Client, method: str, path: str, url: Url, refs: dict[str, int] | None = None) -> Any:
    body = {**url.data, **(refs or {})}
    cookies = copy.deepcopy(client.cookies)  # signing out would otherwise reach the next request
    with undone():
        if path.startswith("/api/") and method not in SAFE:
            response = client.generic(method, path, data=json.dumps(body), content_type="application/json")
        elif method == "POST":
            response = client.post(path, body)
        else:
            response = client.generic(method, path)
    client.cookies = cookies
    return response


def text_of(response: Any) -> str:
    """The words of a page or JSON answer; files say nothing here."""
    kind = response.headers.get("Content-Type", "")
    is_text = not response.streaming and kind.startswith(("text/", "application/json", "application/problem"))
    return response.content.decode() if is_text else ""


def turned(world: World, number: int) -> list[tuple[str, Persona]]:
    """Everybody, beginning with another person each time."""
    people = list(world.personas.items())
    start = number % len(people)
    return people[start:] + people[:start]
