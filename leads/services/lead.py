"""Working on a raw lead: trying to reach the person, ending it as 非意向, the logged look at the number (§4.1)."""

from __future__ import annotations

from typing import Any

from dealership.audit.services import record, record_reveal
from dealership.core import periods
from dealership.core.services import check_version, service
from dealership.core.text import clean_text
from dealership.org.policy import policy
from leads.choices import AttemptOutcome, ContactChannel, LeadEvent, LeadInvalidReason, LeadState
from leads.models import Lead, LeadAttempt
from leads.services import lead_state
from leads.services.lead_state import locked, refused, write_attempt

NOTE_LENGTH = 200
# One-tap outcomes that leave the lead open; the others end it through `lead_mark_invalid`.
OPEN_OUTCOMES = (AttemptOutcome.REACHED, AttemptOutcome.NO_ANSWER)


@service
def lead_attempt_log(*, by: Any, lead_id: int, channel: str, outcome: str, note: str = "") -> LeadAttempt:
    """打通了 / 未接通: one contact attempt; the first of a turn answers the first-response clock.

    Refused for a lead that is not being worked on, and for unknown choices.
    """
    lead = locked(by, lead_id, "lead.work")
    _check_worked(lead)
    note = _note(note)
    if channel not in ContactChannel or outcome not in OPEN_OUTCOMES:
        raise refused("bad_choice", "请选择联系方式和结果（打通了或未接通）。", "outcome")
    row = write_attempt(
        lead, by=by, channel=channel, outcome=AttemptOutcome(outcome), note=note, at=periods.now()
    )  # fmt: skip
    lead.touch()
    lead.save(update_fields=["first_contact_at", "version", "updated_at"])
    record(by=by, action="lead.attempt", target=lead, changes={"outcome": row.outcome})
    return row


@service
def lead_mark_invalid(
    *,
    by: Any,
    lead_id: int,
    reason: str,
    note: str = "",
    channel: str = ContactChannel.PHONE,
    version: int | None = None,
) -> Lead:
    """非意向 with its sub-reason. Saying so is itself an attempt, except for 多次无人接听.

    多次无人接听 needs the policy's attempts on its days (at least three on two); 其他 needs words.
    """
    lead = locked(by, lead_id, "lead.work")
    check_version(lead, version)
    _check_worked(lead)
    note = _note(note)
    if reason not in LeadInvalidReason:
        raise refused("bad_reason", "请选择非意向原因。", "reason")
    if reason == LeadInvalidReason.OTHER and len(note) < 2:
        raise refused("note_missing", "原因选“其他”时请写明情况。", "note")
    if channel not in ContactChannel:
        raise refused("bad_choice", "请选择联系方式。", "channel")
    moment = periods.now()
    if reason == LeadInvalidReason.NO_ANSWER:
        _check_no_answers(lead)
    else:
        wrong = reason == LeadInvalidReason.WRONG_NUMBER
        outcome = AttemptOutcome.WRONG_NUMBER if wrong else AttemptOutcome.REFUSED
        write_attempt(lead, by=by, channel=channel, outcome=outcome, note=note, at=moment)
    before = lead_state.move(lead, LeadEvent.INVALIDATE)
    lead_state.end_turn(lead, LeadEvent.INVALIDATE, at=moment)
    lead.invalid_reason, lead.invalid_note, lead.processed_at = reason, note, moment
    words = LeadInvalidReason(reason).label
    lead_state.save(
        lead, LeadEvent.INVALIDATE, before, at=moment, by=by, from_owner_id=lead.owner_id, reason=words
    )  # fmt: skip
    record(by=by, action="lead.invalid", target=lead, changes={"reason": reason})
    return lead


def _check_worked(lead: Lead) -> None:
    if lead.state == LeadState.ASSIGNED:
        return
    if lead.is_in_pool:
        raise refused("not_taken", "这条线索还在公共池，请先领取再联系。")
    if lead.state == LeadState.TRANSFER_PENDING:
        raise refused("transfer_pending", "这条线索正在申请转移，经理答复后再处理。")
    raise refused("processed", f"这条线索已处理（{lead.get_state_display()}），不能再登记。")


def _note(note: str) -> str:
    note = clean_text(note)
    if len(note) > NOTE_LENGTH:
        raise refused("note_long", f"说明最多 {NOTE_LENGTH} 字。", "note")
    return note


def _check_no_answers(lead: Lead) -> None:
    """At least three unanswered attempts on at least two days (policies; a defeat is not declared in one evening)."""
    calls = int(policy("lead.no_answer_attempts", lead.store_id))
    days = int(policy("lead.no_answer_days", lead.store_id))
    made = LeadAttempt.objects.filter(lead=lead, outcome=AttemptOutcome.NO_ANSWER).values_list("at", flat=True)
    on = {periods.local_date(at) for at in made}
    if len(made) < calls or len(on) < days:
        text = (
            f"“多次无人接听”须至少拨打 {calls} 次、分布在 {days} 天；"
            f"目前 {len(made)} 次、{len(on)} 天，请换时间再联系。"
        )
        raise refused("no_answer_few", text, "reason")


@service
def lead_reveal(*, by: Any, lead_id: int, reason: str, ip: str | None) -> str:
    """The plain number of a lead, logged with who, why and from where (R-PIPL, P01)."""
    lead = locked(by, lead_id, "customer.reveal")
    record_reveal(by=by, target=lead, field="phone", reason=clean_text(reason)[:200], ip=ip)
    return lead.phone.removeprefix("+86")
