"""Periodic work of approvals: what is overdue goes one level up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dealership.approvals.selectors import overdue_unescalated
from dealership.approvals.services import approval_escalate
from dealership.jobs.registry import Planned, job_kind, periodic
from dealership.jobs.runner import JobRun


@job_kind("approvals.escalate")
def escalate(run: JobRun) -> None:
    """Tell the next level about one overdue request."""
    approval_escalate(approval_id=int(run.payload["approval"]))


@periodic
def escalation_plan(moment: dt.datetime) -> Iterator[Planned]:
    """One job per overdue request; its key makes the notice one even after a downtime."""
    for row in overdue_unescalated()[:200]:
        payload: dict[str, object] = {"approval": row.pk}
        yield "approvals.escalate", f"approvals.escalate:{row.pk}", payload, row.due_at, row.store_id
