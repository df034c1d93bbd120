"""培育池: customers below the threshold, warmed up by marketing and DCC until they are worth a consultant's day (O2).

The consultant stays the owner and the grade's follow-ups stay due (R-FU-1): the pool adds somebody, it takes nobody
away, so no customer is without a next step.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.reach import people_in, require
from leads.evaluation_choices import NurtureEnd
from leads.models import NurtureStay, Prospect, ProspectEvaluation
from leads.services.reschedule import bring_forward


def nurture_enter(evaluation: ProspectEvaluation, card: Prospect) -> None:
    """Into the pool by this evaluation, once; in the caller's transaction, card locked.

    Marketing and DCC hear once a day.
    """
    stay, is_new = NurtureStay.objects.get_or_create(
        prospect=card, left_at=None,
        defaults={"store_id": card.store_id, "evaluation": evaluation, "entered_at": evaluation.at},
    )  # fmt: skip
    if not is_new:
        stay.evaluation = evaluation
        stay.touch()
        stay.save()
        return
    notify(
        to=people_in([card.store_id], [Role.MARKETING, Role.DCC_AGENT]), kind="nurture.enter",
        key=f"nurture:{card.store_id}:{periods.local_date(evaluation.at)}",
        text="今天有评估未达标的客户进入培育池，请安排培育。", url=reverse("leads:nurture_list"),
    )  # fmt: skip


def nurture_leave(card: Prospect, *, end: NurtureEnd, at: dt.datetime, by: Any, note: str = "") -> NurtureStay | None:
    """Out of the pool, when in it; in the caller's transaction, the card locked."""
    stay = NurtureStay.objects.waiting().select_for_update(of=("self",)).filter(prospect=card).first()
    if stay is not None:
        stay.left_at, stay.left_by, stay.end, stay.note = at, by, end, note[:200]
        stay.touch()
        stay.save()
    return stay


@service
def nurture_return(*, by: Any, stay_id: int, reason: str) -> NurtureStay:
    """退回顾问: the customer woke up, the consultant calls by tomorrow (marketing, DCC and managers).

    Refused: no reason (what did the customer say or do?), a customer who has left the pool.
    """
    found = NurtureStay.objects.visible_to(by).filter(pk=stay_id).values_list("prospect_id", flat=True).first()
    card = lock(Prospect.objects.all(), found)
    require(by, "prospect.nurture", card.store_id)
    reason = clean_text(reason)
    if not 4 <= len(reason) <= 200:
        text = "请写明退回原因（4 至 200 字）：客户说了什么、为什么值得现在联系。"
        raise DomainError("reason_missing", text, {"reason": [text]})
    stay = lock(NurtureStay.objects.all(), stay_id)
    if stay.left_at is not None:
        raise Conflict("left", f"该客户已不在培育池（{stay.get_end_display()}），请刷新查看。")
    moment = periods.now()
    nurture_leave(card, end=NurtureEnd.RETURNED, at=moment, by=by, note=reason)
    bring_forward(card, at=moment)
    notify(
        to=[card.owner], kind="nurture.returned", key=f"nurture:{stay_id}:returned",
        text="有一位培育中的客户退回给您，请明天前联系；原因写在客户卡上。",
        url=reverse("leads:prospect_detail", args=[card.pk]),
    )  # fmt: skip
    stay.refresh_from_db()
    record(by=by, action="nurture.return", target=stay, changes={"prospect": card.pk})
    return stay
