"""Reads of raw leads: list, pool, one lead with its attempts and history, what a person still holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.prepared import Question
from dealership.org.hours import minutes_within
from dealership.org.prepared import question_for
from leads.choices import LIVE_STATUSES, LeadEvent, LeadState
from leads.models import Lead, LeadAssignment, LeadAttempt, LeadChange, Prospect
from leads.selectors.timeline import Entry

# Leads whose clock does not run come last.
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
# What a list may be sorted by (A04). Each ends in the unique id and holds no nullable column.
ORDERINGS: dict[str, tuple[str, ...]] = {
    "due": ("due", "-received_at", "-id"),
    "-received_at": ("-received_at", "-id"),
    "received_at": ("received_at", "id"),
}
DEFAULT_ORDERING = "due"
POOL_ORDERING = ("received_at", "id")
# What a line of 待首次响应 and its clock read.
WAITING_SHOWN = (
    *("name", "phone", "state", "first_contact_at", "sla_due_at", "clock_spans"),
    *("source__name", "series__name"),
)


@dataclass(frozen=True)
class Clock:
    """The first-response clock of a waiting lead: business minutes left (negative when late)."""

    minutes: int
    due_at: dt.datetime

    @property
    def is_late(self) -> bool:
        return self.minutes <= 0

    @property
    def text(self) -> str:
        """`剩 12 分钟`, `已超时 1 小时 5 分`."""
        hours, minutes = divmod(abs(self.minutes), 60)
        span = _("%(h)s 小时 %(m)s 分") % {"h": hours, "m": minutes} if hours else _("%(m)s 分钟") % {"m": minutes}
        return (_("已超时 %s") if self.is_late else _("剩 %s")) % span


def clock_of(lead: Lead, moment: dt.datetime | None = None) -> Clock | None:
    """None when no clock runs. Past the end of its stretches plain time is added."""
    if not lead.is_waiting or lead.sla_due_at is None:
        return None
    now, due = moment or periods.now(), lead.sla_due_at
    spans = [
        (dt.datetime.fromisoformat(opens), dt.datetime.fromisoformat(closes)) for opens, closes in lead.clock_spans
    ]
    if now < due:
        return Clock(minutes_within(spans, now, due), due)
    past = max(now - max(spans[-1][1], due), dt.timedelta(0)) if spans else now - due
    return Clock(-minutes_within(spans, due, now) - int(past.total_seconds() // 60), due)


def with_clocks(leads: Iterable[Lead]) -> list[Lead]:
    """The rows of a page with `clock` set."""
    moment = periods.now()
    rows = list(leads)
    for lead in rows:
        lead.clock = clock_of(lead, moment)  # type: ignore[attr-defined]
    return rows


def lead_list(*, user: Any) -> QuerySet[Lead]:
    """Leads within reach with what a row shows; `due` puts running clocks first."""
    running = When(Q(state=LeadState.ASSIGNED, first_contact_at=None), then=F("sla_due_at"))
    rows = Lead.objects.visible_to(user).annotate(due=Case(running, default=Value(NEVER)))
    return rows.select_related("store", "owner", "source", "series", "previous_owner")


def lead_pool(*, user: Any) -> QuerySet[Lead]:
    """公共池 within reach, the longest waiting first."""
    return lead_list(user=user).pool()  # type: ignore[attr-defined, no-any-return]


def lead_get(*, user: Any, lead_id: int) -> Lead:
    """One lead within reach with its clock; 404 otherwise."""
    lead = lead_list(user=user).select_related("team", "customer", "prospect", "created_by").filter(pk=lead_id).first()
    if lead is None:
        raise NotFound
    return with_clocks([lead])[0]


def lead_found(*, lead_id: int) -> Lead:
    """The lead just written (for an idempotent answer)."""
    return Lead.objects.select_related("store", "owner", "source", "series").get(pk=lead_id)


def lead_shown_to(*, user: Any, lead_id: int) -> bool:
    """Is this lead within the person's reach?"""
    return Lead.objects.visible_to(user).filter(pk=lead_id).exists()


def attempt_found(*, attempt_id: int) -> LeadAttempt:
    """The attempt just written (for an idempotent answer)."""
    return LeadAttempt.objects.select_related("by").get(pk=attempt_id)


def attempts_of(*, lead: Lead) -> QuerySet[LeadAttempt]:
    """Tries to reach a lead the reader reaches, newest first."""
    return LeadAttempt.objects.filter(lead=lead).select_related("by").order_by("-at", "-id")


def lead_story(*, lead: Lead) -> list[Entry]:
    """Moves and attempts of a lead the reader reaches, newest first; two statements."""
    rows = LeadChange.objects.filter(lead=lead).select_related("by", "owner", "from_owner")
    entries = [
        Entry(row.at, "status", change_title(row), row.reason, row.by.name if row.by else _("系统")) for row in rows
    ]
    entries += [
        Entry(row.at, "follow_up", f"{row.get_channel_display()} · {row.get_outcome_display()}", row.note, row.by.name)
        for row in attempts_of(lead=lead)
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def change_title(row: LeadChange) -> str:
    """`分配：李明`, `转移：李明 → 王芳`, `判为非意向`."""
    title = row.get_event_display()
    if row.event in (LeadEvent.TAKE_IN, LeadEvent.REPEAT) or row.owner_id == row.from_owner_id:
        return str(title)
    people = " → ".join(str(person) for person in (row.from_owner, row.owner) if person is not None)
    return f"{title}：{people}" if people else str(title)


def waiting_for(*, user: Any, limit: int) -> list[Lead]:
    """待首次响应 of one person, the nearest deadline first."""
    return with_clocks(waiting_asked(user=user, limit=limit).rows())


def waiting_asked(*, user: Any, limit: int) -> Question:
    """What `waiting_for` asks, for a page that asks it with others."""
    return question_for(user, _waiting_for, limit)


def _waiting_for(user: Any, _ids: Sequence[int], limit: int) -> QuerySet[Lead]:
    rows = Lead.objects.visible_to(user).filter(owner=user).waiting().select_related("source", "series")
    return rows.only(*WAITING_SHOWN).order_by("sla_due_at", "id")[:limit]


def held_leads(person: Any) -> int:
    """Unprocessed leads of a person in all stores: an account with some is not closed."""
    return Lead.objects.held().filter(owner=person).count()


def due_for_recycling(moment: dt.datetime) -> QuerySet[LeadAssignment]:
    """Present turns whose lead was not called within twice the clock (all stores; for the periodic plan)."""
    rows = LeadAssignment.objects.filter(
        ended_at=None, lead__state=LeadState.ASSIGNED, lead__first_contact_at=None, lead__recycle_due_at__lte=moment
    )
    return rows.select_related("lead").order_by("lead__recycle_due_at", "id")


def stores_with_new_leads() -> QuerySet[Any]:
    """Stores where new leads wait for somebody (for the periodic plan)."""
    return Lead.objects.filter(state=LeadState.NEW).order_by("store_id").values_list("store_id", flat=True).distinct()


def live_cards_of(customer_ids: Iterable[int]) -> dict[int, Prospect]:
    """customer → live card."""
    cards = Prospect.objects.filter(customer_id__in=list(customer_ids), status__in=LIVE_STATUSES)
    return {card.customer_id: card for card in cards}
