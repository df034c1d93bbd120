"""A01–A03, A10, S07, S08, S10: every address × role × method × row, generated from the resolver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from dealership.tests.asking import address, send, text_of, turned
from dealership.tests.matrix import (
    ANSWERED,
    APPS,
    CANARY,
    PAYLOAD,
    PLACES,
    SAFE,
    Persona,
    Url,
    World,
    expected,
    resolver_names,
    urls_of,
)

pytestmark = pytest.mark.usefixtures("quiet")
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# allauth's form pages take PUT for POST and send signed-in people away first.
LIBRARY = ("account_", "mfa_", "usersessions_")


def test_every_address_has_a_line() -> None:
    """A01: a new address without a promise fails here, and so does a promise without an address."""
    known = [name for name, _ in resolver_names()]
    listed = [name for app in APPS for name in urls_of(app)]
    assert sorted(name for name in known if name not in listed) == []
    assert sorted(name for name in listed if name not in known) == []
    assert len(listed) == len(set(listed))


def cases(app: str) -> Iterator[tuple[str, Url, str]]:
    for name, url in urls_of(app).items():
        for place in PLACES if url.row and url.resource else PLACES[:1]:
            yield name, url, place


@pytest.mark.parametrize("app", APPS)
def test_roles_and_rows(app: str, world: World, clients: dict[str, Client]) -> None:
    """A01–A03, A10, S08, S10: status, headers, nothing of another store, no plain phone, no unescaped name."""
    wrong = []
    for number, (name, url, place) in enumerate(cases(app)):
        path, allowed = address(world, name, url, place), 0
        refs = {field: world.rows[row][place] for field, row in url.refs.items()}
        for key, persona in turned(world, number):
            if place != "own" and key not in NEIGHBOURS[place]:
                continue
            for method in url.methods:
                wanted = expected(world, url, persona, method, place)
                allowed += 200 in wanted
                if 200 in wanted and allowed > ALLOWED_TRIED * len(url.methods):
                    continue
                response = send(clients[key], method, path, url, refs)
                if response.status_code not in wanted:
                    wrong.append(f"{method} {name} {place} as {key}: {response.status_code}, not {sorted(wanted)}")
                faults = [*faults_of(response, url, world)]
                if persona.store == world.store and not url.public and CANARY in text_of(response):
                    faults.append("shows a row of another store")
                wrong += [f"{method} {name} {place} as {key}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong[:60])


# Everybody who must be refused is tried at every address; of those who are let in these many, others at each address.
ALLOWED_TRIED = 3


# Who tries the rows of another team and of another store: every kind of reach once.
NEIGHBOURS = {
    "team": ("consultant", "colleague", "leader"),
    "other": ("consultant", "showroom_manager", "group_office", "stranger", "other_manager"),
}


def faults_of(response: Any, url: Url, world: World) -> Iterator[str]:
    """What no answer may have, whoever asks."""
    for header, value in HEADERS.items():
        if response.headers.get(header) != value:
            yield f"{header} is {response.headers.get(header)}"
    policy = response.headers.get("Content-Security-Policy", "")
    if "script-src 'self'" not in policy or "unsafe-inline" in policy:
        yield f"CSP is {policy}"
    if not url.public and response.status_code < 500 and "no-store" not in response.headers.get("Cache-Control", ""):
        yield "may be stored by a cache"
    body = text_of(response)
    if world.numbers and (shown := world.numbers.shown_in(body)):
        yield f"shows a plain phone number: {shown[0]}"
    if PAYLOAD in body and response.headers["Content-Type"].startswith("text/html"):
        yield "shows a name unescaped"


@pytest.mark.parametrize("app", APPS)
def test_without_sign_in(app: str, world: World) -> None:
    """A01: pages send to the sign-in page, the API answers 401 as problem+json; htmx is redirected whole."""
    client, wrong = Client(raise_request_exception=False), []
    for name, url in urls_of(app).items():
        path = address(world, name, url, "own")
        for method in url.methods:
            response = send(client, method, path, url)
            if url.public:
                fine = response.status_code in ANSWERED | url.also
            elif path.startswith("/api/") and name != "api-docs":
                fine = response.status_code == 401 and response.headers["Content-Type"] == "application/problem+json"
            else:
                fine = response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/?next=")
            if not fine:
                wrong.append(f"{method} {name}: {response.status_code}")
    assert not wrong, "\n".join(wrong[:60])


@pytest.mark.parametrize("app", APPS)
def test_other_methods(app: str, world: World, clients: dict[str, Client]) -> None:
    """A01: a method that is not promised answers 405 to somebody who is allowed the others."""
    wrong = []
    for name, url in urls_of(app).items():
        persona = somebody_allowed(world, url)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method not in url.methods:
                status = send(clients[persona.key], method, address(world, name, url, "own"), url).status_code
                if status != 405 and status not in url.also and not name.startswith(LIBRARY):
                    wrong.append(f"{method} {name} as {persona.key}: {status}")
    assert not wrong, "\n".join(wrong[:60])


def somebody_allowed(world: World, url: Url) -> Persona:
    """The first person to whom every promised method of the address on the `own` row is open."""
    for persona in world.personas.values():
        if all(expected(world, url, persona, method, "own") >= ANSWERED for method in url.methods):
            return persona
    raise AssertionError(f"nobody may use {url}")


@pytest.mark.parametrize("app", APPS)
def test_unsafe_requests_need_the_token(app: str, world: World) -> None:
    """S07: without the CSRF token nothing is taken, from pages and from the API's session sign-in alike."""
    wrong = []
    for name, url in urls_of(app).items():
        for method in url.methods:
            if method in SAFE or not url.csrf:
                continue
            persona = somebody_allowed(world, url)
            client = Client(enforce_csrf_checks=True)
            client.force_login(persona.user)
            status = send(client, method, address(world, name, url, "own"), url).status_code
            if status != 403:
                wrong.append(f"{method} {name}: {status}")
    assert not wrong, "\n".join(wrong[:60])


def test_the_canary_can_be_seen(world: World, clients: dict[str, Client]) -> None:
    """Control of A03: what must not leak from store B is there, and its own manager sees it."""
    client, seen = clients["other_manager"], []
    for app in APPS:
        for name, url in urls_of(app).items():
            if not url.row and "GET" in url.methods and not url.public:
                response = send(client, "GET", address(world, name, url, "own"), url)
                if not response.streaming and CANARY in response.content.decode(errors="ignore"):
                    seen.append(name)
    assert len(seen) >= 5, seen
