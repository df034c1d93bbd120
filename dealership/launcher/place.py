"""Where things are: the checkout, its `.venv`, and the state folder (`var/`, moved by `DEV_STATE`)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MARK = "DEALERSHIP_STATE"


class LauncherError(Exception):
    """A refusal whose text is the whole answer for the person at the keyboard."""


def say(text: str) -> None:
    """Print one line for the reader at once, also when the output is a file or a pipe."""
    print(f"dev: {text}", flush=True)


@dataclass(frozen=True)
class Place:
    """One checkout and one state folder; everything `./dev` writes outside `.venv` lies in the latter."""

    root: Path
    state: Path
    durable: bool = True

    @classmethod
    def find(cls, root: str | Path, environ: Mapping[str, str]) -> Place:
        """The place of this run: `DEV_STATE` or `var/` beside the `dev` script."""
        base = Path(root).resolve()
        return cls(base, Path(environ.get("DEV_STATE") or base / "var").expanduser().absolute())

    def for_tests(self) -> Place:
        """The servers of the test runs: apart from those of `./dev up`, and quick rather than safe."""
        return Place(self.root, self.state / "test", durable=False)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def media(self) -> Path:
        return self.state / "media"

    def tool(self, name: str) -> str:
        """The path of a command that is a program of its own in `.venv` (ruff, djade)."""
        return str(self.venv / "bin" / name)

    def module(self, name: str) -> list[str]:
        """Run an installed module: unlike its script, it does not depend on a first line that names the path."""
        return [str(self.python), "-m", name]

    def site_package(self, name: str) -> Path:
        """A package folder inside `.venv`, without starting its interpreter."""
        for found in sorted(self.venv.glob(f"lib/python3*/site-packages/{name}")):
            return found
        raise LauncherError(f"{name} is not installed in {self.venv}; remove the folder and run again")

    def prepare(self) -> None:
        """Make the state folders. The state folder can be passed through but not listed by others."""
        for folder in (self.state, self.logs, self.media, self.state / "run"):
            fresh = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            if fresh:
                folder.chmod(0o711)
        if not os.access(self.state, os.W_OK):
            raise LauncherError(f"cannot write to {self.state}; set DEV_STATE to a folder of your own")

    def secret(self, name: str, length: int = 24) -> str:
        """A random word kept in the state folder (0600), the same at every call."""
        path = self.state / "secrets.json"
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_hex(length)
            fresh = path.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(known, out, indent=1)
            fresh.replace(path)
        return known[name]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a child: ours, the tools of `.venv` first on PATH, then `extra`."""
        env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}
        env["PATH"] = f"{self.venv / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
        env["VIRTUAL_ENV"] = str(self.venv)
        env["PYTHONUNBUFFERED"] = "1"
        env.update(extra or {})
        return env


@contextlib.contextmanager
def only_one(path: Path, waiting_for: str) -> Iterator[None]:
    """Hold a lock on a file or folder; say what is being waited for when somebody else has it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"waiting for {waiting_for}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def this_dev(place: Place, *arguments: str) -> list[str]:
    """The command line that runs this launcher again."""
    return [sys.executable, str(place.root / "dev"), *arguments]
