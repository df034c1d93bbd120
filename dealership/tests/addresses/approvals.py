"""Requests: their store's people see them, deciding needs the level."""

from __future__ import annotations

import datetime as dt

from dealership.approvals.models import Approval, Delegation
from dealership.core import periods
from dealership.tests.matrix import CANARY, PAYLOAD, READ_WRITE, WRITE, Url, World

ROW = {"row": "approval", "resource": "approval"}
# Who may decide depends on the level, the store and who asked: a refusal (403) is right for most readers.
DECIDING = frozenset({403})

URLS = {
    "approvals:list": Url(),
    "approvals:detail": Url(**ROW),
    "approvals:subject": Url(**ROW),
    "approvals:decide": Url(WRITE, also=DECIDING, **ROW),
    "approvals:delegation": Url(READ_WRITE, also=DECIDING),
    "approvals:delegation_end": Url(WRITE, row="delegation", resource="job"),
    "api-approval-list": Url(),
    "api-approval-one": Url(**ROW),
    # Refused for want of a reason: the row is found, the level is checked, nothing is decided.
    "api-approval-decide": Url(WRITE, also=DECIDING, data={"decision": "reject"}, **ROW),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """One open request per place, and a delegation that only its giver may end."""
    moment, today = periods.now(), periods.today()
    approvals, delegations = {}, {}
    for place, key in (("own", "consultant"), ("team", "colleague"), ("other", "stranger")):
        store = world.other_store if place == "other" else world.store
        title = f"优惠申请 {CANARY if place == 'other' else PAYLOAD}"
        approvals[place] = Approval.objects.create(
            store=store, kind="deal_price", subject_id=len(approvals) + 1, title=title, level=1,
            requested_by=world.user(key), requested_at=moment, due_at=moment + dt.timedelta(hours=3),
        ).pk  # fmt: skip
        delegations[place] = Delegation.objects.create(
            user=world.user(key), delegate=world.user("other_manager"), store=store, from_day=today, until_day=today
        ).pk
    return {"approval": approvals, "delegation": delegations}
