"""Real processes, really killed: F01, F02, F03, F04, F05, F06, F07, F08, F17, F18."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from celery import current_app
from django.db import connection
from django.urls import reverse

from dealership.core import periods
from dealership.core.periods import Period
from dealership.jobs import registry
from dealership.jobs.models import Job, JobState
from dealership.jobs.registry import Planned
from dealership.jobs.services import plan_due, relay, request_job
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.tests import fault_kinds
from dealership.tests.builders import PASSWORD, make_person, make_store, make_team
from dealership.tests.fault import Broker, Processes, answers, free_port, publish_to, wait_for
from leads.models import Visit
from leads.tests.builders import make_prospect, new_phone
from reports.models import Fact, FillState
from reports.services.verify import facts_differences

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
assert fault_kinds


@pytest.fixture
def broker(tmp_path: Path, settings: Any) -> Iterator[Broker]:
    """A broker of the test's own; lost hints are sent again after a second instead of a minute."""
    before = current_app.conf.broker_url  # read first: Celery takes the settings at the first question
    server = Broker(tmp_path / "broker")
    server.start()
    settings.CELERY_BROKER_URL = server.url
    settings.JOB_RESEND_SECONDS = 1
    settings.JOB_STALE_SECONDS = 2
    publish_to(server.url)
    yield server
    publish_to(before)
    server.kill()


@pytest.fixture
def processes(broker: Broker, tmp_path: Path) -> Iterator[Processes]:
    found = Processes(broker, tmp_path)
    yield found
    found.stop()


def ended(*jobs: Job) -> bool:
    """Are they over? Asked like beat does: what was lost is sent again first."""
    relay()
    return not Job.objects.filter(pk__in=[job.pk for job in jobs], state__in=["queued", "running"]).exists()


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_f01_worker_killed_in_the_middle_of_a_roll_up(processes: Processes, tmp_path: Path) -> None:
    """F01: nothing half written is seen, the next worker takes over, and the figures are those of the source."""
    store = make_store("A")
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    for _ in range(3):
        make_prospect(consultant, store)
    month, marker = Period.containing("month", periods.today()).start, tmp_path / "in-the-middle"
    payload = {"store": store.pk, "month": month.isoformat(), "marker": str(marker)}
    job = request_job(kind="fault.roll_up", key="f01", payload=payload)
    worker = processes.worker()
    wait_for(marker.exists, 40, "the roll-up to stand before its commit")
    processes.kill_group(worker)
    assert fresh(job).state == JobState.RUNNING
    assert not Fact.objects.exists()
    assert set(FillState.objects.values_list("state", flat=True)) <= {"started"}
    processes.worker()
    wait_for(lambda: ended(job), 40, "the second worker to finish the roll-up")
    assert (fresh(job).state, fresh(job).attempts) == (JobState.DONE, 2)
    assert Fact.objects.filter(kpi="new_cards").exists()
    assert facts_differences(store_id=store.pk, month=month, include_today=True) == []


def test_f02_f03_lost_child_and_poison(processes: Processes, tmp_path: Path) -> None:
    """F02: a killed child's job runs once more. F03: one that kills every child is given up after three attempts."""
    admin = make_person(Role.SYS_ADMIN, None)
    lost = request_job(kind="fault.lost_child", key="f02")
    poison = request_job(kind="fault.poison", key="f03")
    after = request_job(kind="fault.quick", key="f03-after", payload={"log": str(tmp_path / "quick")})
    processes.worker()
    wait_for(lambda: ended(lost, poison, after), 70, "the three jobs to end")
    assert (fresh(lost).state, fresh(lost).attempts) == (JobState.DONE, 2)
    assert (fresh(poison).state, fresh(poison).attempts) == (JobState.DEAD, 3)
    assert fresh(after).state == JobState.DONE
    assert Notice.objects.filter(recipient=admin, kind="job").count() == 1


def test_f04_a_job_longer_than_the_visibility_timeout(processes: Processes, tmp_path: Path) -> None:
    """F04: the broker hands the running job to an idle second worker, whose start is a no-op: one result."""
    log, short = tmp_path / "runs", {"TEST_VISIBILITY_SECONDS": "2", "TEST_RESTORE_SECONDS": "1"}
    processes.worker("first", **short)
    job = request_job(kind="fault.slow", key="f04", payload={"log": str(log), "seconds": 12})
    wait_for(log.exists, 40, "the first worker to begin")
    processes.worker("second", **short)
    wait_for(lambda: "received" in processes.log("second"), 30, "the second worker to be given the job")
    assert fresh(job).state == JobState.RUNNING  # the first is still at it
    wait_for(lambda: fresh(job).state == JobState.DONE, 30, "the job to end")
    assert log.read_text().split() == [str(job.pk)]
    assert fresh(job).attempts == 1


def test_f08_broker_memory_full(processes: Processes, broker: Broker, tmp_path: Path) -> None:
    """F08: a full broker refuses the hint; the asker goes on, the job waits and is sent when there is room."""
    log = tmp_path / "log"
    broker.limit_memory("1")
    job = request_job(kind="fault.quick", key="f08", payload={"log": str(log)})
    assert (fresh(job).state, fresh(job).sent_at) == (JobState.QUEUED, None)
    assert relay() == 1
    assert fresh(job).sent_at is None
    broker.limit_memory("0")
    processes.worker()
    wait_for(lambda: ended(job), 40, "the job to end")
    assert log.read_text().split() == [str(job.pk)]


