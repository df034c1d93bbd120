"""What may be done on the deal page, in the order of a deal's life."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dealership.audit.services import once
from dealership.core import periods
from dealership.core.forms import DomainForm
from dealership.org.reach import can
from sales import forms
from sales.choices import OPEN_ORDERS, DealStatus, PaymentMode
from sales.models import Deal, Payment
from sales.selectors.deal import red_is_approved
from sales.selectors.money import outstanding, pending_total
from sales.selectors.payment import payment_get
from sales.selectors.vehicle import allocatable
from sales.services import deal as deals
from sales.services import payment as payments
from sales.services.deal.promise import PROMISED_STATES
from sales.views.base import Act

S = DealStatus


def _plain(form: type[DomainForm]) -> Any:
    return lambda user, deal, data: form(data, user=user, initial={"version": deal.version})


def _payment_form(user: Any, deal: Deal, data: Any) -> DomainForm:
    left = outstanding(deal) - pending_total(deal.pk)
    first = deal.status == S.PENDING_DEPOSIT
    initial = {
        "payer_name": deal.buyer_name,
        "purpose": "deposit" if first else "balance",
        "method": "transfer",
        "amount": deal.deposit_amount if first else max(left, 0),
    }
    return forms.PaymentForm(data, user=user, initial=initial)


def _allocate_form(user: Any, deal: Deal, data: Any) -> DomainForm:
    return forms.AllocateForm(data, user=user, cars=allocatable(deal), initial={"vehicle": allocatable(deal).first()})


def _invoice_form(user: Any, deal: Deal, data: Any) -> DomainForm:
    car = deal.vehicle
    initial = {
        "issued_on": periods.today(), "amount": deal.deal_price, "buyer_name": deal.buyer_name,
        "vin": car.vin if car else "",
    }  # fmt: skip
    return forms.InvoiceForm(data, user=user, initial=initial)


def _red_form(user: Any, deal: Deal, data: Any) -> DomainForm:
    return forms.RedForm(data, user=user, initial={"issued_on": periods.today()})


def _may(act: str, *states: str) -> Any:
    def shown(user: Any, deal: Deal) -> bool:
        return deal.status in states and can(user, act, deal.store_id)

    return shown


def _mine(act: str, *states: str) -> Any:
    """As `_may`, for acts on one's own deals or any of the store's by a manager or the desk."""

    def shown(user: Any, deal: Deal) -> bool:
        own = deal.is_worked_by(user) or can(user, "deal.change_any", deal.store_id)
        return deal.status in states and own and can(user, act, deal.store_id)

    return shown


def _register(by: Any, deal: Deal, data: dict[str, Any]) -> Payment:
    told = {name: data[name] for name in ("purpose", "method", "amount", "payer_name", "slip_no", "third_party_note")}
    return once(
        by=by, action="payment.register", key=data["idempotency_key"],
        create=lambda: payments.payment_register(by=by, deal_id=deal.pk, **told),
        find=lambda pk: payment_get(user=by, payment_id=pk),
    )[0]  # fmt: skip


def _loan_waits(user: Any, deal: Deal) -> bool:
    waits = deal.payment_mode == PaymentMode.LOAN and deal.loan_approved_at is None
    return waits and deal.status in OPEN_ORDERS and can(user, "deal.settle", deal.store_id)


def _below_cost(user: Any, deal: Deal) -> bool:
    return _mine("deal.submit", S.ALLOCATED, S.PAID)(user, deal) and deals.deal_is_below_cost(deal=deal)


_ACTS = (
    Act(
        "submit", _("提交订单"), _plain(forms.SubmitForm),
        lambda by, deal, d: deals.deal_submit(by=by, deal_id=deal.pk, version=d["version"], reason=d["reason"]),
        _mine("deal.submit", S.DRAFT), _("订单已提交。"),
        hint=_("权限内直接进入待收定金/订金；超出权限自动转特价审批，当日答复。"),
    ),
    Act(
        "register", _("登记收款"), _payment_form, _register,
        _may("payment.register", S.PENDING_DEPOSIT, S.ORDERED, S.ALLOCATED, S.INVOICED, S.READY, S.DELIVERED),
        _("收款已登记，等待出纳确认到账。"), hint=_("登记后由出纳核对账户并确认到账。"),
    ),
    Act(
        "allocate", _("配车"), _allocate_form,
        lambda by, deal, d: deals.deal_allocate(
            by=by, deal_id=deal.pk, vehicle_id=d["vehicle"].pk, reason=d["reason"]),
        _may("vehicle.allocate", S.ORDERED), _("已配车。"), hint=_("先到库的车排在前面。"),
    ),
    Act(
        "loan", _("登记贷款批复"), _plain(forms.NoteForm),
        lambda by, deal, _data: deals.deal_loan_approve(by=by, deal_id=deal.pk),
        _loan_waits, _("贷款批复已登记。"),
    ),
    Act(
        "below_cost", _("申请低于成本价"), _plain(forms.ReasonForm),
        lambda by, deal, d: deals.deal_ask_below_cost(by=by, deal_id=deal.pk, reason=d["reason"]),
        _below_cost,
        _("已提交集团审批。"), tone="warning", hint=_("车价低于该车成本，财务开票前须集团批准。"),
    ),
    Act(
        "invoice", _("登记发票"), _invoice_form,
        lambda by, deal, d: deals.deal_invoice(
            by=by, deal_id=deal.pk, number=d["number"], issued_on=d["issued_on"], amount=d["amount"],
            buyer_name=d["buyer_name"], vin=d["vin"]),
        _may("invoice.issue", S.PAID), _("发票已登记。"), hint=_("购买方、车架号、金额须与合同一致。"),
    ),
    Act(
        "deliver", _("确认交车"), _plain(forms.DeliverForm),
        lambda by, deal, d: deals.deal_deliver(by=by, deal_id=deal.pk, at=d["at"]),
        lambda user, deal: _may("delivery.complete", S.READY)(user, deal)
        or (deal.delivery_exception_by_id is not None and _may("delivery.complete", S.INVOICED)(user, deal)),
        _("已交车，客户已转为保有客户，回访任务已安排。"), tone="success",
    ),
    Act(
        "pdi", _("PDI检测通过"), _plain(forms.NoteForm),
        lambda by, deal, _data: deals.deal_pdi(by=by, deal_id=deal.pk),
        lambda user, deal: deal.pdi_passed_at is None
        and _may("delivery.prepare", S.ALLOCATED, S.PAID, S.INVOICED)(user, deal),
        _("PDI检测已登记。"),
    ),
    Act(
        "papers", _("其余资料全部到店"), _plain(forms.NoteForm),
        lambda by, deal, _data: deals.documents_arrived(by=by, deal_id=deal.pk),
        _may("deal.documents", S.PAID, S.INVOICED), _("资料已登记到店。"), tone="secondary",
        hint=_("发票与PDI检测单由各自步骤登记；合格证质押时不能登记。"),
    ),
    Act(
        "close", _("资料归档"), _plain(forms.NoteForm),
        lambda by, deal, _data: deals.deal_close(by=by, deal_id=deal.pk),
        _may("deal.documents", S.DELIVERED), _("已归档。"),
    ),
    Act(
        "exception", _("签批例外交车"), _plain(forms.ExceptionForm),
        lambda by, deal, d: deals.delivery_exception(by=by, deal_id=deal.pk, reason=d["reason"]),
        _may("delivery.exception", S.INVOICED, S.READY), _("已签批，交付专员可以交车。"), tone="warning",
    ),
    Act(
        "ask_red", _("申请红字发票（退订）"), _plain(forms.ReasonForm),
        lambda by, deal, d: deals.deal_ask_red(by=by, deal_id=deal.pk, reason=d["reason"]),
        _mine("deal.cancel", S.INVOICED, S.READY), _("已提交总经理审批。"), tone="danger",
        hint=_("已开票的订单须先红冲发票，再申请退订。总经理同意后由财务开具。"),
    ),
    Act(
        "red", _("登记红字发票"), _red_form,
        lambda by, deal, d: deals.deal_invoice_red(
            by=by, deal_id=deal.pk, number=d["number"], issued_on=d["issued_on"]),
        lambda user, deal: _may("invoice.issue", S.INVOICED, S.READY)(user, deal) and red_is_approved(deal=deal),
        _("红字发票已登记，订单可以退订。"), tone="warning",
    ),
    Act(
        "recall", _("撤回修改"), _plain(forms.ReasonForm),
        lambda by, deal, d: deals.deal_recall(by=by, deal_id=deal.pk, reason=d["reason"]),
        _mine("deal.change", S.PRICE_APPROVAL, S.PENDING_DEPOSIT), _("已撤回为草稿。"), tone="secondary",
    ),
    Act(
        "promise", _("调整承诺交期"),
        lambda user, deal, data: forms.PromiseForm(
            data, user=user, initial={"version": deal.version, "promised_on": deal.promised_on}),
        lambda by, deal, d: deals.deal_promise(
            by=by, deal_id=deal.pk, promised_on=d["promised_on"], reason=d["reason"], version=d["version"]),
        _mine("deal.change", *PROMISED_STATES), _("承诺交期已调整，原承诺与原因已记入经过。"), tone="secondary",
        hint=_("请先与客户说好新的日期；首次承诺保留不变。"),
    ),
    Act(
        "release", _("退回配车（改配）"), _plain(forms.ReasonForm),
        lambda by, deal, d: deals.deal_release_vehicle(by=by, deal_id=deal.pk, reason=d["reason"]),
        _may("vehicle.allocate", S.ALLOCATED, S.PAID), _("车辆已释放，订单重新等待配车。"), tone="secondary",
    ),
    Act(
        "void", _("作废"), _plain(forms.ReasonForm),
        lambda by, deal, d: deals.deal_void(by=by, deal_id=deal.pk, reason=d["reason"]),
        _mine("deal.cancel", S.DRAFT, S.PRICE_APPROVAL, S.PENDING_DEPOSIT), _("订单已作废。"), tone="danger",
    ),
    Act(
        "cancel", _("申请退订"), _plain(forms.CancelForm),
        lambda by, deal, d: deals.deal_cancel_request(
            by=by, deal_id=deal.pk, reason=d["reason"], note=d["note"], seller_caused=d["seller_caused"],
            version=d["version"]),
        _mine("deal.cancel", S.ORDERED, S.ALLOCATED, S.PAID), _("退订申请已提交，等待销售经理审批。"),
        tone="danger", hint=_("批准后车辆立即释放；定金因客户原因不退，订金可申请退款。"),
    ),
)  # fmt: skip
DEAL_ACTS = {act.name: act for act in _ACTS}
