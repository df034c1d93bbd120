"""Child processes that outlive us: started in their own group, written down, and stopped only when they are still ours.

A record names a process by its number *and* the moment it started, so a number that was given to somebody else
after a crash or a reboot is never signalled. Children also carry the mark `DEALERSHIP_STATE=<state folder>` in their
environment, which finds those whose record was lost to a kill -9.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TypedDict

from .place import MARK, LauncherError, Place

PROC = Path("/proc")


@dataclass(frozen=True)
class Record:
    """A process we started: what it is, its number, when it started, and the port it holds (0: none)."""

    name: str
    pid: int
    born: str
    port: int = 0

    @property
    def alive(self) -> bool:
        """Is this very process still running?"""
        return born_at(self.pid) == self.born


def born_at(pid: int) -> str | None:
    """What tells this process from a later one of the same number; None when there is none (or only a zombie)."""
    if not PROC.joinpath("self", "stat").exists():
        return _born_by_ps(pid)
    try:
        state, *rest = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if state in {"Z", "X"}:
        return None
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()[:13]
    return f"{boot}:{rest[18]}"


def _born_by_ps(pid: int) -> str | None:
    """The same on systems without /proc."""
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, born = answer.stdout.strip().partition(" ")
    return born.strip() or None if not state.startswith("Z") else None


def _path(place: Place, name: str) -> Path:
    return place.state / "run" / f"{name}.json"


def write(place: Place, record: Record) -> None:
    """Write the record down, whole or not at all."""
    path = _path(place, record.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(record)))
    fresh.replace(path)


def read(place: Place, name: str) -> Record | None:
    """The record of a name if that process still runs."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        record = Record(**json.loads(_path(place, name).read_text()))
        return record if record.alive else None
    return None


def forget(place: Place, name: str) -> None:
    """The process is gone: its record too."""
    _path(place, name).unlink(missing_ok=True)


def myself(name: str, port: int = 0) -> Record:
    """A record of this process."""
    return Record(name, os.getpid(), born_at(os.getpid()) or "", port)


def spawn(
    place: Place,
    name: str,
    command: Sequence[str],
    *,
    port: int = 0,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    output: IO[bytes] | int,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session (a Ctrl-C in our terminal does not reach it) and write it down."""
    child = subprocess.Popen(
        list(command),
        cwd=cwd or place.root,
        env=place.environment({**(env or {}), MARK: str(place.state)}),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **as_user(user),
    )
    born = born_at(child.pid)
    if born is not None:
        write(place, Record(name, child.pid, born, port))
    return child


def in_front(place: Place, command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command on our terminal. A Ctrl-C is the command's own; a SIGTERM for us is handed to it."""
    child = subprocess.Popen(list(command), cwd=place.root, env=dict(env))
    before = [
        (signal.SIGINT, signal.signal(signal.SIGINT, lambda *_: None)),
        (signal.SIGTERM, signal.signal(signal.SIGTERM, lambda *_: child.terminate())),
    ]
    try:
        return child.wait()
    finally:
        for number, handler in before:
            signal.signal(number, handler)


class Drop(TypedDict):
    """The Popen arguments that leave root behind."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


def as_user(user: int | None) -> Drop:
    """Run as `user` with no other group; None changes nothing."""
    return {"user": user, "group": user, "extra_groups": None if user is None else []}


def wait_until(true: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Poll until `true()` or the time is over; the last answer."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def signal_group(record: Record, number: signal.Signals) -> None:
    """Signal the whole group of a process we started; silence when it has gone meanwhile."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(record.pid) == record.pid:
            os.killpg(record.pid, number)
        else:
            os.kill(record.pid, number)


def stop(place: Place, record: Record, steps: Sequence[tuple[signal.Signals, float]], *, group: bool = True) -> None:
    """Signal step by step until the process is gone, kill what is left of its group, forget the record.

    With `group=False` the polite steps go to the leader only (gunicorn and Celery hand them on themselves; a second
    copy of the same signal would make them hurry).
    """
    led = record.alive and os.getpgid(record.pid) == record.pid
    for number, seconds in steps:
        if not record.alive:
            break
        if group:
            signal_group(record, number)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(record.pid, number)
        wait_until(lambda: not record.alive, seconds)
    if record.alive:
        signal_group(record, signal.SIGKILL)
        wait_until(lambda: not record.alive, 5)
    elif led:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(record.pid, signal.SIGKILL)
    forget(place, record.name)


def strays(place: Place) -> Iterator[int]:
    """Processes that carry our mark, whatever became of their records."""
    if not PROC.is_dir():
        return
    wanted = f"{MARK}={place.state}".encode()
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and born_at(int(entry.name)):
                yield int(entry.name)


def sweep(place: Place, keep: Sequence[int] = (), folder: Path | None = None) -> None:
    """End marked processes that no record speaks of (their launcher was killed before it could write).

    With a folder only those that work in it.
    """

    def forgotten() -> list[int]:
        return [pid for pid in strays(place) if pid not in keep and (folder is None or _works_in(pid, folder))]

    for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0)):
        left = forgotten()
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if left:
            wait_until(lambda: not forgotten(), seconds, 0.1)


def _works_in(pid: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "cwd").resolve() == folder.resolve()
    return False


def port_is_free(port: int) -> bool:
    """Can a server bind this port on loopback now?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(wanted: int, taken: Sequence[int] = ()) -> int:
    """`wanted`, or the nearest free port above it."""
    for port in range(wanted, min(wanted + 500, 65536)):
        if port not in taken and port_is_free(port):
            return port
    raise LauncherError(f"no free port between {wanted} and {wanted + 500}")
