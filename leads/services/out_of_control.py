"""失控: set by the system alone when a grade's limit has passed or nobody answers any more (§4.2, R-GRADE)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.services import service
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.policy import policy
from dealership.org.reach import people_in
from leads import policies
from leads.choices import OPEN_GRADES, Grade, ProspectStatus
from leads.models import Prospect, StatusChange
from leads.selectors.loss import failed_contacts, forgotten
from leads.services.history import move_status

BATCH = 200


def _limit(grade: str, store_id: int, day: dt.date) -> dt.datetime:
    """A contact due before this moment is more than the grade's days late."""
    return periods.at(day - dt.timedelta(days=policies.grade_days(grade, "out_of_control", store_id, day)))


def out_of_control_sweep(*, store_id: int, day: dt.date) -> int:
    """Move a store's forgotten cards on this day. Once a day by the clock; a repeated run finds nothing more.

    Batches go by id, each in its own transaction; a card somebody is writing on is left for the next day.
    """
    late = Q()
    for grade in OPEN_GRADES:
        late |= Q(grade=grade, next_follow_up_at__lt=_limit(grade, store_id, day))
    failed = int(policy("out_of_control.failed_contacts", store_id, day))
    moved, after = 0, 0
    while ids := forgotten(store_id=store_id, late=late, failed=failed, after=after, size=BATCH):
        moved += _move(ids, day)
        after = ids[-1]
    _tell_managers(store_id, day)
    _tell_of_orders(store_id, day)
    return moved


@service
def _move(ids: list[int], day: dt.date) -> int:
    """One batch, each card looked at again under its lock."""
    rows = Prospect.objects.select_for_update(of=("self",), skip_locked=True).filter(pk__in=ids)
    moved = 0
    for card in rows.select_related("owner").order_by("pk"):
        reason = _reason(card, day)
        if reason:
            _lose_control(card, reason)
            moved += 1
    return moved


def _reason(card: Prospect, day: dt.date) -> str:
    """Why this card is out of control, or nothing."""
    if card.status != ProspectStatus.ACTIVE or card.next_follow_up_at is None:
        return ""
    if card.next_follow_up_at < _limit(card.grade, card.store_id, day):
        late = (day - periods.local_date(card.next_follow_up_at)).days
        return f"逾期 {late} 天未跟进"
    calls = failed_contacts(card)
    limit = int(policy("out_of_control.failed_contacts", card.store_id, day))
    return f"连续 {calls} 次未接通" if calls >= limit else ""


def _lose_control(card: Prospect, reason: str) -> None:
    moment = periods.now()
    move_status(card, ProspectStatus.OUT_OF_CONTROL, at=moment, by=None, reason=reason)
    card.touch()
    card.save()
    notify(
        to=[card.owner], kind="prospect.out_of_control", key=f"prospect:{card.pk}:out:{card.version}",
        text=f"您名下一位{card.grade}级客户已失控（{reason}），请立即联系；联系上后自动恢复。",
        url=reverse("leads:prospect_detail", args=[card.pk]),
    )  # fmt: skip
    record(by=None, action="prospect.out_of_control", target=card, changes={"reason": reason})


@service
def _tell_managers(store_id: int, day: dt.date) -> None:
    """One notice per store and day with how many."""
    moves = StatusChange.objects.filter(
        store_id=store_id, to_status=ProspectStatus.OUT_OF_CONTROL, **periods.Period.day(day).filter("at")
    )
    count = moves.count()
    if count:
        notify(
            to=people_in([store_id], [Role.SHOWROOM_MANAGER]), kind="prospect.out_of_control",
            key=f"out_of_control:{store_id}:{day}", text=f"今天有 {count} 位客户失控，请转给其他顾问或申请战败。",
            url=reverse("leads:out_of_control"),
        )  # fmt: skip


@service
def _tell_of_orders(store_id: int, day: dt.date) -> None:
    """已订未交 on the day it passes the limit of O (R-GRADE): the owner is told, and the manager how many.

    Nothing moves: 失控 is reached from a card at work only (§4.2), an order stays an order.
    """
    limit = _limit(Grade.O, store_id, day)
    due = {"next_follow_up_at__gte": limit - dt.timedelta(days=1), "next_follow_up_at__lt": limit}
    cards = Prospect.objects.filter(store_id=store_id, status=ProspectStatus.ORDERED, **due).select_related("owner")
    days = policies.grade_days(Grade.O, "out_of_control", store_id, day)
    for card in cards:
        notify(
            to=[card.owner], kind="prospect.order_silent", key=f"prospect:{card.pk}:silent:{day}",
            text=f"您有一位已订未交的客户逾期超过 {days} 天没有联系，请今天告知交车进度。",
            url=reverse("leads:prospect_detail", args=[card.pk]),
        )  # fmt: skip
    if cards:
        notify(
            to=people_in([store_id], [Role.SHOWROOM_MANAGER]), kind="prospect.order_silent",
            key=f"order_silent:{store_id}:{day}",
            text=f"有 {len(cards)} 位已订未交的客户逾期超过 {days} 天没有联系，请督促顾问。",
            url=f"{reverse('leads:prospect_list')}?status={ProspectStatus.ORDERED}&overdue=true",
        )  # fmt: skip
