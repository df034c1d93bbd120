"""改约: the next contact on another day, before it is overdue and within the grade's interval (R-FU-1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.org.policy import policy
from dealership.org.reach import require
from leads import policies
from leads.choices import ProspectStatus, TaskKind
from leads.models import Prospect
from leads.services.history import open_tasks


@service
def follow_up_reschedule(*, by: Any, prospect_id: int, day: dt.date, reason: str) -> Prospect:
    """Move the regular contact of a card to `day`; the original due moment stays on the task (§3.2 on-time rate).

    Refused: an ended card, a contact that is overdue (it has to be made), a day gone by or past the grade's
    interval, no reason. The second follow-up after a refusal is never moved (R-REJ).
    """
    card = lock(Prospect.objects.visible_to(by), prospect_id)
    require(by, "follow_up.log", card.store_id)
    reason = clean_text(reason)
    if not policies.can_be_followed(card):
        raise DomainError("card_ended", f"该客户已{card.get_status_display()}，没有待跟进。")
    if len(reason) < 2:
        raise DomainError("reason_missing", "请填写改约原因。", {"reason": ["请填写改约原因。"]})
    tasks = open_tasks(card)
    task = next((row for row in tasks if row.kind == TaskKind.REGULAR), None)
    if task is None:
        raise DomainError("no_task", "该客户没有可以改约的跟进；首次回访和二次追踪须按期完成。")
    if task.due_at < periods.now():
        raise DomainError("overdue", "该客户已逾期，请先联系客户，再约定下一次。")
    before = card.next_follow_up_at
    task.due_at = _due_on(card, day)
    task.save(update_fields=["due_at"])
    card.next_follow_up_at = min(row.due_at for row in tasks)
    card.touch()
    card.save(update_fields=["next_follow_up_at", "version", "updated_at"])
    changes = {"from": before, "to": card.next_follow_up_at, "reason": reason}
    record(by=by, action="follow_up.reschedule", target=card, changes=changes)
    return card


def bring_forward(card: Prospect, *, at: dt.datetime) -> None:
    """There is a reason to call: the regular contact of an active card is due tomorrow at the latest.

    In the caller's transaction, the card locked. What is due sooner stays; the first due moment stays on the task.
    """
    due = policies.due_after(periods.local_date(at), 1, card.store_id)
    tasks = open_tasks(card)
    task = next((row for row in tasks if row.kind == TaskKind.REGULAR), None)
    if card.status != ProspectStatus.ACTIVE or task is None or task.due_at <= due:
        return
    task.due_at = due
    task.save(update_fields=["due_at"])
    card.next_follow_up_at = min(row.due_at for row in tasks)
    card.touch()
    card.save(update_fields=["next_follow_up_at", "version", "updated_at"])


def _due_on(card: Prospect, day: dt.date) -> dt.datetime:
    """The moment due on that day, at the store's follow-up hour; within the grade's interval of the last contact."""
    if day < periods.today():
        raise DomainError("day_past", "改约日期不能早于今天。", {"day": ["改约日期不能早于今天。"]})
    due = periods.at(day, policy("follow_up.default_time", card.store_id, day))
    last = periods.local_date(card.last_contact_at or card.card_created_at)
    allowed = policies.regular_due(card.grade, last, card.store_id)
    if policies.is_later_than_allowed(due, allowed):
        latest = periods.day_label(periods.local_date(allowed))
        text = f"{card.grade}级客户最迟 {latest} 要联系；要更晚请在跟进时写明原因。"
        raise DomainError("day_too_late", text, {"day": [text]})
    return max(due, periods.now() + dt.timedelta(minutes=1))
