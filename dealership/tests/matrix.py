"""The role × address × method matrix (reliability A01–A03): what every address promises, and the world it is tried in.

Each app has a table (`leads/tests/url_matrix.py`, `dealership/tests/addresses/org.py`) with `URLS` (address name →
`Url`) and, when its rows are needed, a function `rows(world)` that makes them and answers their ids.
`test_matrix.py` collects the tables, tries every address as every role on rows of one's own, of another team and of
another store, and fails for an address without a line.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from dealership.accounts.models import User
from dealership.org.choices import Role
from dealership.org.models import Store, Team
from dealership.org.roles import ROLE_TABLE
from dealership.tests.builders import make_person, make_store, make_team
from dealership.tests.numbers import KnownNumbers, known_numbers

APPS = (
    "dealership.core",
    "dealership.accounts",
    "dealership.org",
    "dealership.notices",
    "dealership.jobs",
    "dealership.approvals",
    "leads",
    "sales",
    "reviews",
    "reports",
)
CANARY = "金丝雀"
PAYLOAD = "<img src=x onerror=alert(1)>"
SAFE = ("GET", "HEAD")
HANDS_OFF = "-"
OWNERS = {"own": "consultant", "team": "colleague", "other": "stranger"}
PLACES = ("own", "team", "other")
ANSWERED = frozenset({200, 201, 202, 204, 302, 303, 400, 409, 422})


@dataclass(frozen=True)
class Url:
    """What one address promises.

    `row`: the name in `World.rows` whose id goes into the address as `kwarg`; `resource`: its name in the role
    table, which decides who reaches it (404 otherwise; without a row: 403 for roles that reach none of it); `needs`:
    further resources a reader must reach some of; `hidden`: the status of such a refusal, where it is not 403;
    `view` and `act`: the act needed to read and to write (403 otherwise); `hand`: the act counts on one's own row
    only, unless the person has this one too (`HANDS_OFF`: never); `roles`: who may write, where no act says it;
    `refs`: names of the body that are ids of rows of the same place; `also`: further statuses an allowed request
    may get; `early`: refusals of the input that come before the row is looked for and therefore say nothing about
    it; `public`: needs no sign-in.
    """

    methods: tuple[str, ...] = ("GET",)
    row: str = ""
    kwarg: str = "pk"
    resource: str = ""
    needs: tuple[str, ...] = ()
    hidden: int = 403
    view: str = ""
    act: str = ""
    hand: str = ""
    roles: tuple[Role, ...] = ()
    refs: dict[str, str] = field(default_factory=dict)
    kwargs: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    also: frozenset[int] = frozenset()
    early: frozenset[int] = frozenset()
    public: bool = False
    csrf: bool = True


def pages(*names: str, **promise: Any) -> dict[str, Url]:
    """The same promise for several addresses."""
    return {name: Url(**promise) for name in names}


READ_WRITE = ("GET", "POST")
WRITE = ("POST",)


@dataclass
class Persona:
    """One person of the matrix and the place they stand in."""

    key: str
    user: User
    role: Role
    store: Store | None
    team: Team | None


@dataclass
class World:
    """Two stores, two teams, one person per role; rows by name and place."""

    store: Store
    other_store: Store
    team: Team
    other_team: Team
    personas: dict[str, Persona] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    numbers: KnownNumbers | None = None

    def user(self, key: str) -> User:
        return self.personas[key].user

    def reaches(self, persona: Persona, resource: str, place: str) -> bool:
        """By the role table alone: does this person reach a row of that place?"""
        kind = ROLE_TABLE[persona.role].reach.get(resource)
        if kind is None or resource == "catalogue":  # rows of the brand, which both stores sell
            return kind is not None
        if kind == "group" and persona.store is None:
            return True
        if persona.store is None:
            return False
        if kind in ("store", "group"):
            return (persona.store == self.store) == (place != "other")
        at_home = {"own": self.team, "team": self.other_team, "other": None}[place]
        if kind == "team" and persona.store == self.store:
            return persona.team == at_home
        return persona.key == OWNERS[place]


def make_world() -> World:
    """Everybody of store A, a second consultant in another team, and two people of store B."""
    store, other = make_store("A"), make_store("B")
    world = World(store, other, make_team(store, "一组"), make_team(store, "二组"))

    def add(key: str, role: Role, where: Store | None, team: Team | None = None) -> None:
        user = make_person(role, where, team=team, username=f"m-{key}", name=f"{key}{PAYLOAD}"[:40], group=store.group)
        world.personas[key] = Persona(key, user, role, where, team)

    add("consultant", Role.SALES_CONSULTANT, store, world.team)
    add("colleague", Role.SALES_CONSULTANT, store, world.other_team)
    add("leader", Role.TEAM_LEADER, store, world.team)
    for role in Role:
        if role not in (Role.SALES_CONSULTANT, Role.TEAM_LEADER):
            at_group = role in (Role.GROUP_OFFICE, Role.SYS_ADMIN)
            add(role.value, role, None if at_group else store)
    add("stranger", Role.SALES_CONSULTANT, other)
    add("other_manager", Role.SHOWROOM_MANAGER, other)
    for app in APPS:
        if make := getattr(table_of(app), "rows", None):
            world.rows |= make(world)
    world.numbers = known_numbers()
    return world


def table_of(app: str) -> Any:
    """A business app's `tests/url_matrix.py`; for the apps of the ground `dealership/tests/addresses/<app>.py`."""
    space, _, name = app.rpartition(".")
    return importlib.import_module(f"{space}.tests.addresses.{name}" if space else f"{name}.tests.url_matrix")


def urls_of(app: str) -> dict[str, Url]:
    found: dict[str, Url] = table_of(app).URLS
    return found


def resolver_names() -> Iterator[tuple[str, str]]:
    """Every address of the product: (name with namespace, pattern)."""

    def walk(resolver: Any, space: str, prefix: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield f"{space}{entry.name}", f"{prefix}{entry.pattern}"
            elif isinstance(entry, URLResolver):
                inner = f"{space}{entry.namespace}:" if entry.namespace else space
                yield from walk(entry, inner, f"{prefix}{entry.pattern}")

    yield from walk(get_resolver(), "", "/")


def expected(world: World, url: Url, persona: Persona, method: str, place: str) -> frozenset[int]:
    """The statuses this request may get."""
    act = url.view if method in SAFE else url.act
    rule = ROLE_TABLE[persona.role]
    allowed = not act or act in rule.acts
    if act and url.hand and persona.key != OWNERS[place]:
        allowed = allowed and url.hand in rule.acts
    if url.roles and method not in SAFE:
        allowed = persona.role in url.roles
    needed = url.needs if url.row else (*url.needs, *filter(None, [url.resource]))
    if not rule.reach.keys() >= set(needed):
        return frozenset({url.hidden})
    reached = not (url.row and url.resource) or world.reaches(persona, url.resource, place)
    if allowed and reached:
        return ANSWERED | url.also
    early = frozenset() if method in SAFE else url.early
    if reached:
        return frozenset({403}) | early
    # Without the act the refusal may come before the row is looked for; it says nothing about the row.
    return (frozenset({404}) if allowed else frozenset({403, 404})) | early


Check = Callable[[Any, Persona, str, str], None]
