"""One migrated database per state of the migrations, copied for every test worker.

Running all migrations takes ten seconds, copying their result a quarter of one. The copy's name is Django's own
(`test_<name>_<worker>`), so nothing else has to know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

LOCK = 4_051_122


def fingerprint() -> str:
    """What the migrated database depends on: every migration file and the versions of the packages."""
    found = hashlib.sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for path in sorted(Path(app.path).glob("migrations/*.py")):
            found.update(f"{app.label}/{path.name}".encode() + path.read_bytes())
    return found.hexdigest()[:12]


@contextmanager
def maintenance() -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the product's database, from which others can be made and dropped."""
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    parameters["options"] = "-c lock_timeout=0"
    with psycopg.connect(**parameters, autocommit=True) as line:
        yield line


def connect_to(name: str) -> None:
    """From here on the product uses this database."""
    connections.close_all()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def drop(line: psycopg.Connection[Any], name: str) -> None:
    """Drop a database, whoever still looks at it."""
    line.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy(line: psycopg.Connection[Any], source: str, name: str) -> None:
    """Make `name` a copy of `source`."""
    line.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)))


def migrated(base: str) -> str:
    """The name of the migrated template, made now if this state of the migrations was never seen."""
    template = f"migrated_{base}_{fingerprint()}"
    with maintenance() as line:
        line.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # the workers start together: one makes it
        rows = line.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"migrated_{base}_%"]).fetchall()
        if (template,) in rows:
            return template
        for (old,) in rows:
            drop(line, old)
        making = f"migrated_{base}_making"
        line.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(making)))
        connect_to(making)
        call_command("migrate", verbosity=0, interactive=False)
        connections.close_all()
        line.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(template)))
    return template


def make(worker: str) -> str:
    """A fresh copy for this worker; from here on the product uses it."""
    base = str(connection.settings_dict["NAME"])
    name = f"test_{base}_{worker}" if worker else f"test_{base}"
    template = migrated(base)
    with maintenance() as line:
        drop(line, name)
        copy(line, template, name)
    connect_to(name)
    return name


def remove(name: str) -> None:
    """The run is over."""
    connections.close_all()
    with maintenance() as line:
        drop(line, name)
