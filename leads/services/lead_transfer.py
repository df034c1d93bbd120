"""申请转移: the owner asks to give a lead to a colleague, the showroom manager decides (§4.1)."""

from __future__ import annotations

from typing import Any

from dealership.accounts.models import User
from dealership.approvals.models import Approval
from dealership.approvals.services import ask
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import NotAllowed
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from leads.choices import AssignedHow, LeadEvent
from leads.models import Lead
from leads.services import lead_state
from leads.services.lead_assign import check_owner
from leads.services.lead_state import locked, refused

KIND = "lead.transfer"
LABEL = "线索转移"
DETAIL_LABELS = {"from": "现负责人", "to_name": "转给", "source": "来源"}


@service
def lead_transfer_ask(*, by: Any, lead_id: int, new_owner: Any, reason: str, version: int | None = None) -> Lead:
    """Only the lead's owner asks; until the answer nobody works on it and it is not recycled."""
    lead = locked(by, lead_id, "lead.work")
    check_version(lead, version)
    if lead.owner is None or lead.owner_id != by.pk:
        raise NotAllowed("只有负责这条线索的同事可以申请转移；经理请直接改派。")
    before = lead_state.move(lead, LeadEvent.ASK_TRANSFER)
    check_owner(lead.store, new_owner)
    reason = clean_text(reason)[:200]
    if len(reason) < 2:
        raise refused("reason_missing", "请填写转移原因。", "reason")
    if new_owner.pk == lead.owner_id:
        raise refused("same_owner", "这条线索已在您名下，请选择其他同事。", "new_owner")
    lead_state.save(
        lead, LeadEvent.ASK_TRANSFER, before, at=periods.now(), by=by, from_owner_id=lead.owner_id, reason=reason
    )  # fmt: skip
    ask(
        by=by, store=lead.store, kind=KIND, subject_id=lead.pk, level=1, reason=reason,
        title=f"线索转移：{lead.owner} → {new_owner}",
        detail={
            "to": new_owner.pk, "to_name": str(new_owner), "from": str(lead.owner), "source": str(lead.source or "—"),
        },
    )  # fmt: skip
    record(by=by, action="lead.transfer_ask", target=lead, changes={"to": new_owner.pk})
    return lead


def transfer_approved(approval: Approval, by: Any) -> None:
    """Inside the deciding transaction: the colleague gets the lead and a new clock."""
    lead = lock(Lead.objects.all(), approval.subject_id)
    person = User.objects.filter(pk=approval.detail["to"]).first()
    check_owner(lead.store, person)
    lead_state.give(
        lead, person, LeadEvent.APPROVE_TRANSFER, AssignedHow.TRANSFER, at=periods.now(), by=by, reason=approval.reason
    )  # fmt: skip


def transfer_rejected(approval: Approval, by: Any) -> None:
    """Inside the deciding transaction: the owner goes on; a clock that ran out meanwhile starts once more."""
    lead = lock(Lead.objects.all(), approval.subject_id)
    moment = periods.now()
    before = lead_state.move(lead, LeadEvent.REJECT_TRANSFER)
    if lead.first_contact_at is None and lead.recycle_due_at is not None and lead.recycle_due_at <= moment:
        # The answer, not the owner, was late: the lead is not taken away in the next minute. The SLA stays missed.
        lead.recycle_due_at = lead_state.clocks(lead.store_id, moment).sla_due_at
    lead_state.save(
        lead, LeadEvent.REJECT_TRANSFER, before, at=moment, by=by, from_owner_id=lead.owner_id,
        reason=approval.comment,
    )  # fmt: skip


def transfer_url(approval: Approval) -> str:
    """Where the asker reads the answer."""
    return lead_state.url_of(Lead(pk=approval.subject_id))
