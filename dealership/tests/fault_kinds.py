"""Kinds of work that exist for the fault tests only; the worker of the tests is told to import this module (`-I`)."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from pathlib import Path

from django.db import transaction

from dealership.jobs.registry import job_kind
from dealership.jobs.runner import JobRun
from reports.services.rollup import mark_started, replace_facts, rollup_month


@job_kind("fault.quick")
def quick(run: JobRun) -> None:
    """Leaves a line per execution, so that a doubled run shows."""
    with Path(run.payload["log"]).open("a") as log:
        log.write(f"{run.job.pk}\n")


@job_kind("fault.roll_up")
def interrupted_roll_up(run: JobRun) -> None:
    """A roll-up that, the first time, stands still between its last write and its commit."""
    month = dt.date.fromisoformat(run.payload["month"])
    if run.job.attempts == 1:
        mark_started(store_id=run.payload["store"], month=month)
        with transaction.atomic():
            replace_facts(store_id=run.payload["store"], month=month)
            Path(run.payload["marker"]).touch()
            time.sleep(120)
    rollup_month(store_id=run.payload["store"], month=month)


@job_kind("fault.lost_child")
def lost_child(run: JobRun) -> None:
    """The first child that runs it is killed, as by a machine without memory."""
    if run.job.attempts == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@job_kind("fault.poison")
def poison(run: JobRun) -> None:
    """Kills every child that runs it."""
    os.kill(os.getpid(), signal.SIGKILL)


@job_kind("fault.slow")
def slow(run: JobRun) -> None:
    """Takes its time (two seconds unless told) and counts its executions."""
    quick(run)
    time.sleep(run.payload.get("seconds", 2))
