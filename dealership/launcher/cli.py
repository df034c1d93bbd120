"""The commands of `./dev`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import checks
from .install import collect_static, install
from .place import LauncherError, Place, only_one, say, this_dev
from .processes import choose_port, in_front, myself, read, stop, sweep, wait_until, write
from .servers import LOCAL, TEST, Servers
from .supervisor import STARTED_WITHIN, is_up, serve, stop_children

FIRST_PORT = 8000


def main(argv: Sequence[str], root: str) -> int:
    """Parse the command line and run one command; refusals are one line on stderr and exit 1."""
    place = Place.find(root, os.environ)
    try:
        if argv[:1] == ["test"]:
            return checks.test(place, argv[1:])
        if argv[:1] == ["manage"]:
            return manage(place, argv[1:])
        if argv[:1] == ["serve"]:
            return serve(place, Servers(place), int(argv[1]), {})
        asked = _parser().parse_args(argv)
        return int(asked.run(place, asked))
    except LauncherError as error:
        print(f"dev: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev", description="Set up, run, test and check the whole product.")
    sub = parser.add_subparsers(required=True, metavar="command")
    up = sub.add_parser("up", help="set everything up and serve until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="serve in the background; `./dev down` ends it")
    up.add_argument("--port", type=int, default=0, help=f"port of the web server (default {FIRST_PORT})")
    up.add_argument("--empty", action="store_true", help="without the demo group")
    up.set_defaults(run=_up)
    sub.add_parser("down", help="stop what `up` started").set_defaults(run=_down)
    sub.add_parser("test", help="set up and run the test suite; arguments go to pytest")
    sub.add_parser("lint", help="run every static check").set_defaults(run=lambda place, _: checks.lint(place))
    seed = sub.add_parser("seed", help="load a group of N stores and M months by bulk insert")
    seed.add_argument("--stores", type=int, required=True)
    seed.add_argument("--months", type=int, required=True)
    seed.set_defaults(run=lambda place, asked: _seed(place, asked.stores, asked.months))
    bench = sub.add_parser("bench", help="measure the product and print the figures")
    bench.add_argument("--size", choices=("S", "M", "L"), default="S")
    bench.add_argument(
        "--only", nargs="*", default=[], metavar="WORD", help="only figures with such a word in the name"
    )
    bench.set_defaults(run=lambda place, asked: manage(place, ["bench", "--size", asked.size, "--only", *asked.only]))
    sub.add_parser("manage", help="run manage.py with the servers up; all arguments are passed on")
    services = sub.add_parser("services", help="the embedded servers alone")
    services.add_argument("what", choices=("up", "down"))
    services.add_argument("--test", action="store_true", help="the servers of the test runs")
    services.set_defaults(run=_services)
    sub.add_parser("env", help="write the environment to var/env").set_defaults(run=_env)
    return parser


def _up(place: Place, asked: argparse.Namespace) -> int:
    place.prepare()
    with only_one(place.state / "run" / "up.lock", "another ./dev up of this checkout"):
        running = read(place, "supervisor")
        if running is not None:
            say(f"already running at http://127.0.0.1:{running.port}/ (stop it with ./dev down)")
            return 0
        install(place)
        _clear_up(place)
        servers = Servers(place)
        servers.start()
        servers.write_env()
        _prepare(place, servers, demo=not asked.empty)
        wanted = asked.port or FIRST_PORT
        port = choose_port(wanted)
        if port != wanted:
            say(f"port {wanted} is taken: the web server listens on {port}")
        if asked.detach:
            return _detach(place, port)
        write(place, myself("supervisor", port))
    return serve(place, servers, port, _ready(place, port))


def _ready(place: Place, port: int) -> dict[str, str]:
    password = place.state / "demo-password"
    who = f"as consultant1, manager, finance, gm …; the password is in {password}"
    if not password.exists():
        who = "after ./dev manage first_admin --group NAME, which makes the first administrator"
    return {
        "open": f"http://127.0.0.1:{port}/",
        "sign in": who,
        "stop": "with Ctrl-C or ./dev down",
    }


def _prepare(place: Place, servers: Servers, *, demo: bool) -> None:
    """Tables, static files, the start-up checks, and the demo group when the database is empty."""
    env = place.environment(servers.environment())
    collect_static(place, lambda: _run_manage(place, env, "collectstatic", "-v", "0", "--no-input"))
    _run_manage(place, env, "prepare", *(["--demo"] if demo else []))
    if not demo:
        return
    password = place.state / "demo-password"
    if not password.exists():
        say(f"the demo accounts sign in with the password {env['DEMO_PASSWORD']}")
    with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(env["DEMO_PASSWORD"] + "\n")


def _run_manage(place: Place, env: Mapping[str, str], *arguments: str) -> None:
    say(f"manage.py {arguments[0]}")
    if in_front(place, [str(place.python), "manage.py", *arguments], env):
        raise LauncherError(f"manage.py {arguments[0]} failed; the servers still run (./dev down stops them)")


def _detach(place: Place, port: int) -> int:
    """Start the supervisor (`dev serve PORT`) in a session of its own and wait until the pages answer."""
    with (place.logs / "supervisor.log").open("wb") as log:
        child = subprocess.Popen(
            this_dev(place, "serve", str(port)),
            cwd=place.root,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    up = wait_until(lambda: child.poll() is not None or is_up(place, port), STARTED_WITHIN, 0.2)
    if not up or child.poll() is not None:
        raise LauncherError(f"the web server does not answer; see {place.logs / 'dev.log'} (./dev down stops the rest)")
    for name, value in _ready(place, port).items():
        say(f"{name} {value}")
    return 0


def _clear_up(place: Place) -> None:
    """End what an earlier run left when it was killed: the served processes, and strays without a record."""
    stop_children(place)
    kept = [record.pid for name in ("postgres", "valkey") if (record := read(place, name))]
    sweep(place, keep=kept)


def _down(place: Place, _asked: argparse.Namespace) -> int:
    running = read(place, "supervisor")
    if running is not None:
        stop(place, running, ((signal.SIGTERM, 60),), group=False)
    stop_children(place)
    servers = Servers(place)
    servers.keep.unlink(missing_ok=True)
    servers.stop()
    sweep(place)
    say("stopped" if running else "nothing else was running")
    return 0


def manage(place: Place, arguments: Sequence[str]) -> int:
    """manage.py as the owner of the tables, with servers that are started for it when none run."""
    install(place)
    servers = Servers(place)
    started = servers.start()
    try:
        env = place.environment(servers.environment())
        return in_front(place, [str(place.python), "manage.py", *arguments], env)
    finally:
        for server in reversed(started):
            server.stop()


def _seed(place: Place, stores: int, months: int) -> int:
    if stores < 1 or months < 1:
        raise LauncherError("--stores and --months are at least 1")
    code = manage(place, ["migrate", "-v", "0", "--no-input"])
    return code or manage(place, ["seed_demo", "--stores", str(stores), "--months", str(months)])


def _services(place: Place, asked: argparse.Namespace) -> int:
    chosen = place.for_tests() if asked.test else place
    servers = Servers(chosen)
    if asked.what == "down":
        servers.keep.unlink(missing_ok=True)
        servers.stop()
        return 0
    install(place)
    servers.start()
    servers.keep.touch()
    return _env(place, asked)


def _env(place: Place, asked: argparse.Namespace) -> int:
    test = bool(getattr(asked, "test", False))
    chosen = place.for_tests() if test else place
    servers = Servers(chosen)
    servers.write_env(TEST if test else LOCAL)
    path = Path(chosen.state / "env")
    say(f"environment written to {path}; use it with: set -a; . {path}; set +a")
    return 0
