"""战败确认回访: somebody else than the seller hears it from the customer."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dealership.audit.services import record, record_reveal
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.reach import require
from leads.loss_choices import CallBackResult, LossKind
from leads.models import LossApplication, LossCallBack
from leads.selectors.loss import loss_seen
from leads.services.loss import callers_of, tell_callers
from leads.services.loss_decision import require_decider


@service
def loss_call_back_ask(*, by: Any, application_id: int) -> LossApplication:
    """请先回访: the decider wants to hear it from the customer before agreeing, also where the draw did not (§4.2).

    From now on the application is treated as a drawn one. Refused for dormancy, twice, once answered, for who may not
    decide it, and in a store where nobody could call.
    """
    found = loss_seen(user=by).filter(pk=application_id).first()
    if found is None:
        raise NotFound
    row = lock(LossApplication.objects.all(), found.pk)
    require_decider(by, row)
    if not row.is_pending:
        raise Conflict("decided", f"该申请已处理（{row.get_state_display()}），无需再回访。")
    if row.kind != LossKind.LOSS:
        raise DomainError("not_a_loss", "休眠申请不需要回访，请直接审批。")
    if row.is_sampled:
        raise Conflict("asked", "该申请已经在回访名单里，请等客服或 DCC 登记结果。")
    if not callers_of(row.prospect, row.applied_by).exists():
        raise DomainError("no_callers", "本店没有可以回访的客服或 DCC，请您亲自联系客户后再审批。")
    row.is_sampled = True
    row.touch()
    row.save(update_fields=["is_sampled", "version", "updated_at"])
    tell_callers(row)
    record(by=by, action="loss.call_back_ask", target=row)
    return row


@service
def loss_call_back(*, by: Any, application_id: int, result: str, note: str = "") -> LossCallBack:
    """Write one attempt. Refused for the seller and the applicant, for an answered application, and without words
    when the customer was reached.
    """
    row = lock(LossApplication.objects.to_call(by), application_id)
    require(by, "loss.call_back", row.store_id)
    if by.pk in (row.owner_id, row.applied_by_id, row.prospect.owner_id):
        raise NotAllowed("自己名下的客户请由其他同事回访。")
    if not row.is_pending:
        raise Conflict("decided", f"该申请已处理（{row.get_state_display()}），无需再回访。")
    note = clean_text(note)
    if result not in CallBackResult:
        raise DomainError("bad_result", "请选择回访结果。", {"result": ["请选择回访结果。"]})
    silent = (CallBackResult.NO_ANSWER, CallBackResult.WRONG_NUMBER)
    if result not in silent and len(note) < 4:
        text = "请写下客户的原话或要点（至少 4 个字）。"
        raise DomainError("note_missing", text, {"note": [text]})
    call = LossCallBack.objects.create(
        application=row, called_by=by, called_at=periods.now(), result=result, note=note[:300]
    )
    if result == CallBackResult.INTERESTED:
        notify(
            to=[row.applied_by], kind="loss.called_back", key=f"loss:{row.pk}:called:{call.pk}",
            text="回访中您的客户表示仍有购车意向，请撤回申请并尽快联系。",
            url=reverse("leads:loss_detail", args=[row.pk]),
        )  # fmt: skip
    record(by=by, action="loss.call_back", target=row, changes={"result": result})
    return call


@service
def loss_number(*, by: Any, application_id: int, ip: str | None) -> str:
    """The customer's plain numbers for the call, logged like every look at one (R-PIPL)."""
    row = lock(LossApplication.objects.to_call(by), application_id)
    require(by, "loss.call_back", row.store_id)
    if not row.is_pending:
        raise Conflict("decided", f"该申请已处理（{row.get_state_display()}），无需再回访。")
    record_reveal(by=by, target=row.customer, field="phone", reason="战败确认回访", ip=ip)
    numbers = row.customer.phones.order_by("-is_primary", "id").values_list("number", flat=True)
    return "、".join(number.removeprefix("+86") for number in numbers)