def test_f05_broker_lost_with_its_queue(processes: Processes, broker: Broker, tmp_path: Path) -> None:
    """F05: every queued job completes although the broker lost all of them, and each exactly once."""
    log = tmp_path / "log"
    jobs = [request_job(kind="fault.quick", key=f"f05-{n}", payload={"log": str(log)}) for n in range(5)]
    broker.kill()
    lost = request_job(kind="fault.quick", key="f05-while-away", payload={"log": str(log)})
    assert fresh(lost).sent_at is None
    broker.start()
    processes.worker()
    wait_for(lambda: ended(lost, *jobs), 60, "every job to complete")
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
    assert sorted(log.read_text().split()) == sorted(str(job.pk) for job in (lost, *jobs))


def sign_in(client: httpx.Client, username: str) -> None:
    page = client.get("/accounts/login/")
    assert page.status_code == 200
    form = {"login": username, "password": PASSWORD, "csrfmiddlewaretoken": token_of(page)}
    assert client.post("/accounts/login/", data=form).status_code == 302


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


def test_f07_web_starts_and_works_without_the_broker(processes: Processes, broker: Broker) -> None:
    """F07: pages, sign-in and saving work, the banner says that background work is late. F06: nothing waits long."""
    store = make_store("A")
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    old = periods.now() - dt.timedelta(minutes=10)
    Job.objects.create(kind="heartbeat", key="heartbeat:2026", state="done", due_at=old, finished_at=old)
    broker.kill()
    address = f"127.0.0.1:{free_port()}"
    processes.run("web", *f"gunicorn dealership.wsgi --bind {address} --workers 1 --threads 2".split())
    with httpx.Client(base_url=f"http://{address}", timeout=20) as client:
        wait_for(lambda: reached(client), 40, "the web server")
        health = client.get("/healthz")
        assert (health.status_code, health.json()["broker"], health.json()["database"]) == (200, "red", "ok")
        sign_in(client, consultant.username)
        page = client.get(reverse("leads:visit_new"))
        assert page.status_code == 200
        assert "后台任务延迟" in page.text
        form = {
            "captured": "yes", "channel": "walk_in", "phone": new_phone(), "name": "孙丽", "party_size": "1",
            "purpose": "purchase", "grade": "H", "gender": "female", "csrfmiddlewaretoken": token_of(page),
        }  # fmt: skip
        begun = time.monotonic()
        answer = client.post(reverse("leads:visit_new"), data=form)
        assert answer.status_code == 302, answer.text[:2000]
        assert time.monotonic() - begun < 8
    assert Visit.objects.filter(store=store, prospect__isnull=False).count() == 1


def reached(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_f06_frozen_broker_does_not_hold_the_request(broker: Broker) -> None:
    """F06: the row is saved and the caller goes on within 8 s; the hint is sent later."""
    broker.freeze()
    begun = time.monotonic()
    job = request_job(kind="heartbeat", key="f06")
    assert time.monotonic() - begun < 8
    assert (fresh(job).state, fresh(job).sent_at) == (JobState.QUEUED, None)


def hourly(moment: dt.datetime) -> Iterator[Planned]:
    """Test plan: one job per hour of today and yesterday that is over."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    for back in range(48):
        due = hour - dt.timedelta(hours=back)
        yield "heartbeat", f"hour:{due:%Y-%m-%dT%H}", {}, due, None


@pytest.fixture
def hourly_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "plans", [hourly])
    monkeypatch.setattr("dealership.jobs.services.plans", [hourly])


def test_f17_two_beats_make_one_job_per_key(broker: Broker, hourly_plan: None) -> None:
    """F17: ticks at the same instant in several processes' connections: one job per key, nobody fails."""
    moment, barrier, failures = periods.now(), threading.Barrier(4), []

    def tick() -> None:
        try:
            barrier.wait()
            plan_due(moment)
        except Exception as error:  # noqa: BLE001  any failure of a thread is reported by the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Job.objects.count() == 48


def test_f17_two_beat_processes(processes: Processes) -> None:
    """F17: two real beats and a worker: every heartbeat key once, and the work is done."""
    for name in ("one", "two"):
        schedule = processes.logs / f"beat-{name}"
        words = f"celery -A dealership beat --schedule {schedule} --pidfile="
        processes.run(f"beat-{name}", *words.split(), BEAT_TICK_SECONDS="1")
    processes.worker()
    wait_for(lambda: Job.objects.filter(kind="heartbeat", state="done").exists(), 60, "a heartbeat")
    time.sleep(3)
    keys = list(Job.objects.filter(kind="heartbeat").values_list("key", flat=True))
    assert len(keys) == len(set(keys)) <= 2
    assert not Job.objects.filter(attempts__gt=1).exists()


def test_f18_plan_after_a_downtime(broker: Broker, freeze: Any) -> None:
    """F18: beat slept from 22:00 to 09:00; what was due in between exists once, and a second tick adds nothing."""
    store = make_store("A")
    make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    Store.objects.update(created_at=dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    freeze("2026-10-31 22:00+08:00")
    plan_due(periods.now())
    before = set(Job.objects.values_list("key", flat=True))
    freeze("2026-11-01 09:00+08:00")
    assert plan_due(periods.now()) > 0
    made = list(Job.objects.exclude(key__in=before).values_list("key", "kind", "due_at"))
    assert len({key for key, _, _ in made}) == len(made)
    ends = [due for _, kind, due in made if kind == "reports.month_end"]
    assert ends == [periods.at(dt.date(2026, 11, 1), "00:05")]
    assert plan_due(periods.now()) == 0


def test_the_harness_tells_a_dead_broker_from_a_living_one(broker: Broker) -> None:
    """Control: the broker of these tests is really killed."""
    import redis

    client = redis.Redis.from_url(broker.url)
    assert answers(client)
    broker.kill()
    assert not answers(client)
