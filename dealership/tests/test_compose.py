"""What the container files promise exists: commands, paths, variables, roles, checks."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.beat import beat
from celery.bin.worker import worker
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve
from gunicorn.config import Config

from dealership.launcher import postgres
from dealership.launcher.supervisor import commands
from dealership.tests.clients import own_environment
from dealership.tests.launcher_checkout import ROOT, Checkout

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
OURS = ("web", "worker", "beat", "migrate")
ICON = re.compile(r"(?:outline|filled)/[\w-]+\.svg")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:[?-][^}]*)?\}")


def words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment(service: str) -> dict[str, str]:
    """The variables a container of ours gets, with every secret filled in."""
    filled = {name: value or "0123456789abcdef" * 4 for name, value in example().items()}
    given = SERVICES[service]["environment"]
    return {key: VARIABLE.sub(lambda found: filled[found[1]], str(value)) for key, value in given.items()}


def read_by_settings() -> set[str]:
    texts = [path.read_text() for path in (ROOT / "dealership" / "settings").glob("*.py")]
    return {name for text in texts for name in re.findall(r"""env\.\w+\(\s*["']([A-Z_]+)""", text)}


def test_the_example_names_exactly_the_variables_compose_asks_for():
    asked = {name for name, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    assert set(example()) == asked


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    for name, rest in VARIABLE.findall(text):
        if "PASSWORD" in name or "KEY" in name:
            assert rest.startswith(":?"), name
            assert example()[name] == ""


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_read_by_the_settings(service: str):
    assert set(environment(service)) - {"DJANGO_SETTINGS_MODULE"} <= read_by_settings()
    import_module(environment(service)["DJANGO_SETTINGS_MODULE"].rpartition(".")[0])


def test_o05_production_settings_with_these_variables_pass_the_deployment_check():
    env = {**own_environment(), **environment("web"), "MEDIA_ROOT": str(ROOT / "var")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def parse_celery(command: list[str]) -> None:
    assert command[:3] == ["celery", "-A", "dealership.celery:app"]
    assert import_module("dealership.celery").app.main == "dealership"
    parser = {"worker": worker, "beat": beat}[command[3]]
    parser.make_context(command[3], command[4:], resilient_parsing=True)


def parse_gunicorn(command: list[str]) -> None:
    assert command[0] == "gunicorn"
    asked = Config().parser().parse_args(command[1:])
    module, _, name = asked.args[0].partition(":")
    assert callable(getattr(import_module(module), name))


def test_the_commands_exist_and_take_these_options(tmp_path: Path):
    image = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1]
    parse_gunicorn(yaml.safe_load(image))
    parse_celery(words(SERVICES["worker"]["command"]))
    parse_celery(words(SERVICES["beat"]["command"]))
    for line in SERVICES["migrate"]["command"][2].split("&&"):
        python, script, name, *_ = shlex.split(line)
        assert (python, script) == ("python", "manage.py")
        assert name in get_commands()

    # `./dev up` runs the same three.
    local = commands(Checkout(tmp_path).place, 8000)
    parse_gunicorn(["gunicorn", *local["web"][3:]])
    parse_celery(["celery", *local["worker"][3:]])
    parse_celery(["celery", *local["beat"][3:]])


def test_every_service_has_a_health_check_that_asks_something_real():
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) is True, name
    assert SERVICES["migrate"]["healthcheck"] == {"disable": True}
    probe = SERVICES["web"]["healthcheck"]["test"][3]
    (path,) = re.findall(r"127\.0\.0\.1:8000(/\w+)", probe)
    assert resolve(path).url_name == "healthz"
    compile(probe, "probe", "exec")
    compile(SERVICES["beat"]["healthcheck"]["test"][3], "probe", "exec")
    schedule = words(SERVICES["beat"]["command"])
    assert schedule[schedule.index("--schedule") + 1] in SERVICES["beat"]["healthcheck"]["test"][3]


