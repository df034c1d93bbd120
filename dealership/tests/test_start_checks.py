"""What refuses to start: a database whose search sees no Chinese; and migrations that old code could not live with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from dealership.tests.clients import own_environment
from dealership.tests.database import drop, maintenance

pytestmark = pytest.mark.django_db


@pytest.fixture
def database_of() -> Iterator[Any]:
    """`database_of(ctype)` makes an empty database with that LC_CTYPE and the extension, and answers its address."""
    made: list[str] = []

    def make(ctype: str) -> str:
        name = f"ctype_{os.getpid()}_{len(made)}"
        made.append(name)
        words = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE {} LC_CTYPE {}"
        with maintenance() as line:
            line.execute(sql.SQL(words).format(sql.Identifier(name), sql.Literal(ctype), sql.Literal(ctype)))
        given = connection.settings_dict
        address = f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{name}"
        with psycopg.connect(address) as line:
            line.execute("CREATE EXTENSION pg_trgm")
        return address

    yield make
    with maintenance() as line:
        for name in made:
            drop(line, name)


def manage(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**own_environment(), "DJANGO_SETTINGS_MODULE": "dealership.settings.test", "DATABASE_URL": address}
    env["REDIS_URL"] = settings.REDIS_URL
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)


def test_o05_a_database_in_which_search_sees_no_chinese_is_refused(database_of: Any) -> None:
    """With LC_CTYPE=C `pg_trgm` makes nothing of 张三 and every search stays empty; the control is C.UTF-8."""
    refused = manage(database_of("C"), "preflight")
    assert refused.returncode == 1
    assert "dealership.E005" in refused.stderr
    assert "启动检查未通过" in refused.stderr
    taken = manage(database_of("C.UTF-8"), "preflight")
    assert (taken.returncode, "E005" in taken.stderr) == (0, False), taken.stderr


def test_o05_migrations_keep_old_code_running() -> None:
    """The linter of `./dev lint`, here too: a migration that breaks the release before it fails the tests."""
    done = manage(os.environ["DATABASE_URL"], "lintmigrations", "--quiet", "ok", "ignore")
    assert done.returncode == 0, done.stdout + done.stderr
