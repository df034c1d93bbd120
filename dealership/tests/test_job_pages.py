"""My jobs: progress, cancel, failure, and the rules of the download (A08, F13)."""

from __future__ import annotations

import datetime as dt
import errno
import threading
import time
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from dealership.audit.models import AuditEntry, ExportLog
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.jobs import registry, runner
from dealership.jobs.models import Job, JobState
from dealership.jobs.registry import job_kind
from dealership.jobs.services import request_job, results_sweep
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count

NAME = "A店_2026年10月_销售月报.xlsx"


@pytest.fixture(autouse=True)
def _kinds():
    """Kinds of these tests alone."""
    before = dict(registry.kinds)

    @job_kind("test.book", act="workbook.make")
    def book(run):
        with run.result(NAME) as path:
            path.write_bytes(b"PK-workbook")
            run.progress(3, 3, "已写入 3 行")

    @job_kind("test.full_disk")
    def full_disk(run):
        with run.result(NAME) as path:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    @job_kind("test.refused")
    def refused(run):
        raise DomainError("month_open", "该月尚未结账，不能生成。")

    @job_kind("test.slow")
    def slow(run):
        run.progress(1, 10, "第1行")

    yield
    registry.kinds.clear()
    registry.kinds.update(before)


@pytest.fixture
def finance(store):
    return make_person(Role.FINANCE, store)


def a_job(by, store, kind="test.book", key="book:1") -> Job:
    return request_job(kind=kind, key=key, by=by, store_id=store.pk, title="10月销售月报")


def done_job(by, store, key="book:1") -> Job:
    job = a_job(by, store, key=key)
    runner.run(job.pk)
    job.refresh_from_db()
    return job


def test_progress_survives_a_reload_and_the_bar_stops_when_it_is_over(finance, store, client_for):
    job = a_job(finance, store)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, done=40, total=160, message="正在写车辆明细")
    client = client_for(finance)
    for _ in range(2):
        page = client.get(f"/jobs/{job.pk}/").text
        assert "40 / 160" in page
        assert 'value="25" max="100"' in page
        assert "正在写车辆明细" in page
        assert f'hx-get="/jobs/{job.pk}/progress/"' in page
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    assert "HX-Refresh" not in client.get(f"/jobs/{job.pk}/progress/").headers
    assert client.get(f"/jobs/{job.pk}/progress/?then=reload").headers["HX-Refresh"] == "true"
    assert "hx-get" not in client.get(f"/jobs/{job.pk}/progress/").text


def test_a_waiting_job_is_cancelled_at_once_a_running_one_at_its_next_step(finance, store, client_for):
    client = client_for(finance)
    waiting = a_job(finance, store)
    assert client.post(f"/jobs/{waiting.pk}/cancel/").status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    runner.run(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == (JobState.CANCELLED, 0)

    running = a_job(finance, store, kind="test.slow", key="slow:1")
    Job.objects.filter(pk=running.pk).update(cancel_requested=True)
    runner.run(running.pk)
    running.refresh_from_db()
    assert (running.state, running.message) == (JobState.CANCELLED, "已取消")
    assert client.post(f"/jobs/{running.pk}/cancel/").status_code == 422


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_f04_a_job_that_is_being_noted_as_sent_is_waited_for_not_dropped(finance, store):
    job, held, asked = a_job(finance, store), threading.Event(), threading.Event()

    def sender() -> None:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(sent_at=periods.now())
            held.set()
            asked.wait(10)
            time.sleep(0.3)
        connection.close()

    noting = threading.Thread(target=sender)
    noting.start()
    assert held.wait(10)
    asked.set()
    runner.run(job.pk)
    noting.join()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 1)


def test_the_file_has_its_chinese_name_and_the_download_is_logged(finance, store, client_for):
    job = done_job(finance, store)
    answer = client_for(finance).get(f"/jobs/{job.pk}/download/")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == b"PK-workbook"
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(NAME)}"
    assert answer["Cache-Control"] == "no-store"
    log = ExportLog.objects.get()
    assert (log.actor, log.kind, log.filename, log.rows, log.store_id) == (finance, "test.book", NAME, 3, store.pk)


