"""Logging a contact: the rules R-FU-1, R-FU-2, R-FU-3, R-FU-6, R-GRADE and R-REJ of domain.md §5.1."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.prepared import rows_of
from dealership.core.services import check_version, found_one, service
from dealership.core.text import clean_text, fold
from dealership.org.policy import policy
from dealership.org.prepared import rows_for
from dealership.org.reach import can, require
from leads import policies
from leads.choices import (
    LONGEST_CONTACT,
    REJECTIONS,
    ContactChannel,
    FollowUpOutcome,
    Grade,
    ProspectStatus,
    TaskKind,
)
from leads.models import FollowUp, FollowUpTask, Prospect
from leads.services.history import finish_tasks, move_status, open_task, open_tasks, write_grade

MESSAGES = (ContactChannel.WECHAT, ContactChannel.SMS)


@dataclass(frozen=True)
class Contact:
    """One contact as asked for, cleaned; `moment` is when it happened."""

    channel: str
    outcome: str
    content: str
    grade: str
    moment: dt.datetime
    chosen_next: dt.datetime | None
    delay_reason: str
    grade_reason: str
    minutes: int | None

    @property
    def is_answered(self) -> bool:
        return self.outcome != FollowUpOutcome.NO_ANSWER

    @property
    def is_rejection(self) -> bool:
        return self.outcome in REJECTIONS

    @property
    def day(self) -> dt.date:
        return periods.local_date(self.moment)


@service
def follow_up_log(
    *,
    by: Any,
    prospect_id: int,
    channel: str,
    outcome: str,
    content: str = "",
    grade: str | None = None,
    next_follow_up_at: dt.datetime | None = None,
    delay_reason: str = "",
    grade_reason: str = "",
    version: int | None = None,
    done_at: dt.datetime | None = None,
    minutes: int | None = None,
) -> FollowUp:
    """Write one contact, move the grade, close and open tasks. `by` gets the credit, the owner stays, also
    when a colleague stands in for the day (代跟进, R-FU-2).

    Refused with a sentence that says how to mend it: an ended card, a stale version, a thin or copied text, a time
    used without contact, a regrade without contact or reason, a next date past the grade's interval without reason or
    consent.
    """
    card = found_one(rows_for(by, _attended_locked, ids=[prospect_id]))
    require(by, "follow_up.log", card.store_id)
    check_version(card, version, grade=card.grade, next_follow_up_at=card.next_follow_up_at)
    if not policies.can_be_followed(card):
        raise DomainError("card_ended", f"该客户已{card.get_status_display()}，不能再登记跟进。")
    contact = Contact(
        channel=channel, outcome=outcome, content=clean_text(content), grade=grade or card.grade,
        moment=done_at or periods.now(), chosen_next=next_follow_up_at, delay_reason=clean_text(delay_reason),
        grade_reason=clean_text(grade_reason), minutes=minutes,
    )  # fmt: skip
    check_contact(card, contact)
    check_grade(card, contact)
    waiting = open_tasks(card)
    due = None if _only_thanks(contact, waiting) else _next_due(card, contact, by)
    return _write(card, contact, waiting, due, by=by)


def _attended_locked(user: Any, ids: Sequence[int]) -> QuerySet[Prospect]:
    """`lock` for a reach that costs more to put together than the rest of the write."""
    return Prospect.objects.attended_by(user).select_for_update(of=("self",)).filter(pk=ids[0])


def check_contact(card: Prospect, contact: Contact) -> None:
    """R-FU-3: channel, outcome, a text of its own; not in the future, not before the card."""
    if contact.channel not in ContactChannel or contact.outcome not in FollowUpOutcome:
        raise DomainError("bad_choice", "请选择跟进方式和结果。", {"outcome": ["请选择跟进方式和结果。"]})
    if contact.moment > periods.now():
        raise DomainError("in_future", "跟进时间不能晚于现在。", {"done_at": ["跟进时间不能晚于现在。"]})
    if contact.day < periods.local_date(card.card_created_at):
        raise DomainError("before_card", "跟进时间不能早于建卡日期。", {"done_at": ["跟进时间不能早于建卡日期。"]})
    _check_minutes(contact)
    if not contact.is_answered and not contact.content:
        return
    _check_text(card, contact.content, contact.is_answered)


def _check_minutes(contact: Contact) -> None:
    """用时 is optional; nobody was talked to on an unanswered call, and what is not known stays empty."""
    if contact.minutes is None:
        return
    if not contact.is_answered:
        text = "未接通没有用时，请把用时改为“不记”。"
        raise DomainError("minutes_without_contact", text, {"minutes": [text]})
    if not 1 <= contact.minutes <= LONGEST_CONTACT:
        text = f"用时请填 1 到 {LONGEST_CONTACT} 之间的整分钟，不清楚就不填。"
        raise DomainError("bad_minutes", text, {"minutes": [text]})


def _check_text(card: Prospect, text: str, is_answered: bool) -> None:
    shortest = policy("follow_up.min_length", card.store_id)
    if is_answered and len("".join(text.split())) < shortest:
        message = f"跟进内容至少 {shortest} 个字，请写清客户说了什么、下一步做什么。"
        raise DomainError("content_short", message, {"content": [message]})
    if len(text) > 1000:
        raise DomainError("content_long", "跟进内容最多 1000 字。", {"content": ["跟进内容最多 1000 字。"]})
    window = policy("follow_up.repeat_window", card.store_id)
    latest = rows_of((_texts, window), lambda ids: _texts(ids[0], window), [card.pk]) if is_answered else []
    if fold(text) in {fold(old) for old in latest}:
        message = "内容与该客户最近的跟进记录完全相同，请写本次沟通的实际情况。"
        raise DomainError("content_repeated", message, {"content": [message]})


def _texts(card: int, window: int) -> QuerySet[Any, Any]:
    rows = FollowUp.objects.filter(prospect_id=card).order_by("-done_at", "-id")
    return rows.values_list("content", flat=True)[:window]


def check_grade(card: Prospect, contact: Contact) -> None:
    """R-GRADE, R-FU-6: a regrade needs a contact; two levels down a reason; a new card is judged when reached."""
    if contact.grade == card.grade:
        if policies.needs_grading(card) and contact.is_answered:
            _refuse_grade("grade_missing", "新客户已联系上，请按意向判定级别（H、A、B 或 C）。")
        return
    if not policies.can_regrade(card):
        _refuse_grade("grade_fixed", f"客户当前为“{card.get_status_display()}”，级别由系统确定，不能修改。")
    if contact.grade not in policies.gradable():
        _refuse_grade("bad_grade", "级别只能改为 H、A、B 或 C。")
    if not contact.is_answered:
        _refuse_grade("grade_without_contact", "未接通时不能调整级别，请联系上客户后再改。")
    limit = policy("follow_up.regrade_reason_levels", card.store_id)
    if policies.levels_down(card.grade, contact.grade) >= limit and len(contact.grade_reason) < 2:
        text = f"级别由 {card.grade} 降到 {contact.grade}，请填写降级原因。"
        raise DomainError("grade_reason_missing", text, {"grade_reason": [text]})


def _refuse_grade(code: str, text: str) -> None:
    raise DomainError(code, text, {"grade": [text]})


def _next_due(card: Prospect, contact: Contact, by: Any) -> dt.datetime | None:
    """The next contact: default or chosen within the grade's interval (R-FU-1); None keeps what is due (R-FU-3).

    While an application on the card waits for its answer nothing becomes due.
    """
    if policies.awaits_answer(card):
        return None
    if not contact.is_answered and _no_answers_spent(card):
        if contact.chosen_next is not None:
            text = "已连续多次未接通，本次不再顺延跟进日期，请换时间或换方式联系。"
            raise DomainError("no_answer_limit", text, {"next_follow_up_at": [text]})
        return None
    allowed = policies.regular_due(contact.grade, contact.day, card.store_id)
    chosen = contact.chosen_next
    if chosen is None:
        return allowed
    if chosen <= contact.moment or periods.local_date(chosen) < periods.today():
        _refuse_next("next_in_past", "下次跟进时间要晚于现在。")
    if chosen > periods.now() + policies.MAX_AHEAD:
        _refuse_next("next_too_far", "下次跟进时间太远，请核对年份。")
    if policies.is_later_than_allowed(chosen, allowed):
        _check_delay(card, contact, allowed, by)
    return chosen


def _check_delay(card: Prospect, contact: Contact, allowed: dt.datetime, by: Any) -> None:
    day = periods.day_label(periods.local_date(allowed))
    if len(contact.delay_reason) < 2:
        text = f"{contact.grade}级最迟应在 {day} 跟进；要更晚请填写延后原因。"
        raise DomainError("delay_reason_missing", text, {"delay_reason": [text]})
    if contact.grade in (Grade.H, Grade.A) and not can(by, "prospect.reassign", card.store_id):
        text = f"{contact.grade}级客户要晚于 {day} 跟进须经展厅经理同意：请改为更早的日期，或请经理在此卡上登记。"
        raise DomainError("delay_needs_manager", text, {"next_follow_up_at": [text]})


def _refuse_next(code: str, text: str) -> None:
    raise DomainError(code, text, {"next_follow_up_at": [text]})


def _no_answers_spent(card: Prospect) -> bool:
    """R-FU-3: for H and A the third unanswered call running leaves the due date where it is."""
    if card.grade not in (Grade.H, Grade.A):
        return False
    allowed = int(policy("follow_up.no_answer_resets", card.store_id))
    rows = FollowUp.objects.filter(prospect=card).order_by("-done_at", "-id").values_list("outcome", flat=True)
    last = list(rows[:allowed])
    return len(last) == allowed and all(outcome == FollowUpOutcome.NO_ANSWER for outcome in last)


def _only_thanks(contact: Contact, waiting: list[FollowUpTask]) -> bool:
    """R-FU-4: a thank-you message after a first visit leaves the first call where it is."""
    kinds = {task.kind for task in waiting}
    plain = contact.outcome == FollowUpOutcome.REACHED and contact.chosen_next is None
    return plain and contact.channel in MESSAGES and {TaskKind.THANKS, TaskKind.FIRST} <= kinds


def _write(
    card: Prospect, contact: Contact, waiting: list[FollowUpTask], due: dt.datetime | None, *, by: Any
) -> FollowUp:
    kept = [task.due_at for task in waiting if not _fulfils(contact, task, renews=due is not None)]
    row = FollowUp.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, done_by=by, prospect=card,
        customer_id=card.customer_id, done_at=contact.moment, channel=contact.channel, outcome=contact.outcome,
        content=contact.content, grade_before=card.grade, grade_after=contact.grade,
        next_follow_up_at=due or min(kept, default=None), delay_reason=contact.delay_reason[:200],
        minutes=contact.minutes,
    )  # fmt: skip
    if contact.grade != card.grade:
        write_grade(card, contact.grade, at=contact.moment, by=by, reason=contact.grade_reason)
    if card.status == ProspectStatus.OUT_OF_CONTROL and contact.is_answered:
        move_status(card, ProspectStatus.ACTIVE, at=contact.moment, by=by, reason="重新联系上")
    _renew_tasks(card, contact, row, waiting, due)
    if contact.is_answered:
        card.last_contact_at = max(contact.moment, card.last_contact_at or contact.moment)
    card.touch()
    card.save()
    record(
        by=by, action="follow_up.log", target=row,
        changes={"outcome": row.outcome, "grade": [row.grade_before, row.grade_after]},
    )  # fmt: skip
    return row


def _renew_tasks(
    card: Prospect, contact: Contact, row: FollowUp, waiting: list[FollowUpTask], due: dt.datetime | None
) -> None:
    """Close what this contact fulfils and open what follows; the nearest open task is the card's next step.

    A refusal opens the mandatory second follow-up, due by the grade the customer had when refusing (R-REJ); only a
    real contact fulfils it, and a refusal heard in that second follow-up does not open a third.
    """
    fulfilled = [task for task in waiting if _fulfils(contact, task, renews=due is not None)]
    finish_tasks(fulfilled, row)
    left = [task for task in waiting if task not in fulfilled]
    if due is not None:
        left.append(open_task(card, TaskKind.REGULAR, due, at=contact.moment))
    was_second = any(task.kind == TaskKind.SECOND for task in fulfilled)
    if contact.is_rejection and not was_second and card.status == ProspectStatus.ACTIVE:
        second = policies.second_due(row.grade_before, contact.day, card.store_id)
        left.append(open_task(card, TaskKind.SECOND, second, at=contact.moment))
    card.next_follow_up_at = min((task.due_at for task in left), default=None)


def _fulfils(contact: Contact, task: FollowUpTask, *, renews: bool) -> bool:
    """A contact entered after the fact, from before the refusal, is no second look at it (R-REJ)."""
    if task.kind == TaskKind.SECOND:
        return contact.is_answered and contact.moment >= task.created_at
    return contact.is_answered if task.kind == TaskKind.THANKS else renews
