"""What customers' own rows put on the timeline: one statement for all kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from dealership.core.named import Named
from dealership.core.scoping import reach_for
from leads.choices import (
    AttemptOutcome,
    ContactChannel,
    DriveStatus,
    FollowUpOutcome,
    LeadState,
    ProspectStatus,
    VisitChannel,
    VisitType,
)
from leads.evaluation_choices import NurtureEnd, Verdict
from leads.loss_choices import CallBackResult, LossKind, LossReason, LossState
from leads.models import Prospect
from leads.selectors.timeline import PER_SOURCE, Entry

# Written by hand: put together by the ORM the same statement costs more than the rest of the page.
_OWN_ROWS = Named(
    "own_timeline",
    ("bigint", "bigint"),
    """
(SELECT v.visited_at, 'visit', v.channel, v.visit_type, v.party_size::text, v.note, coalesce(u.name, '')
    FROM leads_visit v LEFT JOIN accounts_user u ON u.id = v.received_by_id
    WHERE v.customer_id = $1 ORDER BY v.visited_at DESC, v.id DESC LIMIT $2)
UNION ALL
(SELECT f.done_at, 'follow_up', f.channel, f.outcome,
        CASE WHEN f.done_by_id <> f.owner_id THEN 'for' ELSE 'own' END || coalesce(' ' || f.minutes, ''),
        f.content, u.name
    FROM leads_followup f JOIN accounts_user u ON u.id = f.done_by_id
    WHERE f.customer_id = $1 ORDER BY f.done_at DESC, f.id DESC LIMIT $2)
UNION ALL
(SELECT g.at, 'grade', g.from_grade, g.to_grade, '', g.reason, coalesce(u.name, '')
    FROM leads_gradechange g JOIN leads_prospect p ON p.id = g.prospect_id LEFT JOIN accounts_user u ON u.id = g.by_id
    WHERE p.customer_id = $1 ORDER BY g.at DESC, g.id DESC LIMIT $2)
UNION ALL
(SELECT s.at, 'status', s.from_status, s.to_status, '', s.reason, coalesce(u.name, '')
    FROM leads_statuschange s JOIN leads_prospect p ON p.id = s.prospect_id LEFT JOIN accounts_user u ON u.id = s.by_id
    WHERE p.customer_id = $1 ORDER BY s.at DESC, s.id DESC LIMIT $2)
UNION ALL
(SELECT o.at, 'owner', coalesce(b.name, ''), a.name, '', o.reason, coalesce(u.name, '')
    FROM leads_ownerchange o JOIN leads_prospect p ON p.id = o.prospect_id JOIN accounts_user a ON a.id = o.owner_id
    LEFT JOIN accounts_user b ON b.id = o.from_owner_id LEFT JOIN accounts_user u ON u.id = o.by_id
    WHERE p.customer_id = $1 ORDER BY o.at DESC, o.id DESC LIMIT $2)
UNION ALL
(SELECT l.received_at, 'lead', coalesce(c.name, ''), l.state, '', l.note, ''
    FROM leads_lead l LEFT JOIN org_leadsource c ON c.id = l.source_id
    WHERE l.customer_id = $1 ORDER BY l.received_at DESC, l.id DESC LIMIT $2)
UNION ALL
(SELECT t.at, 'lead_call', t.channel, t.outcome, '', t.note, u.name
    FROM leads_leadattempt t JOIN leads_lead l ON l.id = t.lead_id JOIN accounts_user u ON u.id = t.by_id
    WHERE l.customer_id = $1 ORDER BY t.at DESC, t.id DESC LIMIT $2)
UNION ALL
(SELECT d.at, 'drive', e.name, d.to_status,
        concat_ws(' ', d.drive_id, r.owner_id, coalesce(r.team_id, 0), r.store_id, h.group_id),
        CASE WHEN d.to_status = 'finished' THEN r.feedback ELSE d.reason END, coalesce(u.name, '')
    FROM leads_testdrivechange d JOIN leads_testdrive r ON r.id = d.drive_id JOIN org_series e ON e.id = r.series_id
    JOIN org_store h ON h.id = r.store_id LEFT JOIN accounts_user u ON u.id = d.by_id
    WHERE r.customer_id = $1 ORDER BY d.at DESC, d.id DESC LIMIT $2)