def test_a08_another_persons_file_does_not_exist_for_me(finance, store, client_for, api_for):
    job = done_job(finance, store)
    other = make_person(Role.FINANCE, store)
    for path in ("", "progress/", "download/"):
        assert client_for(other).get(f"/jobs/{job.pk}/{path}").status_code == 404
    assert client_for(other).post(f"/jobs/{job.pk}/cancel/").status_code == 404
    assert api_for(other).get(f"/api/v1/jobs/{job.pk}/result/").status_code == 404
    assert not ExportLog.objects.exists()
    # Who tried to fetch it stands in the audit trail; a number that is nobody's job does not.
    assert client_for(other).get(f"/jobs/{job.pk + 9999}/download/").status_code == 404
    tried = AuditEntry.objects.filter(action="job.download", actor=other)
    assert [(row.object_id, row.changes["refused"]) for row in tried] == [(job.pk, "not_found")] * 2


def test_a08_after_the_role_is_gone_the_file_is_refused_and_that_is_logged(finance, store, client_for, api_for):
    job = done_job(finance, store)
    finance.memberships.update(role=Role.SALES_CONSULTANT)
    assert client_for(finance).get(f"/jobs/{job.pk}/download/").status_code == 403
    assert api_for(finance).get(f"/api/v1/jobs/{job.pk}/result/").status_code == 403
    assert not ExportLog.objects.exists()
    assert AuditEntry.objects.filter(action="job.download", changes__refused="not_allowed").count() == 2


def test_a08_after_leaving_the_store_the_file_is_refused(finance, store, other_store, client_for):
    job = done_job(finance, store)
    finance.memberships.update(store=other_store)
    assert client_for(finance).get(f"/jobs/{job.pk}/download/").status_code == 403


def test_a08_an_expired_file_is_gone(finance, store, client_for, freeze):
    job = done_job(finance, store)
    freeze(job.finished_at + dt.timedelta(days=7) - dt.timedelta(seconds=1))
    assert client_for(finance).get(f"/jobs/{job.pk}/download/").status_code == 200
    freeze(job.finished_at + dt.timedelta(days=7))
    assert client_for(finance).get(f"/jobs/{job.pk}/download/").status_code == 410
    assert ExportLog.objects.count() == 1
    refused = AuditEntry.objects.filter(action="job.download", changes__refused="result_expired")
    assert [row.actor for row in refused] == [finance]


def test_the_sweep_removes_only_what_is_past_its_time(finance, store, freeze, settings, tmp_path):
    old, young = done_job(finance, store, "book:1"), done_job(finance, store, "book:2")
    Job.objects.filter(pk=old.pk).update(finished_at=periods.now() - dt.timedelta(days=8))
    Job.objects.filter(pk=young.pk).update(finished_at=periods.now() - dt.timedelta(days=6))
    assert results_sweep() == 1
    assert not (tmp_path / old.result_file).exists()
    assert (tmp_path / young.result_file).exists()
    assert results_sweep() == 0


def test_f13_a_full_disk_ends_the_job_clearly_and_offers_no_half_file(finance, store, client_for, tmp_path):
    job = a_job(finance, store, kind="test.full_disk", key="full:1")
    runner.run(job.pk)
    page = client_for(finance).get(f"/jobs/{job.pk}/").text
    assert "文件写入失败" in page
    assert "download" not in page
    assert client_for(finance).get(f"/jobs/{job.pk}/download/").status_code == 404
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_refusal_of_the_work_is_shown_in_its_words(finance, store, client_for):
    job = a_job(finance, store, kind="test.refused", key="refused:1")
    runner.run(job.pk)
    assert "该月尚未结账，不能生成。" in client_for(finance).get(f"/jobs/{job.pk}/").text


def test_api_shows_progress_result_and_cancels(finance, store, api_for):
    api = api_for(finance)
    job = a_job(finance, store)
    waiting = api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (waiting["state"], waiting["done"], waiting["total"], waiting["result_url"]) == ("queued", 0, 0, None)
    runner.run(job.pk)
    done = api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (done["state"], done["done"], done["result_url"]) == ("done", 3, f"/api/v1/jobs/{job.pk}/result/")
    assert b"".join(api.get(done["result_url"]).streaming_content) == b"PK-workbook"
    over = api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert (over.status_code, over.json()["code"]) == (422, "job_over")
    second = a_job(finance, store, key="book:2")
    assert api.post(f"/api/v1/jobs/{second.pk}/cancel/").json()["state"] == "cancelled"
    assert [row["id"] for row in api.get("/api/v1/jobs/").json()["results"]] == [second.pk, job.pk]


def test_the_list_needs_as_many_statements_for_three(finance, store, client_for):
    done_job(finance, store, "book:1")
    client = client_for(finance)
    assert_same_query_count(
        lambda: client.get("/jobs/"), lambda: [done_job(finance, store, f"book:{n}") for n in (2, 3)], limit=7
    )
