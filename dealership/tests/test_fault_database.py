"""F10: PostgreSQL stops at once in the middle of a request's transaction, and comes back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings
from django.db import connection

from dealership.launcher.place import Place
from dealership.launcher.postgres import DATABASE, Postgres
from dealership.launcher.processes import read
from dealership.org.choices import Role
from dealership.tests.builders import PASSWORD, make_person, make_store, make_team
from dealership.tests.fault import ROOT, free_port, wait_for
from leads.tests.builders import new_phone

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%leads_visit%'"
ROWS = "SELECT (SELECT count(*) FROM leads_customer), (SELECT count(*) FROM leads_visit), (SELECT count(*) FROM {keys})"
KEYS = "audit_idempotencykey"


class Database:
    """A cluster of the test's own holding a copy of what the test database holds, and a web server on it."""

    def __init__(self, folder: Path) -> None:
        self.server = Postgres(Place(ROOT, folder, durable=True), first_port=free_port())
        self.server.place.prepare()
        self.server.start()
        self._copy()

    def _copy(self) -> None:
        told = connection.settings_dict
        here = ["-h", told["HOST"], "-p", str(told["PORT"]), "-U", told["USER"], "-d", told["NAME"]]
        dump = [str(self.server.binaries() / "pg_dump"), *here, "--no-owner", "--no-privileges"]
        env = {**os.environ, "PGPASSWORD": str(told["PASSWORD"])}
        text = subprocess.run(dump, env=env, capture_output=True, text=True, check=True).stdout
        self.server.sql([text], DATABASE)

    @property
    def url(self) -> str:
        return self.server.url("postgres")

    def stop_at_once(self) -> None:
        """`pg_ctl -m immediate stop`: no checkpoint, no goodbye; the next start recovers from the log."""
        record = read(self.server.place, "postgres")
        assert record is not None
        os.kill(record.pid, signal.SIGQUIT)
        wait_for(lambda: read(self.server.place, "postgres") is None, 20, "PostgreSQL to be gone")

    def one(self, statement: str) -> Any:
        with psycopg.connect(self.url) as line:
            row = line.execute(statement.format(keys=KEYS)).fetchone()
        assert row is not None
        return row


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    store = make_store("A")
    make_person(Role.SALES_CONSULTANT, store, team=make_team(store), username="f10.li")
    found = Database(tmp_path / "own")
    yield found
    found.server.stop()


@pytest.fixture
def web(database: Database) -> Iterator[httpx.Client]:
    """gunicorn on that database."""
    address = f"127.0.0.1:{free_port()}"
    words = f"-m gunicorn dealership.wsgi --bind {address} --workers 1 --threads 2".split()
    env = {**os.environ, "DATABASE_URL": database.url, "MEDIA_ROOT": str(settings.MEDIA_ROOT)}
    child = subprocess.Popen([str(database.server.place.python), *words], cwd=ROOT, env=env, start_new_session=True)
    with httpx.Client(base_url=f"http://{address}", timeout=20) as client:
        wait_for(lambda: answered(client), 40, "the web server")
        yield client
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def answered(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([\w-]+)"', page.text)
    assert found is not None, name
    return found[1]


def test_f10_postgres_stops_in_the_middle_of_a_post(database: Database, web: httpx.Client) -> None:
    """F10: 503 with a time to come again, no half row; after the start the same form is taken once."""
    page = web.get("/accounts/login/")
    form = {"login": "f10.li", "password": PASSWORD, "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")}
    assert web.post("/accounts/login/", data=form).status_code == 302
    page = web.get("/customers/visits/new/")
    told = {
        "captured": "yes", "channel": "walk_in", "phone": new_phone(), "name": "孙丽", "party_size": "1",
        "purpose": "purchase", "grade": "H", "gender": "female",
        "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"), "idempotency_key": hidden(page, "idempotency_key"),
    }  # fmt: skip
    answers: list[httpx.Response] = []
    sender = threading.Thread(target=lambda: answers.append(web.post("/customers/visits/new/", data=told)))
    holder = psycopg.connect(database.url)
    holder.execute("LOCK TABLE leads_visit IN EXCLUSIVE MODE")
    sender.start()
    # The customer is written, the visit waits: in the middle of the transaction.
    wait_for(lambda: database.one(WAITING)[0], 10, "the request to stand in its transaction")
    database.stop_at_once()
    holder.close()
    sender.join(20)
    assert answers[0].status_code == 503
    assert "系统暂时无法访问数据库" in answers[0].text
    away = web.get("/today/")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "10")

    database.server.start()
    assert database.one(ROWS) == (0, 0, 0)
    begun = time.monotonic()
    assert web.get("/today/").status_code == 200
    assert time.monotonic() - begun < 5
    assert [web.post("/customers/visits/new/", data=told).status_code for _ in range(2)] == [302, 302]
    assert database.one(ROWS) == (1, 1, 1)
