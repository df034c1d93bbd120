"""`./dev up` and `./dev down`: the whole product started, hurt, healed and stopped."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dealership.launcher.place import Place
from dealership.launcher.processes import read, wait_until
from dealership.launcher.supervisor import PATIENCE, ask, commands, health, is_silent
from dealership.tests.launcher_checkout import Checkout, copy_whole, lines_until

SERVED = ("web", "worker", "beat")


def pid_of(place: Place, name: str) -> int:
    record = read(place, name)
    return record.pid if record else 0


def replaced(place: Place, name: str, before: int) -> bool:
    return pid_of(place, name) not in {0, before}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """One checkout: whichever test comes first pays for making its database."""
    made = copy_whole(tmp_path_factory.mktemp("whole") / "我的 4S 店" / "sales office")
    yield made
    made.clean_up()


@pytest.fixture
def checkout(whole: Checkout) -> Iterator[Checkout]:
    yield whole
    whole.clean_up()


@pytest.mark.launcher
@pytest.mark.fault
def test_o01_o03_up_survives_a_taken_port_dead_children_and_its_own_death(checkout: Checkout):
    place = checkout.place
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = stranger.getsockname()[1]

        # In front, on a port that somebody has: another one is taken and said.
        front = checkout.popen("up", "--empty", "--port", str(taken))
        said = list(lines_until(front, ["open http://"]))
        port = int(said[-1].rpartition(":")[2].strip(" /\n"))
        assert port != taken
        assert any(f"port {taken} is taken: the web server listens on {port}" in line for line in said)
        assert stranger.fileno() >= 0
    assert ask(port, "/accounts/login/")[0] == 200
    assert health(port)["database"] == health(port)["broker"] == "ok"

    # Each served process that dies is started again.
    for name in SERVED:
        before = pid_of(place, name)
        os.killpg(before, signal.SIGKILL)
        assert wait_until(partial(replaced, place, name, before), 20), name
    assert wait_until(lambda: ask(port, "/accounts/login/")[0] == 200, 30)

    # The database dies under everybody: it comes back, and so do the pages.
    before = pid_of(place, "postgres")
    os.kill(before, signal.SIGKILL)
    assert wait_until(partial(replaced, place, "postgres", before), 30)
    assert wait_until(lambda: health(port).get("database") == "ok", 30)

    # The launcher itself is killed; a second `up` clears away what it left and serves again.
    left = {name: pid_of(place, name) for name in SERVED}
    os.kill(front.pid, signal.SIGKILL)
    front.wait()
    assert all(left.values())
    checkout.dev("up", "--detach", "--empty", "--port", str(port))
    assert all(replaced(place, name, left[name]) for name in SERVED)
    assert ask(port, "/accounts/login/")[0] == 200

    # A second `up` beside a running one says where it is and changes nothing.
    now = {name: pid_of(place, name) for name in SERVED}
    assert f"already running at http://127.0.0.1:{port}/" in checkout.dev("up", "--detach")
    assert {name: pid_of(place, name) for name in SERVED} == now

    checkout.dev("down")
    assert checkout.running() == []
    assert ask(port, "/")[0] == 0


@pytest.mark.launcher
@pytest.mark.fault
def test_ctrl_c_stops_everything_it_started(checkout: Checkout):
    front = checkout.popen("up", "--empty")
    said = list(lines_until(front, ["open http://"]))
    assert any("manage.py prepare" in line for line in said)
    # The worker takes longer than the pages: interrupt only what has begun.
    if not any(line.startswith("worker") for line in said):
        said += lines_until(front, ["worker"])
    os.kill(front.pid, signal.SIGINT)
    rest, _ = front.communicate(timeout=60)
    assert front.returncode == 0, rest
    assert "SIGINT: stopping" in rest
    assert {line.split("|")[0].strip() for line in (*said, *rest.splitlines()) if " | " in line} >= {*SERVED, "dev"}
    assert checkout.running() == []


def test_f19_a_worker_that_lives_but_consumes_nothing_is_restarted():
    well = {"database": "ok", "broker": "ok", "worker": "ok"}
    silent = {**well, "worker": "red"}
    assert is_silent(silent, PATIENCE + 1)
    assert not is_silent(well, PATIENCE + 1)
    assert not is_silent(silent, PATIENCE - 1)  # a fresh worker had no time for a heartbeat
    assert not is_silent({**silent, "broker": "red"}, PATIENCE + 1)  # not the worker's fault
    assert not is_silent({**silent, "database": "red"}, PATIENCE + 1)
    assert not is_silent({}, PATIENCE + 1)  # the web server does not answer: nothing is known


def test_the_worker_runs_without_gossip_and_beat_once(tmp_path: Path):
    served = commands(Checkout(tmp_path).place, 8123)
    assert {"--without-gossip", "--without-mingle"} <= set(served["worker"])
    assert list(served) == ["web", "worker", "beat"]
    assert "127.0.0.1:8123" in served["web"]
