"""Start-up registrations of losses and ownership: what an answer does, what a decider is shown, the timeline."""

from __future__ import annotations

from django.urls import reverse

from dealership.approvals.models import Approval
from dealership.approvals.services import Handler, register
from dealership.core.services import register_conflict
from leads.selectors.own_timeline import own_entries
from leads.selectors.timeline import register_source
from leads.services import ownership
from leads.services.loss_decision import loss_agreed, loss_rejected

LABELS = {
    "grade": "级别", "reason": "原因", "competitor": "成交车型", "price": "成交价", "dealer": "成交商家",
    "cancelled": "退订", "wake_on": "唤醒日期", "call_back": "回访",
}  # fmt: skip
CONFLICTS = {
    "leads_lossapplication_one_open": ("loss_exists", "该客户已有一条待审批的申请，请等审批结果或先撤回。"),
    "leads_lossapplication_number": ("busy", "同事刚刚也提交了申请，请再点一次提交。"),
    "leads_lossapplication_two_persons": ("two_persons", "申请和审批须由两人分别办理。"),
    "leads_lossapplication_answered": ("decided", "该申请已处理，不能再修改。"),
    "leads_prospect_two_persons": ("two_persons", "战败和休眠须先申请、再由另一人审批同意。"),
}


def register_all() -> None:
    """Called once by the app's `ready`."""
    for name, (code, message) in CONFLICTS.items():
        register_conflict(name, code, message)
    register_source("customers", own_entries)
    register("prospect.loss", Handler("战败审批", loss_agreed, loss_rejected, _url, LABELS))
    register("prospect.dormancy", Handler("休眠审批", loss_agreed, loss_rejected, _url, LABELS))
    for kind, label in ((ownership.CLAIM, "撞单裁定"), (ownership.TRANSFER, "客户转移")):
        register(
            kind,
            Handler(
                label, ownership.answer_approved, ownership.answer_rejected, ownership.answer_url,
                ownership.DETAIL_LABELS, ownership.answer_opens,
            ),
        )  # fmt: skip


def _url(approval: Approval) -> str:
    return reverse("leads:loss_detail", args=[approval.subject_id])
