"""A manager's day: what waits for a decision, who is late, what is delivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _

from dealership.approvals.models import Approval, ApprovalState
from dealership.core import periods
from dealership.core.periods import Period
from dealership.core.prepared import Question
from dealership.core.templatetags.ui import clock, day
from dealership.org.choices import DutyKind
from dealership.org.duty import NOT_THERE, duties
from dealership.org.prepared import question_for, rows_for
from dealership.org.reach import can, home_store, roles_of
from dealership.org.roles import APPROVER_ROLES
from leads.choices import VisitType
from leads.models import FollowUpTask, Visit
from reports.today.month import Month
from reports.today.parts import Line, Parts, Section, Tile, cut, page
from reports.today.selling import DEAL_COLUMNS, NEARLY_THERE, VISIT_COLUMNS, deal_line, visit_line
from reviews.choices import ReviewState
from sales.models import Deal

APPROVAL_COLUMNS = ("title", "reason", "due_at", "requested_by__name", "requested_by__username")


def managing(user: Any, reviews: list[Any], month: Month) -> Parts:
    """Decisions first, then people who are late, then cars."""
    waiting = due_by_person(user)
    overdue = overdue_by_person(waiting)
    sections = [
        approvals(user),
        absent(user, waiting),
        reports(user, reviews),
        overdue,
        deliveries(user),
        unfinished(user),
    ]
    always = ("approvals", "overdue")
    late = Tile(_("逾期未跟进"), str(overdue.count), _("条"), url=overdue.url, is_late=bool(overdue.count))
    return Parts([*month.today_tiles(), late], [s for s in sections if s.lines or s.key in always])


def managers_ask(user: Any) -> list[Question]:
    """What `managing` will ask, to be asked ahead."""
    return [question_for(user, build) for build in (_due_by_person, _approvals, _promised, _unfinished)]


def levels_of(user: Any) -> list[int]:
    """Approval levels a person may decide: their own and those below."""
    roles = roles_of(user)
    top = max((level for level, holders in APPROVER_ROLES.items() if roles & set(holders)), default=0)
    return list(range(1, top + 1))


def approvals(user: Any) -> Section:
    """Requests of this person's level, the ones due first."""
    if not levels_of(user):
        return Section("approvals", _("待我审批"), [], page("approvals:list"), _("没有等您审批的申请。"))
    lines, more = cut(
        [
            Line(
                row.title,
                f"{row.requested_by} · {row.reason}",
                _("%(clock)s 前") % {"clock": clock(row.due_at)},
                page("approvals:list"),
                is_late=row.due_at < periods.now(),
            )
            for row in rows_for(user, _approvals)
        ],
        8,
    )
    return Section(
        "approvals",
        _("待我审批"),
        lines,
        page("approvals:list"),
        _("没有等您审批的申请。"),
        more=more,
        count=len(lines),
    )


def _approvals(user: Any, _ids: Sequence[int]) -> QuerySet[Approval]:
    rows = Approval.objects.visible_to(user).filter(state=ApprovalState.PENDING, level__in=levels_of(user))
    rows = rows.exclude(requested_by=user).select_related("requested_by").only(*APPROVAL_COLUMNS)
    return rows.order_by("due_at", "id")[:9]


def reports(user: Any, reviews: list[Any]) -> Section:
    """Reports of today that are not in, and those that wait for a comment."""
    others = [row for row in reviews if row.owner_id != user.pk]
    open_now = [row for row in others if row.awaits_owner and row.starts_on == periods.today()]
    waiting = [row for row in others if row.state == ReviewState.SUBMITTED]
    lines = []
    if open_now:
        names = "、".join(row.whose for row in open_now)
        late = any(row.is_overdue for row in open_now)
        side = _("%(n)s 人") % {"n": len(open_now)}
        lines.append(Line(_("今日未提交"), names, side, page("reviews:team"), is_late=late))
    if waiting:
        names = "、".join(f"{row.whose}（{day(row.starts_on)[:5]}）" for row in waiting)
        lines.append(Line(_("待点评"), names, _("%(n)s 份") % {"n": len(waiting)}, page("reviews:team")))
    return Section("reports", _("团队日报"), lines, page("reviews:team"))


