"""`./dev test` and `./dev lint`: what `.ci/run` runs, and what runs before a push."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from .install import install, install_for_tests
from .place import Place, only_one, say
from .processes import in_front
from .servers import TEST, Servers

Step = tuple[str, list[str], dict[str, str]]
THROW_AWAY = {
    "DJANGO_SETTINGS_MODULE": "dealership.settings.production",
    "SECRET_KEY": "only-for-the-deployment-check-" + "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "check.invalid",
    "CSRF_TRUSTED_ORIGINS": "https://check.invalid",
    "EMAIL_URL": "consolemail://",
}


def test(place: Place, arguments: Sequence[str]) -> int:
    """Install, start the test servers, run pytest with `arguments`, stop what was started."""
    install(place)
    place.prepare()
    lacks = install_for_tests()
    if lacks:
        packages = " ".join(dict.fromkeys(" ".join(lacks.values()).split()))
        say(f"tests marked {', '.join(lacks)} cannot run here; install with: sudo apt-get install -y {packages}")
        if os.environ.get("CI"):
            return 1
        arguments = ["-m", " and ".join(f"not {mark}" for mark in lacks), *arguments]
    apart = place.for_tests()
    with only_one(place.state / "run" / "test.lock", "another ./dev test of this checkout"):
        servers = Servers(apart)
        servers.start()
        try:
            servers.write_env(TEST)
            env = place.environment({**servers.environment(TEST), "DJANGO_SETTINGS_MODULE": TEST})
            return in_front(place, [*place.module("pytest"), "-n", str(os.cpu_count() or 1), *arguments], env)
        finally:
            servers.release()


def lint(place: Place) -> int:
    """Run every check, name those that failed, answer 1 if any did."""
    install(place)
    place.prepare()
    servers = Servers(place.for_tests())
    with only_one(place.state / "run" / "test.lock", "another ./dev test of this checkout"):
        servers.start()
        try:
            env = place.environment({**servers.environment(TEST), "DJANGO_SETTINGS_MODULE": TEST})
            failed = [
                name for name, command, extra in _steps(place) if not _passes(place, name, command, {**env, **extra})
            ]
        finally:
            servers.release()
    say(f"lint failed: {', '.join(failed)}" if failed else "lint is clean")
    return 1 if failed else 0


def _passes(place: Place, name: str, command: Sequence[str], env: dict[str, str]) -> bool:
    say(f"lint: {name}")
    return subprocess.run(command, cwd=place.root, env=env, stdin=subprocess.DEVNULL, check=False).returncode == 0


def _steps(place: Place) -> list[Step]:
    """Name, command and extra environment of each check, cheap ones first."""
    manage = [str(place.python), "manage.py"]
    templates = [str(path.relative_to(place.root)) for path in sorted((place.root / "templates").rglob("*.html"))]
    djade: list[Step] = (
        [("djade", [place.tool("djade"), "--target-version", "5.2", "--check", *templates], {})] if templates else []
    )
    return [
        ("ruff", [place.tool("ruff"), "check", "."], {}),
        ("ruff format", [place.tool("ruff"), "format", "--check", "."], {}),
        *djade,
        ("import-linter", [place.tool("lint-imports"), "--no-logo"], {}),
        ("bandit", [*place.module("bandit"), "-q", "-ll", "-c", "pyproject.toml", "-r", "."], {}),
        ("mypy", [*place.module("mypy"), "."], {}),
        ("makemigrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
        ("migration linter", [*manage, "lintmigrations", "--quiet", "ok", "ignore"], {}),
        ("deployment check", [*manage, "check", "--deploy", "--fail-level", "WARNING"], THROW_AWAY),
    ]
