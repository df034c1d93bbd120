"""One timeline of a customer: visits, contacts, grades, status, hand-overs, and what higher apps add.

`sales` (and whoever else stands above) registers its own source at start-up with `register_source`; this app never
imports them. A source gets the reader and the customer's id and answers entries within the reader's reach.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.utils.translation import gettext as _

from leads.choices import ProspectStatus
from leads.models import FollowUp, GradeChange, OwnerChange, StatusChange, Visit

PER_SOURCE = 100


@dataclass(frozen=True)
class Entry:
    """One line: when, what kind, a title, words, who, and where it leads."""

    at: dt.datetime
    kind: str
    title: str
    text: str = ""
    by: str = ""
    url: str = ""
    grade: str = ""


Source = Callable[[Any, int], Iterable[Entry]]
_sources: dict[str, Source] = {}


def register_source(name: str, source: Source) -> None:
    """Add a kind of entries to every timeline: `register_source("deals", entries)` in an AppConfig.ready."""
    _sources[name] = source


def customer_timeline(*, user: Any, customer_id: int) -> list[Entry]:
    """Everything that happened with one customer, newest first. The caller has checked the customer's reach."""
    entries = [entry for source in _sources.values() for entry in source(user, customer_id)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _latest(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    return rows.order_by(f"-{column}", "-id")[:PER_SOURCE]


def _visits(user: Any, customer_id: int) -> Iterable[Entry]:
    rows = Visit.objects.filter(customer_id=customer_id).select_related("received_by")
    for row in _latest(rows, "visited_at"):
        size = _("%(n)s人") % {"n": row.party_size}
        title = f"{row.get_channel_display()} · {row.get_visit_type_display()} · {size}"
        yield Entry(row.visited_at, "visit", title, row.note, row.received_by.name if row.received_by else "")


def _follow_ups(user: Any, customer_id: int) -> Iterable[Entry]:
    rows = FollowUp.objects.filter(customer_id=customer_id).select_related("done_by")
    for row in _latest(rows, "done_at"):
        title = f"{row.get_channel_display()} · {row.get_outcome_display()}"
        if row.done_by_id != row.owner_id:
            title = _("%(name)s代跟进 · %(what)s") % {"name": row.done_by.name, "what": title}
        yield Entry(row.done_at, "follow_up", title, row.content, row.done_by.name)


def _changes(user: Any, customer_id: int) -> Iterable[Entry]:
    """Grades, statuses and hand-overs in one statement."""
    grades = _change_rows(GradeChange, customer_id, "grade", "from_grade", "to_grade")
    statuses = _change_rows(StatusChange, customer_id, "status", "from_status", "to_status")
    owners = _change_rows(OwnerChange, customer_id, "owner", "from_owner__name", "owner__name")
    for at, _id, kind, before, after, reason, by in grades.union(statuses, owners, all=True):
        yield Entry(
            at, kind, _change_title(kind, before, after), reason, by or "", grade=after if kind == "grade" else ""
        )


def _change_rows(model: Any, customer_id: int, kind: str, before: str, after: str) -> QuerySet[Any]:
    rows = model.objects.filter(prospect__customer_id=customer_id)
    names: dict[str, Any] = {"kind": Value(kind, output_field=CharField()), "before": F(before), "after": F(after)}
    return _latest(rows, "at").values_list(
        "at", "id", names["kind"], names["before"], names["after"], "reason", "by__name"
    )


def _change_title(kind: str, before: str, after: str) -> str:
    if kind == "grade":
        return _("级别 %(before)s → %(after)s") % {"before": before or _("建卡"), "after": after}
    if kind == "status":
        return _("状态变为 %(status)s") % {"status": ProspectStatus(after).label} if before else _("建卡")
    return _("客户由 %(before)s 转给 %(after)s") % {"before": before, "after": after}


for _name, _source in (("visits", _visits), ("follow_ups", _follow_ups), ("changes", _changes)):
    register_source(_name, _source)
