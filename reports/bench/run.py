"""A database of its own, the production server over loopback, the figures, the table."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from dealership.core import periods
from reports.bench.driver import Client, Figure, memory_of
from reports.bench.figures import all_figures

# stores, months
SIZES = {"S": (1, 3), "M": (20, 12), "L": (300, 4)}
PASSWORD = "bench-only-2026"  # noqa: S105  of a database that holds invented rows only
# Who is measured: a consultant, the manager of the same store, the group office.
USERS = ("consultant1", "manager", "group")


def prepare(size: str) -> dict[str, str]:
    """A migrated and seeded database of this size and day; returns the environment that uses it."""
    facts = settings.DATABASES["default"]
    name = f"bench_{size.lower()}_{periods.today():%Y%m%d}"
    address = f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{name}"
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "reports.bench.settings",
        "DEMO_PASSWORD": PASSWORD,
        "DB_STATEMENT_TIMEOUT_MS": "600000",
    }
    _create(name)
    stores, months = SIZES[size]
    # Also for a database of earlier today: the code may have moved on, and stores that are there are left alone.
    _manage(environment, "migrate", "-v", "0")
    _manage(environment, "seed_demo", "--stores", str(stores), "--months", str(months))
    _manage(environment, "collectstatic", "-v", "0", "--no-input")
    return environment


def _create(name: str) -> None:
    """Make the database when it is not there; an older one of the same size goes."""
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    for key in ("cursor_factory", "context"):
        parameters.pop(key, None)
    with psycopg.connect(**parameters, autocommit=True) as line:
        like = name.rsplit("_", 1)[0] + "_%"
        there = [row[0] for row in line.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like])]
        for old in there:
            if old != name:
                line.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
        if name not in there:
            line.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _manage(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(  # noqa: S603  our own command
        command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, check=True
    )


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Gunicorn with two workers on a free port: (port, pid)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "dealership.wsgi", "-b", f"127.0.0.1:{port}", "-w", "2"]
    process = subprocess.Popen(  # noqa: S603  our own command
        [*command, "--keep-alive", "600", "-k", "gthread", "--threads", "2"],
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError("the measured server does not answer")


def measure_all(size: str, only: Sequence[str] = ()) -> dict[str, Any]:
    """Inside the prepared environment: the figures (all, or those named), with the memory of the larger worker."""
    load = os.getloadavg()[0]
    with server() as (port, pid):
        clients = {name: Client(port) for name in USERS}
        for name, client in clients.items():
            client.sign_in(name, PASSWORD)
        weights = page_weights(clients["consultant1"])
        figures = list(all_figures(clients, size, only))
        memory = memory_of(_workers(pid))
    return {
        "size": size,
        "at": periods.now().isoformat(timespec="seconds"),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "worker_rss_mb": round(memory, 1),
        "weights_kb": weights,
        "figures": [_rounded(figure) for figure in figures],
    }


def page_weights(client: Client) -> dict[str, float]:
    """Kilobytes of the first load of Today (page and files, nothing cached yet) and of one htmx step of a list."""
    page, files = client.weigh("/today/")
    step, _none = client.weigh("/customers/prospects/?q=1", **{"HX-Request": "true", "HX-Target": "rows"})
    rows, _none = client.weigh("/customers/prospects/", **{"HX-Request": "true", "HX-Target": "rows"})
    loaded = {name: client.weigh(name)[0] for name in files}
    sizes = {"today_page": page, "today_files": sum(loaded.values()), "htmx_step": max(step, rows)}
    sizes["today_first_load"] = sizes["today_page"] + sizes["today_files"]
    return {name: round(size / 1024, 1) for name, size in sizes.items()}


def _workers(pid: int) -> Iterator[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return (int(child) for child in children.split())


def _rounded(figure: Figure) -> dict[str, Any]:
    facts = {k: round(v, 2) if isinstance(v, float) else v for k, v in asdict(figure).items() if k != "references"}
    return {**facts, "references": {k: round(v, 2) for k, v in figure.references.items()}, "ratios": figure.ratios}


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    head = f"{'figure':32}{'p50 ms':>9}{'p95 ms':>9}{'req/s':>8}{'SQL':>5}{'SQL ms':>9}{'CPU ms':>9}  beside"
    weights = ", ".join(f"{name} {size} KB" for name, size in result["weights_kb"].items())
    load = " to ".join(str(one) for one in result["load"])
    about = f"size {result['size']}, {result['at']}, load {load}, larger worker {result['worker_rss_mb']} MB"
    lines = [about, weights, head]
    for row in result["figures"]:
        beside = ", ".join(f"{k} {v} ms → ×{row['ratios'].get(k, '—')}" for k, v in row["references"].items())
        numbers = f"{row['p50']:9.1f}{row['p95']:9.1f}{row['per_second']:8.1f}{row['statements']:5}"
        numbers += f"{row['sql_ms']:9.1f}{row['cpu_ms']:9.1f}"
        lines.append(f"{row['name']:32}{numbers}  {beside}")
    return "\n".join(lines)
