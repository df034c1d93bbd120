"""`./dev up` once all is installed and migrated: run the web server, the worker and beat, and keep them running."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from .place import LauncherError, Place, say
from .processes import forget, myself, read, spawn, stop, wait_until, write
from .servers import Servers

LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
ASK_EVERY = 20.0
PATIENCE = 200.0  # the heartbeat is red after three minutes
# The pages come first: the others load the application only when the web server answers, or after so long.
HEAD_START = 20.0
STARTED_WITHIN = 120.0
# A statement of the worker (a roll-up, an import) may take longer than one a person waits for.
EXTRA = {"worker": {"DB_STATEMENT_TIMEOUT_MS": "600000"}}
POLITE: dict[str, Sequence[tuple[signal.Signals, float]]] = {
    "beat": ((signal.SIGTERM, 5),),
    "worker": ((signal.SIGTERM, 25), (signal.SIGQUIT, 5)),
    "web": ((signal.SIGTERM, 15), (signal.SIGQUIT, 3)),
}


def commands(place: Place, port: int) -> dict[str, list[str]]:
    """The served processes, in starting order."""
    celery = [*place.module("celery"), "-A", "dealership.celery:app"]
    # Loaded once and forked: with two cores each further load of the application delays the first answer by seconds.
    gunicorn = "--preload --worker-class gthread --workers 2 --threads 4 --no-control-socket".split()
    worker = "--without-gossip --without-mingle --concurrency 2 --loglevel INFO --hostname worker@%h".split()
    schedule = str(place.state / "run" / "beat-schedule")
    return {
        "web": [*place.module("gunicorn"), "dealership.wsgi:application", *gunicorn, "--bind", f"127.0.0.1:{port}"],
        "worker": [*celery, "worker", *worker],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile", ""],
    }


@dataclass
class Child:
    """One served process and how often it had to be started again lately."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    falls: int = 0
    due: float = field(default=0.0)


