"""Start-up registrations of this app: conflict messages, approval handlers, the timeline."""

from __future__ import annotations

from django.urls import reverse

from dealership.approvals.models import Approval
from dealership.approvals.services import Handler, register
from dealership.core.search import register_finder
from dealership.core.services import register_conflict
from dealership.org.leaving import register_holding
from leads.selectors.cancellation import register_teller
from leads.selectors.timeline import register_source
from leads.services.handover import register_follower
from leads.services.loss_guards import register_blocker
from sales.models import Refund
from sales.selectors.deal import held_count, why_cancelled, why_not_lost
from sales.selectors.finding import FINDERS
from sales.selectors.timeline import timeline_entries
from sales.services.deal.cancel import cancel_approved, cancel_rejected
from sales.services.deal.draft import price_approved, price_rejected
from sales.services.deal.handler import deals_follow
from sales.services.deal.red import red_approved, red_rejected
from sales.services.payment.refunds import refund_approved, refund_rejected

CONFLICTS = {
    "sales_vehicle_vin_key": ("vin_exists", "该车架号已在系统中，请先搜索车架号后六位核对，不要重复登记。"),
    "sales_deal_one_live_per_vin": ("vehicle_taken", "该车已配给其他订单，请刷新后另选一台。"),
    "sales_allocation_one_car": ("vehicle_taken", "该车已配给其他订单，请刷新后另选一台。"),
    "sales_allocation_one_deal": ("deal_allocated", "该订单已经配车，请刷新页面。"),
    "sales_deal_one_live_per_prospect": ("deal_exists", "该客户已有进行中的订单，请打开原订单继续办理。"),
    "sales_payment_receipt_no_key": ("busy", "收据号正在生成，请稍候几秒再试。"),
    "sales_payment_two_persons": ("two_persons", "收款与对账须由两人分别办理。"),
    "sales_payment_reverses_id_key": ("reversed", "该笔收款已冲销，请勿重复操作。"),
    "sales_invoice_number": ("invoice_exists", "该发票号码已登记，请核对号码。"),
    "sales_invoice_one_per_deal": ("invoice_exists", "该订单已开票，请刷新页面。"),
    "sales_priceentry_dated": ("price_exists", "该车型在这一天已有价格，请选择其他生效日期。"),
    "org_series_name": ("name_exists", "该品牌已有同名车系。"),
    "sales_dayclose_one_waits": ("busy", "该日的日结刚刚被提交，请刷新页面。"),
    "sales_dayclose_revision": ("busy", "该日的日结刚刚被提交，请刷新页面。"),
    "sales_dayclose_two_persons": ("two_persons", "日结须由另一人确认。"),
    "sales_configuration_name": ("name_exists", "该车系已有同名配置。"),
    "sales_colour_name": ("name_exists", "该品牌已有同名颜色。"),
    "sales_target_once": ("target_exists", "该目标刚刚被别人下达，请刷新后再修改。"),
}


# What a decider is shown of a request.
PRICE_LABELS = {"msrp": "指导价", "deal_price": "成交价", "concession": "总优惠", "authority": "顾问权限"}
REFUND_LABELS = {"amount": "退款金额", "receipt_no": "原收据号"}


def register_all() -> None:
    """Called once by the app's `ready`."""
    for name, (code, message) in CONFLICTS.items():
        register_conflict(name, code, message)
    register_source("deals", timeline_entries)
    for finder in FINDERS:
        register_finder(finder)
    register_holding("未完结订单", held_count)
    register_follower(deals_follow)
    register_blocker(why_not_lost)
    register_teller(why_cancelled)
    register("deal_price", Handler("特价审批", price_approved, price_rejected, _deal_url, PRICE_LABELS))
    register("deal_cancel", Handler("退订审批", cancel_approved, cancel_rejected, _deal_url))
    register("deal_red", Handler("红字发票审批", red_approved, red_rejected, _deal_url))
    register("refund", Handler("退款审批", refund_approved, refund_rejected, _refund_url, REFUND_LABELS))


def _deal_url(approval: Approval) -> str:
    return reverse("sales:deal_page", args=[approval.subject_id])


def _refund_url(approval: Approval) -> str:
    deal_id = Refund.objects.values_list("deal_id", flat=True).get(pk=approval.subject_id)
    return reverse("sales:deal_page", args=[deal_id])