UNION ALL
(SELECT a.applied_at, 'loss', a.kind, a.reason,
        concat_ws(' ', a.id, a.owner_id, coalesce(a.team_id, 0), a.store_id, h.group_id),
        concat_ws('；', nullif(concat_ws(' ', nullif(a.competitor_brand, ''), nullif(a.competitor_model, ''),
                  nullif(a.competitor_dealer, '')), ''), a.explanation), u.name
    FROM leads_lossapplication a JOIN org_store h ON h.id = a.store_id JOIN accounts_user u ON u.id = a.applied_by_id
    WHERE a.customer_id = $1 ORDER BY a.applied_at DESC, a.id DESC LIMIT $2)
UNION ALL
(SELECT a.decided_at, 'loss_answer', a.kind, a.state,
        concat_ws(' ', a.id, a.owner_id, coalesce(a.team_id, 0), a.store_id, h.group_id), a.comment, u.name
    FROM leads_lossapplication a JOIN org_store h ON h.id = a.store_id JOIN accounts_user u ON u.id = a.decided_by_id
    WHERE a.customer_id = $1 AND a.decided_at IS NOT NULL ORDER BY a.decided_at DESC LIMIT $2)
UNION ALL
(SELECT b.called_at, 'loss_call', '', b.result, a.id::text, b.note, u.name
    FROM leads_losscallback b JOIN leads_lossapplication a ON a.id = b.application_id
    JOIN accounts_user u ON u.id = b.called_by_id
    WHERE a.customer_id = $1 ORDER BY b.called_at DESC LIMIT $2)
UNION ALL
(SELECT e.at, 'evaluation', e.score::text, e.verdict,
        concat_ws(' ', p.id, p.owner_id, coalesce(p.team_id, 0), p.store_id, h.group_id), e.note, u.name
    FROM leads_prospectevaluation e JOIN leads_prospect p ON p.id = e.prospect_id
    JOIN org_store h ON h.id = p.store_id JOIN accounts_user u ON u.id = e.by_id
    WHERE p.customer_id = $1 ORDER BY e.at DESC, e.id DESC LIMIT $2)
UNION ALL
(SELECT n.left_at, 'nurture', n."end", '', '', n.note, coalesce(u.name, '')
    FROM leads_nurturestay n JOIN leads_prospect p ON p.id = n.prospect_id
    LEFT JOIN accounts_user u ON u.id = n.left_by_id
    WHERE p.customer_id = $1 AND n.left_at IS NOT NULL ORDER BY n.left_at DESC LIMIT $2)
