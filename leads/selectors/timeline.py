"""One timeline of a customer: visits, contacts, grades, status, hand-overs, and what higher apps add.

`sales` (and whoever else stands above) registers its own source at start-up with `register_source`; this app never
imports them. A source gets the reader and the customer's id and answers entries within the reader's reach.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from leads.choices import ContactChannel, FollowUpOutcome, ProspectStatus, VisitChannel, VisitType

PER_SOURCE = 100
# Written by hand: put together by the ORM the same statement costs more than the rest of the page.
OWN_ROWS = """
(SELECT v.visited_at, 'visit', v.channel, v.visit_type, v.party_size::text, v.note, coalesce(u.name, '')
    FROM leads_visit v LEFT JOIN accounts_user u ON u.id = v.received_by_id
    WHERE v.customer_id = %(customer)s ORDER BY v.visited_at DESC, v.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT f.done_at, 'follow_up', f.channel, f.outcome, CASE WHEN f.done_by_id <> f.owner_id THEN 'for' ELSE '' END,
        f.content, u.name
    FROM leads_followup f JOIN accounts_user u ON u.id = f.done_by_id
    WHERE f.customer_id = %(customer)s ORDER BY f.done_at DESC, f.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT g.at, 'grade', g.from_grade, g.to_grade, '', g.reason, coalesce(u.name, '')
    FROM leads_gradechange g JOIN leads_prospect p ON p.id = g.prospect_id LEFT JOIN accounts_user u ON u.id = g.by_id
    WHERE p.customer_id = %(customer)s ORDER BY g.at DESC, g.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT s.at, 'status', s.from_status, s.to_status, '', s.reason, coalesce(u.name, '')
    FROM leads_statuschange s JOIN leads_prospect p ON p.id = s.prospect_id LEFT JOIN accounts_user u ON u.id = s.by_id
    WHERE p.customer_id = %(customer)s ORDER BY s.at DESC, s.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT o.at, 'owner', coalesce(b.name, ''), a.name, '', o.reason, coalesce(u.name, '')
    FROM leads_ownerchange o JOIN leads_prospect p ON p.id = o.prospect_id JOIN accounts_user a ON a.id = o.owner_id
    LEFT JOIN accounts_user b ON b.id = o.from_owner_id LEFT JOIN accounts_user u ON u.id = o.by_id
    WHERE p.customer_id = %(customer)s ORDER BY o.at DESC, o.id DESC LIMIT %(limit)s)
"""


class Row(NamedTuple):
    """One row of `OWN_ROWS`: the three words mean something else for each kind."""

    at: dt.datetime
    kind: str
    first: str
    second: str
    third: str
    text: str
    by: str


@dataclass(frozen=True)
class Entry:
    """One line: when, what kind, a title, words, who, where it leads; `state` is what the thing became by it."""

    at: dt.datetime
    kind: str
    title: str
    text: str = ""
    by: str = ""
    url: str = ""
    grade: str = ""
    state: str = ""


Source = Callable[[Any, int], Iterable[Entry]]
_sources: dict[str, Source] = {}


def register_source(name: str, source: Source) -> None:
    """Add a kind of entries to every timeline: `register_source("deals", entries)` in an AppConfig.ready."""
    _sources[name] = source


def customer_timeline(*, user: Any, customer_id: int) -> list[Entry]:
    """Everything that happened with one customer, newest first. The caller has checked the customer's reach."""
    entries = [entry for source in _sources.values() for entry in source(user, customer_id)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _own_entries(user: Any, customer_id: int) -> Iterable[Entry]:
    """Visits, contacts, grades, statuses and hand-overs in one statement, the latest of each kind."""
    with connection.cursor() as cursor:
        cursor.execute(OWN_ROWS, {"customer": customer_id, "limit": PER_SOURCE})
        rows = cursor.fetchall()
    return [_ENTRIES[row[1]](Row(*row)) for row in rows]


def _visit(row: Row) -> Entry:
    title = f"{VisitChannel(row.first).label} · {VisitType(row.second).label} · {_('%(n)s人') % {'n': row.third}}"
    return Entry(row.at, row.kind, title, row.text, row.by)


def _follow_up(row: Row) -> Entry:
    title = f"{ContactChannel(row.first).label} · {FollowUpOutcome(row.second).label}"
    if row.third:
        title = _("%(name)s代跟进 · %(what)s") % {"name": row.by, "what": title}
    return Entry(row.at, row.kind, title, row.text, row.by)


def _grade(row: Row) -> Entry:
    title = _("级别 %(before)s → %(after)s") % {"before": row.first or _("建卡"), "after": row.second}
    return Entry(row.at, row.kind, title, row.text, row.by, grade=row.second)


def _status(row: Row) -> Entry:
    moved = _("状态变为 %(status)s") % {"status": ProspectStatus(row.second).label}
    return Entry(row.at, row.kind, moved if row.first else _("建卡"), row.text, row.by)


def _owner(row: Row) -> Entry:
    title = _("客户由 %(before)s 转给 %(after)s") % {"before": row.first, "after": row.second}
    return Entry(row.at, row.kind, title, row.text, row.by)


_ENTRIES = {"visit": _visit, "follow_up": _follow_up, "grade": _grade, "status": _status, "owner": _owner}
register_source("customers", _own_entries)
