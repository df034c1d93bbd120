"""The two servers together, and the environment that leads to them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from .place import Place
from .postgres import APP, OWNER, Postgres
from .valkey import Valkey

LOCAL = "dealership.settings.local"
TEST = "dealership.settings.test"


class Servers:
    """The embedded servers of a place; `DATABASE_URL` and `REDIS_URL` in our environment replace them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        ours = sourced(place)
        given = {key: os.environ.get(key) for key in ("DATABASE_URL", "REDIS_URL")}
        self.given = {key: url for key, url in given.items() if url and url not in ours}
        offset = 0 if place.durable else 100
        self.postgres = None if "DATABASE_URL" in self.given else Postgres(place, 15432 + offset)
        self.valkey = None if "REDIS_URL" in self.given else Valkey(place, 16379 + offset)

    def start(self) -> list[Postgres | Valkey]:
        """Start what is not running; the servers this call started, for `stop`."""
        self.place.prepare()
        wanted = [server for server in (self.postgres, self.valkey) if server is not None]
        return [server for server in wanted if server.start()]

    def stop(self) -> None:
        """Stop the recorded servers of this place."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()

    @property
    def keep(self) -> Path:
        """Present while somebody asked for the servers themselves (`services up`): then others leave them running."""
        return self.place.state / "run" / "keep"

    def release(self) -> None:
        """Stop them unless they are kept."""
        if not self.keep.exists():
            self.stop()

    def environment(self, settings: str = LOCAL, *, owner: bool = True) -> dict[str, str]:
        """What the product reads. `owner` may change tables; the served processes run without that right."""
        role = OWNER if owner else APP
        return {
            "DATABASE_URL": self.postgres.url(role) if self.postgres else self.given["DATABASE_URL"],
            "REDIS_URL": self.valkey.url() if self.valkey else self.given["REDIS_URL"],
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE") or settings,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or self.place.secret("SECRET_KEY", 40),
            "DEMO_PASSWORD": os.environ.get("DEMO_PASSWORD") or self.place.secret("DEMO_PASSWORD", 5),
            "MEDIA_ROOT": os.environ.get("MEDIA_ROOT") or str(self.place.media),
            "DB_STATEMENT_TIMEOUT_MS": "600000" if owner else "15000",
        }

    def write_env(self, settings: str = LOCAL) -> None:
        """Leave the environment in the state folder as `env`: shell lines for `set -a; . var/env`."""
        write_lines(self.place, self.environment(settings))


def sourced(place: Place) -> set[str]:
    """What we wrote to `env` files ourselves: a shell that sourced one has not asked for servers of its own."""
    top = place.state if place.durable else place.state.parent
    files = [path for path in (top / "env", top / "test" / "env") if path.exists()]
    return {word.partition("=")[2] for path in files for word in shlex.split(path.read_text())}


def write_lines(place: Place, values: Mapping[str, str]) -> None:
    """KEY=VALUE lines a shell can source, readable by the owner only."""
    handle = os.open(place.state / "env", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.writelines(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