""",
)


# What a card's order came to by its status move back to work.
CANCELLED = "order_cancelled"


class Row(NamedTuple):
    """One row of `_OWN_ROWS`: the three words mean something else for each kind."""

    at: dt.datetime
    kind: str
    first: str
    second: str
    third: str
    text: str
    by: str


def own_entries(user: Any, customer_id: int) -> Iterable[Entry]:
    """Everything of this app in one statement, the latest of each kind; the caller has checked the customer's reach.

    What happened is told to whoever reaches the customer; it leads on only where the reader may go.
    """
    rows = [Row(*row) for row in _OWN_ROWS.rows(customer_id, PER_SOURCE)]
    return [replace(_ENTRIES[row.kind](row), url=_url(user, row)) for row in rows]


# What may be opened from an entry, and whose rows it shows. A call-back is told, it has no page.
_PAGES = {
    "drive": ("drive_detail", "test_drive"),
    "loss": ("loss_detail", "loss_application"),
    "loss_answer": ("loss_detail", "loss_application"),
    "evaluation": ("evaluation", "prospect"),
}


def _url(user: Any, row: Row) -> str:
    if row.kind not in _PAGES:
        return ""
    page, resource = _PAGES[row.kind]
    pk, owner, team, store, group = (int(word) for word in row.third.split())
    held = reach_for(user, resource).holds(owner=owner, team=team, store=store, group=group)
    if not held and row.kind == "evaluation":
        held = Prospect.objects.nurtured_by(user).filter(pk=pk).exists()
    return reverse(f"leads:{page}", args=[pk]) if held else ""


def _visit(row: Row) -> Entry:
    title = f"{VisitChannel(row.first).label} · {VisitType(row.second).label} · {_('%(n)s人') % {'n': row.third}}"
    return Entry(row.at, row.kind, title, row.text, row.by)


def _follow_up(row: Row) -> Entry:
    title = f"{ContactChannel(row.first).label} · {FollowUpOutcome(row.second).label}"
    whose, _space, minutes = row.third.partition(" ")
    if minutes:
        title = _("%(what)s · %(n)s分钟") % {"what": title, "n": minutes}
    if whose == "for":
        title = _("%(name)s代跟进 · %(what)s") % {"name": row.by, "what": title}
    return Entry(row.at, row.kind, title, row.text, row.by)


def _grade(row: Row) -> Entry:
    title = _("级别 %(before)s → %(after)s") % {"before": row.first or _("建卡"), "after": row.second}
    return Entry(row.at, row.kind, title, row.text, row.by, grade=row.second)


def _status(row: Row) -> Entry:
    moved = _("状态变为 %(status)s") % {"status": ProspectStatus(row.second).label}
    cancelled = (row.first, row.second) == (ProspectStatus.ORDERED, ProspectStatus.ACTIVE)
    title = moved if row.first else _("建卡")
    return Entry(row.at, row.kind, title, row.text, row.by, state=CANCELLED if cancelled else "")


def _owner(row: Row) -> Entry:
    title = _("客户由 %(before)s 转给 %(after)s") % {"before": row.first, "after": row.second}
    return Entry(row.at, row.kind, title, row.text, row.by)


def _lead(row: Row) -> Entry:
    title = _("线索 · %(source)s · %(state)s")
    told = {"source": row.first or _("手工录入"), "state": LeadState(row.second).label}
    return Entry(row.at, "visit", title % told, row.text)


def _lead_call(row: Row) -> Entry:
    title = f"{_('线索联系')} · {ContactChannel(row.first).label} · {AttemptOutcome(row.second).label}"
    return Entry(row.at, "follow_up", title, row.text, row.by)


def _drive(row: Row) -> Entry:
    title = _("试乘试驾 · %(series)s · %(status)s") % {"series": row.first, "status": DriveStatus(row.second).label}
    return Entry(row.at, row.kind, title, row.text, row.by, state=row.second)


def _loss(row: Row) -> Entry:
    told = {"kind": LossKind(row.first).label, "reason": LossReason(row.second).label}
    return Entry(row.at, "loss", _("%(kind)s申请 · %(reason)s") % told, row.text, row.by)


def _loss_answer(row: Row) -> Entry:
    title = _("%(kind)s审批 · %(state)s")
    told = {"kind": LossKind(row.first).label, "state": LossState(row.second).label}
    return Entry(row.at, "loss", title % told, row.text, row.by)


def _loss_call(row: Row) -> Entry:
    title = _("战败确认回访 · %(result)s") % {"result": CallBackResult(row.second).label}
    return Entry(row.at, "loss", title, row.text, row.by)


def _evaluation(row: Row) -> Entry:
    title = _("意向评估 · %(score)s 分 · %(verdict)s") % {"score": row.first, "verdict": Verdict(row.second).label}
    return Entry(row.at, row.kind, title, row.text, row.by)


def _nurture(row: Row) -> Entry:
    return Entry(row.at, row.kind, _("离开培育池 · %(end)s") % {"end": NurtureEnd(row.first).label}, row.text, row.by)


_ENTRIES = {
    "visit": _visit, "follow_up": _follow_up, "grade": _grade, "status": _status, "owner": _owner, "lead": _lead,
    "lead_call": _lead_call, "drive": _drive, "loss": _loss, "loss_answer": _loss_answer, "loss_call": _loss_call,
    "evaluation": _evaluation, "nurture": _nurture,
}  # fmt: skip