def due_by_person(user: Any) -> list[dict[str, Any]]:
    """Calls due by tonight (`due`), and those of them that are overdue since before today (`total`), by owner."""
    return rows_for(user, _due_by_person)


def _due_by_person(user: Any, _ids: Sequence[int]) -> QuerySet[Any, Any]:
    midnight = Q(due_at__lt=periods.at(periods.today()))
    rows = FollowUpTask.objects.visible_to(user).open().filter(due_at__lt=periods.end_of_day(periods.today()))
    people = rows.order_by().values("owner_id", "owner__name", "store_id")
    return people.annotate(due=Count("pk"), total=Count("pk", filter=midnight), oldest=Min("due_at"))


def absent(user: Any, waiting: list[dict[str, Any]]) -> Section:
    """代跟进: who is off today with calls due, and whether somebody took them over; for who plans the own store."""
    store, today = home_store(user), periods.today()
    if store is None or not can(user, "duty.manage", store.pk):
        return Section("absent", "", [])
    rota = duties(store.pk, Period.day(today)) if waiting else {}
    lines = []
    for row in waiting:
        duty = rota.get((row["owner_id"], today), NOT_THERE)
        if row["store_id"] == store.pk and duty.is_off:
            taken = duty.replacement_id is not None
            note = _("已有同事代跟进") if taken else _("还没有人代跟进")
            title = f"{row['owner__name']} · {DutyKind(duty.kind).label}"
            side = _("%(n)s 位到期") % {"n": row["due"]}
            lines.append(Line(title, note, side, page("leads:stand_in"), is_late=not taken))
    return Section("absent", _("休息、请假同事的到期客户"), lines[:8], page("leads:stand_in"))


def overdue_by_person(waiting: list[dict[str, Any]]) -> Section:
    """Who has calls that are overdue, the most first."""
    found = sorted((row for row in waiting if row["total"]), key=lambda row: (-row["total"], row["owner_id"]))
    lines = [
        Line(
            row["owner__name"],
            _("最早应在 %(day)s 跟进") % {"day": day(row["oldest"])},
            _("%(n)s 条") % {"n": row["total"]},
            page("leads:prospect_list", owner=row["owner_id"], overdue=1),
            is_late=True,
        )
        for row in found[:10]
    ]
    return Section(
        "overdue",
        _("逾期未跟进（截至昨日）"),
        lines,
        page("leads:prospect_list", overdue=1),
        _("没有逾期的跟进。"),
        count=sum(row["total"] for row in found),
    )


def deliveries(user: Any) -> Section:
    """Cars promised up to tomorrow."""
    lines, more = cut([deal_line(row) for row in rows_for(user, _promised)], 8)
    return Section("deliveries", _("今明两天应交车"), lines, page("sales:deal_list"), more=more)


def _promised(user: Any, _ids: Sequence[int]) -> QuerySet[Deal]:
    soon = periods.today() + dt.timedelta(days=1)
    rows = Deal.objects.visible_to(user).filter(status__in=NEARLY_THERE, promised_on__lte=soon)
    rows = rows.select_related("customer", "configuration__series").only(*DEAL_COLUMNS)
    return rows.order_by("promised_on", "id")[:9]


def unfinished(user: Any) -> Section:
    """Arrivals nobody completed: they spoil the capture rate."""
    lines, more = cut([visit_line(row) for row in rows_for(user, _unfinished)], 5)
    return Section("visits", _("未完善的来店登记"), lines, page("leads:visit_list"), more=more)


def _unfinished(user: Any, _ids: Sequence[int]) -> QuerySet[Visit]:
    rows = Visit.objects.visible_to(user).filter(visit_type=VisitType.INCOMPLETE)
    return rows.only(*VISIT_COLUMNS).order_by("-visited_at")[:6]
