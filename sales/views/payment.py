"""The cashier's queue, one receipt, refunds, the voucher."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.forms import DomainForm
from dealership.core.money import ZERO
from dealership.core.paging import page_of
from dealership.core.views import done, put_refusal_on_form, refuse
from dealership.org.reach import can
from sales import forms
from sales.choices import PaymentStatus
from sales.filters import PaymentFilter
from sales.models import Payment
from sales.selectors.money import refundable
from sales.selectors.payment import day_totals, payment_get, payment_list, refund_get, refunds_open
from sales.services import payment as payments
from sales.views.base import Act, Page, back_to, offers

ORDERING = ("-registered_at", "-id")


def queue_filters(request: HttpRequest) -> QueryDict:
    """The address's filters; without any what waits for the cashier is meant."""
    given = request.GET.copy()
    given.pop("cursor", None)
    if not any(given.getlist(name) for name in given):
        given.setlist("status", [PaymentStatus.PENDING.value])
    return given


class PaymentList(Page):
    """What waits for the cashier, the day's totals per way, refunds to pay."""

    resource = "payment"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = PaymentFilter(queue_filters(request), queryset=payment_list(user=request.user), request=request)
        page = page_of(request, filters.qs, ORDERING)
        today = periods.today()
        may_clear = can(request.user, "payment.clear")
        context = {
            "filter": filters, "page": page, "today": today, "may_clear": may_clear, "states": PaymentStatus,
            "totals": day_totals(user=request.user, day=today), "chosen": filters.data.getlist("status"),
            "refunds": refunds_open(user=request.user), "may_pay": can(request.user, "refund.pay"),
            "clear_form": forms.ClearForm(user=request.user),
        }  # fmt: skip
        return render(request, "sales/payment_list.html", context)


def _may(act: str, *states: str) -> Any:
    return lambda user, row: row.status in states and can(user, act, row.store_id)


def _plain(form: type[DomainForm]) -> Any:
    return lambda user, _row, data: form(data, user=user)


def _may_refund(user: Any, row: Payment) -> bool:
    own = row.owner_id == user.pk or can(user, "deal.change_any", row.store_id)
    takes = row.status == PaymentStatus.CLEARED and row.amount > ZERO and not hasattr(row, "reversed_by")
    return takes and own and can(user, "deal.cancel", row.store_id) and refundable(row) > ZERO


def _may_withdraw(user: Any, row: Payment) -> bool:
    mine = row.registered_by_id == user.pk or row.deal.is_worked_by(user)
    hand = mine or can(user, "deal.change_any", row.store_id)
    return hand and _may("payment.register", PaymentStatus.PENDING)(user, row)


def _may_reverse(user: Any, row: Payment) -> bool:
    open_ = row.reverses_id is None and row.amount > ZERO and not hasattr(row, "reversed_by")
    return open_ and _may("payment.reverse", PaymentStatus.CLEARED)(user, row)


def _may_reconcile(user: Any, row: Payment) -> bool:
    stranger = user.pk not in (row.registered_by_id, row.cleared_by_id) and row.reconciled_at is None
    return stranger and _may("payment.reconcile", PaymentStatus.CLEARED)(user, row)


