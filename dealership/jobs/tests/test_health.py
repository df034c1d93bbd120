"""The banner about late background work costs no answer a statement (F07)."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from dealership.core import periods
from dealership.jobs import health
from dealership.jobs.models import Job, JobState


@pytest.mark.django_db
def test_f07_the_heartbeat_is_asked_again_when_the_answer_is_out(settings, monkeypatch, django_assert_num_queries):
    settings.HEALTH_PROBE_SECONDS = 20
    long_ago = periods.now() - dt.timedelta(minutes=10)
    Job.objects.create(
        kind="heartbeat", key="heartbeat:2026", state=JobState.DONE, due_at=long_ago, finished_at=long_ago
    )
    monkeypatch.setattr(health, "_probe", [(time.monotonic() - 30, False)])
    with django_assert_num_queries(0):
        assert not health.is_delayed()
    with django_assert_num_queries(1):
        health.refresh()
    with django_assert_num_queries(0):
        assert health.is_delayed()
        health.refresh()
    monkeypatch.setattr(health, "_probe", [(time.monotonic() - 3600, False)])
    with django_assert_num_queries(1):
        assert health.is_delayed()
