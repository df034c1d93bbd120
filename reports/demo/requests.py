"""Approvals of the demo stores: decided ones, and those that wait today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from dealership.approvals.models import Approval, ApprovalState
from dealership.core import periods
from dealership.org.choices import Role
from dealership.org.policy import DEFAULTS
from reports.demo.bulk import Row
from reports.demo.site import Site

DECIDERS = {1: Role.SHOWROOM_MANAGER, 2: Role.SALES_MANAGER, 3: Role.GENERAL_MANAGER}


@dataclass(frozen=True)
class Request:
    """What was asked, as the services word it."""

    kind: str
    subject_id: int
    title: str
    level: int
    reason: str
    detail: dict[str, Any]


class Desk:
    """Writes requests and their answers."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def ask(self, request: Request, by: int, at: dt.datetime) -> Row:
        """A request, to be answered the same day or, in the evening, the next."""
        day = periods.local_date(at)
        due = periods.at(day, DEFAULTS["approval.deadline"])
        return self.site.bulk.add(
            Approval,
            store_id=self.site.people.store_id,
            kind=request.kind,
            subject_id=request.subject_id,
            title=request.title,
            detail=request.detail,
            level=request.level,
            reason=request.reason,
            requested_by_id=by,
            requested_at=at,
            due_at=due if at < due else due + dt.timedelta(days=1),
        )

    def agree(self, row: Row, at: dt.datetime) -> int:
        """Answered by the person of its level, who is returned."""
        by = self.site.people.one(DECIDERS[row["level"]])
        row.update(state=ApprovalState.APPROVED, decided_by_id=by, decided_at=at)
        return by