def test_the_image_keeps_the_icons_the_templates_include():
    """Packages of the front end are dropped after collectstatic, but icons are read when a page is drawn."""
    kept = re.search(r"rm -rf node_modules +&& mkdir -p (\S+) +&& mv icons (\S+)", DOCKERFILE)
    assert kept
    assert kept[2] == f"{kept[1]}/icons"
    assert ROOT / kept[2] in map(Path, settings.TEMPLATES[0]["DIRS"])
    named = {name for path in ROOT.glob("templates/**/*.html") for name in ICON.findall(path.read_text())}
    named |= set(ICON.findall((ROOT / "dealership/org/menu.py").read_text()))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / kept[2] / name).is_file()] == []


def test_beat_is_well_while_its_schedule_is_fresh(tmp_path: Path):
    command = words(SERVICES["beat"]["command"])
    path = command[command.index("--schedule") + 1]
    probe = SERVICES["beat"]["healthcheck"]["test"][3].replace(path, str(tmp_path / "beat-schedule"))

    def answer() -> int:
        return subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode

    assert answer() == 1
    schedule = tmp_path / "beat-schedule.dat"
    schedule.touch()
    assert answer() == 0
    os.utime(schedule, (1, 1))
    assert answer() == 1


def test_the_broker_keeps_its_queue_and_the_cache_may_forget():
    broker, cache = (" ".join(SERVICES[name]["command"]) for name in ("broker", "cache"))
    assert "--maxmemory-policy noeviction" in broker
    assert "--appendonly yes --appendfsync everysec" in broker
    assert "--maxmemory-policy allkeys-lru" in cache
    urls = environment("web")
    assert urls["REDIS_URL"].partition("@")[2].startswith("broker:")
    assert urls["CACHE_URL"].partition("@")[2].startswith("cache:")


def test_the_database_is_made_as_the_launcher_makes_its_own():
    db = SERVICES["db"]
    assert db["image"].startswith("postgres:18")
    assert set(shlex.split(db["environment"]["POSTGRES_INITDB_ARGS"])) <= set(postgres.INITDB)
    script = COMPOSE["configs"]["roles"]["content"]
    for extension in postgres.EXTENSIONS:
        assert f"CREATE EXTENSION IF NOT EXISTS {extension};" in script
    assert f"//{postgres.OWNER}:" in environment("migrate")["DATABASE_URL"]
    for service in ("web", "worker", "beat"):
        assert f"//{postgres.APP}:" in environment(service)["DATABASE_URL"]
    assert f"ALTER DATABASE {db['environment']['POSTGRES_DB']} OWNER TO {postgres.OWNER};" in script
    assert not re.search(rf"(OWNER TO|TRUNCATE.*TO) {postgres.APP}", script)


def test_volumes_and_networks_are_named_and_used():
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    assert {name for service in SERVICES.values() for name in service["networks"]} == set(COMPOSE["networks"])
    assert SERVICES["db"]["volumes"] == ["db:/var/lib/postgresql"]  # the path of the image from 18 on
    media = environment("web")["MEDIA_ROOT"]
    assert f"media:{media}" in SERVICES["web"]["volumes"]
    assert media in DOCKERFILE


def test_nothing_runs_as_root():
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)[-1] == "app"
    for name in OURS:
        assert "user" not in SERVICES[name]
        assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert {SERVICES[name]["user"] for name in ("broker", "cache")} == {"valkey"}


def copied() -> Iterator[str]:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        yield from (source for source in line.split()[:-1] if source != ".")


def test_what_the_image_copies_is_in_the_checkout_and_not_ignored():
    allowed = {line[1:].removesuffix("/**") for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    for source in [*copied(), *allowed]:
        assert (ROOT / source).exists(), source
        assert source in allowed
    for package in ("dealership", "leads", "sales", "reviews", "reports", "templates", "static", "manage.py"):
        assert package in allowed
    versions = set(re.findall(r"^FROM (python:\S+)", DOCKERFILE, re.MULTILINE))
    locked = re.search(r"pip-compile with Python (\S+)", (ROOT / "requirements.txt").read_text())
    assert locked
    assert versions == {f"python:{locked[1]}-slim-bookworm"}
