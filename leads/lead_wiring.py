"""Start-up registrations of raw leads: conflicts, the transfer's approval, leaving."""

from __future__ import annotations

from dealership.approvals.services import Handler, register
from dealership.core.services import register_conflict
from dealership.org.leaving import register_holding
from leads.selectors.lead import held_leads
from leads.services import lead_transfer

CONFLICTS = {
    "leads_lead_one_open": ("lead_exists", "该号码已有一条未处理的线索，请在原线索上继续处理。"),
    "leads_lead_external": ("external_taken", "该来源编号的线索已接收，无需重复提交。"),
    "leads_leadassignment_one_turn": ("busy", "这条线索正在被分配，请刷新后再试。"),
    "leads_importbatch_once": ("import_exists", "这份文件刚刚被同事上传，请刷新列表查看。"),
    "leads_leadassignee_once": ("busy", "该同事的分配设置刚刚被别人修改，请刷新后再试。"),
}


def register_leads() -> None:
    """Called once by the app's `ready`."""
    for name, (code, message) in CONFLICTS.items():
        register_conflict(name, code, message)
    register_holding("未处理线索", held_leads)
    handler = Handler(
        lead_transfer.LABEL, lead_transfer.transfer_approved, lead_transfer.transfer_rejected,
        lead_transfer.transfer_url, lead_transfer.DETAIL_LABELS,
    )  # fmt: skip
    register(lead_transfer.KIND, handler)