_ACTS = (
    Act("clear", gettext_lazy("确认到账"), _plain(forms.ClearForm),
        lambda by, row, d: payments.payment_clear(by=by, payment_id=row.pk, at=d["at"]),
        _may("payment.clear", PaymentStatus.PENDING), gettext_lazy("已确认到账，收据号已生成。"), tone="success",
        hint=gettext_lazy("请先核对账户金额与流水号；确认后不可修改，只能冲销。")),
    Act("reject", gettext_lazy("未到账退回"), _plain(forms.ReasonForm),
        lambda by, row, d: payments.payment_reject(by=by, payment_id=row.pk, reason=d["reason"]),
        _may("payment.reject", PaymentStatus.PENDING), gettext_lazy("已退回登记人。"), tone="danger"),
    Act("withdraw", gettext_lazy("撤回登记"), _plain(forms.WithdrawForm),
        lambda by, row, _data: payments.payment_withdraw(by=by, payment_id=row.pk), _may_withdraw,
        gettext_lazy("已撤回，这笔登记不再等待到账。"), tone="danger",
        hint=gettext_lazy("仅限出纳确认到账之前；撤回后如需收款请重新登记。")),
    Act("reconcile", gettext_lazy("对账相符"), _plain(forms.NoteForm),
        lambda by, row, _data: payments.payment_reconcile(by=by, payment_id=row.pk), _may_reconcile,
        gettext_lazy("已对账。")),
    Act("refund", gettext_lazy("申请退款"), _plain(forms.RefundForm),
        lambda by, row, d: payments.refund_request(
            by=by, payment_id=row.pk, amount=d["amount"], reason=d["reason"]),
        _may_refund, gettext_lazy("退款申请已提交。"), tone="secondary",
        hint=gettext_lazy("退回原付款人；定金仅在我方原因时可退。")),
    Act("reverse", gettext_lazy("冲销"), _plain(forms.ReasonForm),
        lambda by, row, d: payments.payment_reverse(by=by, payment_id=row.pk, reason=d["reason"]), _may_reverse,
        gettext_lazy("已冲销，原记录保留。"), tone="danger",
        hint=gettext_lazy("生成一笔相反金额的记录，日期为今天；原记录不改动。")),
)  # fmt: skip
PAYMENT_ACTS = {act.name: act for act in _ACTS}


def page_context(request: HttpRequest, row: Payment, bound: tuple[str, DomainForm] | None = None) -> dict[str, Any]:
    """What the page of one receipt shows."""
    return {"row": row, "offers": offers(request.user, row, PAYMENT_ACTS, bound)}


class PaymentPage(Page):
    """One receipt with what may be done."""

    resource = "payment"

    def get(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        row = payment_get(user=request.user, payment_id=payment_id)
        return render(request, "sales/payment_page.html", page_context(request, row))


class PaymentAct(Page):
    """One act on a receipt, from its page or the queue."""

    resource = "payment"

    def get(self, request: HttpRequest, payment_id: int, act: str) -> HttpResponse:
        """Reloading after a refusal comes back to the receipt."""
        return redirect("sales:payment_page", payment_get(user=request.user, payment_id=payment_id).pk)

    def post(self, request: HttpRequest, payment_id: int, act: str) -> HttpResponse:
        row = payment_get(user=request.user, payment_id=payment_id)
        chosen = PAYMENT_ACTS.get(act)
        if chosen is None:
            raise Http404
        form = chosen.form(request.user, row, request.POST)
        template = "sales/payment_page.html"
        if not form.is_valid():
            return render(request, template, page_context(request, row, (act, form)), status=422)
        try:
            chosen.run(request.user, row, form.cleaned_data)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            put_refusal_on_form(form, error)
            fresh = payment_get(user=request.user, payment_id=payment_id)
            return render(request, template, page_context(request, fresh, (act, form)), status=error.status)
        done(request, chosen.done)
        return redirect(back_to(request, reverse("sales:payment_page", args=[payment_id])))


class RefundPay(Page):
    """Pay an approved refund."""

    resource = "payment"
    template = "sales/refund_pay.html"

    def get(self, request: HttpRequest, refund_id: int) -> HttpResponse:
        row = refund_get(user=request.user, refund_id=refund_id)
        return render(request, self.template, {"row": row, "form": forms.SlipForm(user=request.user)})

    def post(self, request: HttpRequest, refund_id: int) -> HttpResponse:
        row = refund_get(user=request.user, refund_id=refund_id)
        form = forms.SlipForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, {"row": row}, form)
        try:
            payments.refund_pay(by=request.user, refund_id=refund_id, slip_no=form.cleaned_data["slip_no"])
        except DomainError as error:
            if error.status in (403, 404):
                raise
            return refuse(request, self.template, {"row": row}, form, error)
        done(request, _("退款已登记支付。"))
        return redirect("sales:payment_list")


class PaymentPrint(Page):
    """The receipt voucher on A4."""

    resource = "payment"

    def get(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        row = payment_get(user=request.user, payment_id=payment_id)
        if row.status != PaymentStatus.CLEARED:
            raise DomainError("not_cleared", _("到账后才能打印收据。"))
        return render(request, "sales/print_receipt.html", {"row": row, "printed_at": periods.now()})