class Log:
    """One log for everybody: each line with the name of who wrote it, to the screen and to `log/dev.log`."""

    def __init__(self, path: Path) -> None:
        if path.exists() and path.stat().st_size > 20_000_000:
            path.replace(path.with_suffix(".log.1"))
        self.file = path.open("a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        """Write one line; a screen that has gone away is no reason to stop."""
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.file.write(f"{name:<6} | {text}\n")
            sys.stdout.write(f"{name:<6} | {text}\n")
            sys.stdout.flush()

    def follow(self, name: str, stream: IO[bytes]) -> None:
        """Copy a child's output from a thread of its own."""

        def copy() -> None:
            for raw in stream:
                self.line(name, raw.decode("utf-8", "replace").rstrip())

        threading.Thread(target=copy, name=f"log-{name}", daemon=True).start()


class Supervisor:
    """Starts the children, starts a fallen one again (waiting longer each time), ends all of them on a signal."""

    def __init__(self, place: Place, servers: Servers, port: int) -> None:
        self.place, self.servers, self.port = place, servers, port
        self.log = Log(place.logs / "dev.log")
        self.children = [Child(name, command) for name, command in commands(place, port).items()]
        self.ending = threading.Event()
        self.begun = self.asked_at = time.monotonic()
        self.pages_first = True

    def run(self) -> int:
        """Serve until SIGINT, SIGTERM or SIGHUP; then stop the children and the servers."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        write(self.place, myself("supervisor", self.port))
        try:
            while not self.ending.is_set():
                self._look_after_servers()
                self._wake_a_silent_worker()
                for child in self.children:
                    if child.name == "web" or not self._pages_first():
                        self._look_after(child)
                self.ending.wait(0.1 if self.pages_first else 0.5)
        finally:
            self._stop_everything()
        return 0

    def _pages_first(self) -> bool:
        """Is the web server still loading? With two cores each further load at its side delays the first answer."""
        if self.pages_first:
            self.pages_first = time.monotonic() - self.begun < HEAD_START and not answers(self.port)
        return self.pages_first

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if not self.ending.is_set():
            self.ending.set()
            self.log.line("dev", f"{signal.Signals(number).name}: stopping")

    def _look_after_servers(self) -> None:
        try:
            for server in self.servers.start():
                self.log.line("dev", f"{server.name} was started")
        except LauncherError as error:
            self.log.line("dev", f"{error}")
            self.ending.wait(5)

    def _wake_a_silent_worker(self) -> None:
        """A worker can live and consume nothing (celery#10302): restart it when its heartbeat stays away."""
        now = time.monotonic()
        if now - self.asked_at < ASK_EVERY:
            return
        self.asked_at = now
        worker = next(child for child in self.children if child.name == "worker")
        if worker.process is not None and is_silent(health(self.port), now - worker.since):
            self.log.line("dev", "the worker runs but does nothing; ending it")
            if (record := read(self.place, "worker")) is not None:
                stop(self.place, record, ((signal.SIGTERM, 5),))

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            child.falls = 1 if now - child.since > STEADY_AFTER else child.falls + 1
            pause = min(2.0 ** (child.falls - 1), LONGEST_PAUSE)
            self.log.line("dev", f"{child.name} ended ({child.process.returncode}); starting it again in {pause:.0f} s")
            child.process, child.due = None, now + pause
        if child.process is None and now >= child.due and not self.ending.is_set():
            self._start(child)

    def _start(self, child: Child) -> None:
        env = {**self.servers.environment(owner=False), **EXTRA.get(child.name, {})}
        child.process = spawn(self.place, child.name, child.command, port=self.port, env=env, output=subprocess.PIPE)
        child.since = time.monotonic()
        if child.process.stdout is not None:
            self.log.follow(child.name, child.process.stdout)

    def _stop_everything(self) -> None:
        stop_children(self.place, [child.process for child in self.children])
        self.servers.release()
        forget(self.place, "supervisor")
        self.log.line("dev", "stopped")


def stop_children(place: Place, mine: Sequence[subprocess.Popen[bytes] | None] = ()) -> None:
    """Beat first (no new work), then worker and web together: each may finish what it is doing."""
    threads = []
    for name, steps in POLITE.items():
        record = read(place, name)
        if record is None:
            continue
        thread = threading.Thread(target=stop, args=(place, record, steps), kwargs={"group": False})
        thread.start()
        threads.append(thread)
    while any(thread.is_alive() for thread in threads):
        for child in mine:
            if child is not None:
                child.poll()  # reap, so that an ended child is seen as ended
        time.sleep(0.05)


def ask(port: int, path: str) -> tuple[int, bytes]:
    """GET a page of our web server: status and body; status 0 when nobody answers."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", path, headers={"Host": f"localhost:{port}"})
        answer = line.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        line.close()


def answers(port: int) -> bool:
    """Does the web server show the sign-in page?"""
    return ask(port, "/accounts/login/")[0] == 200


def is_up(place: Place, port: int) -> bool:
    """Do the pages answer, and do worker and beat run beside them?"""
    return answers(port) and all(read(place, name) for name in POLITE)


def health(port: int) -> dict[str, str]:
    """What `/healthz` says; nothing when it does not answer."""
    try:
        return dict(json.loads(ask(port, "/healthz")[1]))
    except ValueError:
        return {}


def is_silent(parts: Mapping[str, str], age: float) -> bool:
    """No heartbeat although database and broker are well and the worker had time for one."""
    well = parts.get("database") == parts.get("broker") == "ok"
    return well and parts.get("worker") == "red" and age > PATIENCE


def serve(place: Place, servers: Servers, port: int, ready: Mapping[str, str]) -> int:
    """Supervise in this process; print the `ready` lines once the web server answers."""
    supervisor = Supervisor(place, servers, port)

    def announce() -> None:
        up = wait_until(lambda: supervisor.ending.is_set() or is_up(place, port), STARTED_WITHIN, 0.2)
        if up and not supervisor.ending.is_set():
            for name, value in ready.items():
                say(f"{name} {value}")

    threading.Thread(target=announce, name="announce", daemon=True).start()
    return supervisor.run()
