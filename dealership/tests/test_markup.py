"""S08 for every text: whatever was typed once comes back as text, on every page of the product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.test import Client

from dealership.tests.asking import address, send, text_of, turned
from dealership.tests.matrix import APPS, World, urls_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]
SHORT = "\"'<q>"
# A text as somebody types it, and what must not be read in any page.
PAYLOADS = {
    "<img src=x onerror=alert(1)>": "<img src=x",
    "\"'><svg/onload=alert(1)>": "<svg/onload",
    "</script><script>alert(1)</script>": "<script>alert",
    "javascript:alert(1)//": 'href="javascript:',
    SHORT: "<q>",
}
OURS = ("leads", "sales", "reviews", "reports", "approvals", "org", "notices", "jobs", "accounts")
# Words of the system, which nobody types.
CODES = {
    "answer", "code", "from_state", "from_status", "cancel_from_status", "kind", "kpi", "key", "page", "part",
    "password", "path", "pgh_label", "prefix", "query", "result_file", "signature", "span", "stored_file", "table",
    "url", "value",
}  # fmt: skip


def texts() -> Iterator[tuple[Any, models.Field[Any, Any]]]:
    """Every text of every table of ours that people type."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields if model._meta.app_label in OURS else ():
            typed = isinstance(field, models.CharField | models.TextField) and not field.choices
            if typed and field.name not in CODES and (field.max_length or 99) >= len(SHORT):
                yield model, field


def spoil() -> dict[str, int]:
    """Write markup into all of them, past triggers; what a constraint refuses cannot be typed either."""
    written: dict[str, int] = {}
    for number, (model, field) in enumerate(texts()):
        fits = [text for text in PAYLOADS if len(text) <= (field.max_length or 99)]
        told = {field.name: fits[number % len(fits)]}
        try:
            with transaction.atomic(), pgtrigger.ignore():
                written[f"{model.__name__}.{field.name}"] = model._base_manager.update(**told)
        except DatabaseError:
            continue
    return written


def test_s08_no_text_of_any_field_becomes_markup(world: World, clients: dict[str, Client]) -> None:
    """Names, notes, reasons, titles of everything there is, in another of five shapes each; no page writes one out."""
    written = spoil()
    assert sum(1 for rows in written.values() if rows) > 120
    assert {"Customer.name", "FollowUp.content", "LossApplication.explanation", "Campaign.name"} <= written.keys()
    wrong, shown, opened = [], 0, 0
    for app in APPS:
        for number, (name, url) in enumerate(urls_of(app).items()):
            body = page_of(world, clients, name, number) if "GET" in url.methods else ""
            opened += bool(body)
            shown += "&lt;q&gt;" in body or "&lt;svg" in body or "&lt;img" in body
            wrong += [f"{name}: {sign} {around(body, sign)}" for sign in PAYLOADS.values() if sign in body]
    assert wrong == []
    assert opened > 110
    assert shown > 60  # control: the texts are there


def page_of(world: World, clients: dict[str, Client], name: str, number: int) -> str:
    """The page as the first person sees it who may; no answer is a defect."""
    url = next(found[name] for found in map(urls_of, APPS) if name in found)
    for key, _persona in turned(world, number):
        answer = send(clients[key], "GET", address(world, name, url, "own"), url)
        assert answer.status_code != 500, f"{name} as {key}: {getattr(answer, 'exc_info', '')}"
        if answer.status_code == 200:
            return text_of(answer) if answer.headers["Content-Type"].startswith("text/html") else ""
    return ""


def around(body: str, sign: str) -> str:
    place = body.index(sign)
    return body[max(0, place - 60) : place + 40]
