"""A seller's day: who must be called, who comes, what is delivered, the report (domain.md §7, first five minutes)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Case, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.utils.translation import gettext as _

from dealership.accounts.names import shown_name
from dealership.core import periods
from dealership.core.masking import mask_phone
from dealership.core.prepared import Question
from dealership.core.templatetags.ui import clock, day
from dealership.org.prepared import question_for, rows_for
from leads.choices import FollowUpOutcome, Grade, TaskKind, VisitType
from leads.models import CustomerPhone, FollowUp, FollowUpTask, TestDrive, Visit
from leads.models.customer import addressed
from leads.selectors.drive import drives_of_day, drives_of_day_asked
from leads.selectors.lead import waiting_asked
from reports.today.first_calls import ASKED, first_calls
from reports.today.parts import Line, Parts, Section, cut, page
from reviews.choices import ReviewKind
from reviews.models import Review
from sales.choices import DealStatus
from sales.models import Deal

CALLS_SHOWN, READ = 30, 200
# What a line shows; the rows are wide.
_CUSTOMER = ("name", "gender", "kind")
TASK_COLUMNS = (
    *("kind", "due_at", "owner_id", "owner__name"),
    *(f"prospect__{name}" for name in ("id", "grade", "key_concern", "series__name")),
    *(f"prospect__customer__{name}" for name in _CUSTOMER),
    *("phone", "promised"),
)
DEAL_COLUMNS = (
    *("status", "deposit_kind", "promised_on", "configuration__name", "configuration__series__name"),
    *(f"customer__{name}" for name in _CUSTOMER),
)
VISIT_COLUMNS = ("visited_at", "visited_on", "party_size", "note")
REVIEW_COLUMNS = ("kind", "state", "starts_on", "due_at", "submitted_at", "first_commented_at", "owner_id")
# H first; a card without a grade and one with an order wait for news as urgently as A and B.
URGENCY = {Grade.H: 0, Grade.N: 1, Grade.A: 1, Grade.O: 2, Grade.B: 2, Grade.C: 3}
NEARLY_THERE = (DealStatus.ALLOCATED, DealStatus.PAID, DealStatus.INVOICED, DealStatus.READY)


class Call(NamedTuple):
    """A follow-up task as a line shows it (`TASK_COLUMNS`): values, because there are up to two hundred."""

    kind: str
    due_at: dt.datetime
    owner_id: int
    owner: str
    card_id: int
    grade: str
    key_concern: str
    series: str | None
    customer: str
    gender: str
    customer_kind: str
    phone: str | None
    promised: bool

    @property
    def comes_today(self) -> bool:
        """An appointment of today; one that was not kept is a call to make."""
        return self.promised and periods.local_date(self.due_at) == periods.today()


def selling(user: Any, reviews: list[Review], *, leads_team: bool) -> Parts:
    """Everything a person who holds customers does today; a team's leader sees the team's arrivals and cars instead."""
    tasks = due_tasks(user)
    own = [task for task in tasks if task.owner_id == user.pk]
    sections = [
        first_calls(user),
        must_call(own),
        appointments(own),
        standing_in([task for task in tasks if task.owner_id != user.pk]),
    ]
    if not leads_team:
        sections += [drives_today(user), unfinished_visits(user), to_deliver(user)]
    actions = [(_("登记来店"), page("leads:visit_new")), (_("建卡"), page("leads:card_new"))]
    return Parts([], [report_state(user, reviews), *[s for s in sections if s.lines or s.key == "calls"]], actions)


def sellers_ask(user: Any, *, leads_team: bool) -> list[Question]:
    """What `selling` will ask, to be asked ahead."""
    asked = [question_for(user, _due_tasks), waiting_asked(user=user, limit=ASKED)]
    if not leads_team:
        asked.append(drives_of_day_asked(user=user, day=periods.today(), owner=user))
        asked += [question_for(user, build) for build in (_unfinished, _to_deliver)]
    return asked


def recent_reviews(user: Any) -> list[Any]:
    """Reports within reach of today and yesterday with `whose` they are, for the own state and for the team's."""
    return recent_reviews_asked(user).rows()


def recent_reviews_asked(user: Any) -> Question:
    """What `recent_reviews` asks, to be asked ahead."""
    return question_for(user, _recent_reviews)


def _recent_reviews(user: Any, _ids: Sequence[int]) -> QuerySet[Review]:
    since = periods.today() - dt.timedelta(days=1)
    rows = (
        Review.objects.visible_to(user).owed_or_submitted().filter(starts_on__gte=since, starts_on__lte=periods.today())
    )
    rows = rows.only(*REVIEW_COLUMNS).annotate(whose=shown_name("owner__")).order_by("starts_on", "owner__name")
    return rows[:200]


def due_tasks(user: Any) -> list[Call]:
    """Open tasks due by tonight, one's own and those stood in for, with phone and promised visits; H first."""
    return [Call(*row) for row in rows_for(user, _due_tasks)]


def _due_tasks(user: Any, _ids: Sequence[int]) -> QuerySet[Any, Any]:
    urgency = Case(
        When(kind=TaskKind.THANKS, then=Value(-1)),
        *(When(prospect__grade=grade, then=Value(rank)) for grade, rank in URGENCY.items()),
        default=Value(9),
        output_field=IntegerField(),
    )
    phones = CustomerPhone.objects.filter(customer=OuterRef("prospect__customer"), is_primary=True).values("number")
    promises = FollowUp.objects.filter(
        prospect=OuterRef("prospect"), outcome=FollowUpOutcome.APPOINTMENT, next_follow_up_at=OuterRef("due_at")
    )
    rows = FollowUpTask.objects.to_do_for(user).filter(due_at__lt=periods.end_of_day(periods.today()))
    rows = rows.annotate(phone=Subquery(phones[:1]), promised=Exists(promises)).order_by(urgency, "due_at", "id")
    return rows.values_list(*TASK_COLUMNS)[:READ]


def must_call(tasks: list[Call]) -> Section:
    """今日必跟进: overdue ones are red."""
    moment = periods.now()
    lines, more = cut([_call(task, moment) for task in tasks if not task.comes_today], CALLS_SHOWN)
    return Section(
        "calls",
        _("今日必跟进"),
        lines,
        url=page("leads:prospect_list"),
        empty=_("今天没有到期的跟进，可以约 B、C 级客户到店。"),
        more=more,
        count=len(lines),
        late=sum(line.is_late for line in lines),
        focus_url=page("leads:focus") if any(task.grade == Grade.H for task in tasks) else "",
    )


def standing_in(tasks: list[Call]) -> Section:
    """代跟进: what is due with the colleagues whose duty this person took over today (R-FU-2)."""
    moment = periods.now()
    lines, more = cut([_call(task, moment, whose=task.owner) for task in tasks], CALLS_SHOWN)
    names = "、".join(dict.fromkeys(task.owner for task in tasks))
    late = sum(line.is_late for line in lines)
    return Section(
        "stand_in", _("代跟进（%(names)s）") % {"names": names}, lines, more=more, count=len(lines), late=late
    )


def _call(task: Call, moment: dt.datetime, whose: str = "") -> Line:
    overdue = (periods.local_date(moment) - periods.local_date(task.due_at)).days
    side = _("逾期 %(n)s 天") % {"n": overdue} if overdue > 0 else clock(task.due_at)
    kind = "" if task.kind == TaskKind.REGULAR else str(TaskKind(task.kind).label)
    phone = mask_phone(task.phone) if task.phone else ""
    note = " · ".join(text for text in (whose, kind, task.series, task.key_concern, phone) if text)
    title = addressed(task.customer, task.gender, task.customer_kind)
    url = page("leads:prospect_detail", task.card_id)
    act = page("leads:follow_up_new", task.card_id, next=page("today"))
    return Line(title, note, side, url, task.grade, task.due_at < moment, act)


def appointments(tasks: list[Call]) -> Section:
    """Customers who promised to come today."""
    moment = periods.now()
    return Section("appointments", _("今日邀约到店"), [_call(task, moment) for task in tasks if task.comes_today])


def drives_today(user: Any) -> Section:
    """My test drives of today and cars still out; late ones are red."""
    drives = drives_of_day(user=user, day=periods.today(), owner=user)
    lines, more = cut([_drive(drive) for drive in drives])
    late = sum(drive.is_late for drive in drives)
    return Section("drives", _("今日试驾"), lines, page("leads:drive_calendar"), more=more, late=late)


def _drive(drive: TestDrive) -> Line:
    note = f"{drive.car} · {drive.get_status_display()}"
    url = page("leads:drive_detail", drive.pk)
    return Line(drive.customer.display_name, note, clock(drive.starts_at), url, is_late=drive.is_late)


def unfinished_visits(user: Any) -> Section:
    """Arrivals that reception registered and this person still has to complete."""
    lines = [visit_line(visit) for visit in rows_for(user, _unfinished)]
    return Section("visits", _("待完善的来店登记"), lines, url=page("leads:visit_list"), late=len(lines))


def _unfinished(user: Any, _ids: Sequence[int]) -> QuerySet[Visit]:
    rows = Visit.objects.visible_to(user).filter(owner=user, visit_type=VisitType.INCOMPLETE)
    return rows.only(*VISIT_COLUMNS).order_by("-visited_at")[:10]


def visit_line(visit: Visit) -> Line:
    """An arrival that is not completed."""
    title = _("%(day)s %(clock)s 到店，%(n)s 人") % {
        "day": day(visit.visited_at),
        "clock": clock(visit.visited_at),
        "n": visit.party_size,
    }
    url = page("leads:visit_complete", visit.pk)
    return Line(title, visit.note, _("去完善"), url, is_late=visit.visited_on < periods.today())


def to_deliver(user: Any) -> Section:
    """My orders whose car is there, the promised ones first."""
    lines, more = cut([deal_line(row) for row in rows_for(user, _to_deliver)], 10)
    return Section("deliveries", _("我的待交车订单"), lines, page("sales:deal_list"), more=more)


def _to_deliver(user: Any, _ids: Sequence[int]) -> QuerySet[Deal]:
    rows = Deal.objects.visible_to(user).filter(owner=user, status__in=NEARLY_THERE)
    rows = rows.select_related("customer", "configuration__series").only(*DEAL_COLUMNS)
    return rows.order_by("promised_on", "id")[:11]


def deal_line(deal: Deal) -> Line:
    """An order on its way to the hand-over."""
    late = deal.promised_on is not None and deal.promised_on < periods.today()
    promised = _("承诺 %(day)s") % {"day": day(deal.promised_on)[:5]} if deal.promised_on else ""
    note = f"{deal.get_status_display()} · {deal.configuration}"
    return Line(
        deal.customer.display_name,
        note,
        promised,
        page("sales:deal_page", deal.pk),
        is_late=late,
    )


def report_state(user: Any, reviews: list[Review]) -> Section:
    """Whether today's report is handed in."""
    own = (row for row in reviews if row.owner_id == user.pk and row.starts_on == periods.today())
    review = next((row for row in own if row.kind == ReviewKind.DAY), None)
    if review is None:
        return Section("report", _("今日日报"), [], empty=_("今天休息、请假或日报尚未生成。"), url=page("reviews:mine"))
    waits = review.awaits_owner
    side = _("%(clock)s 前提交") % {"clock": clock(review.due_at)} if waits else clock(review.submitted_at)
    line = Line(
        review.get_state_display(),
        _("数字已自动汇总，写上问题和明日计划即可提交。") if waits else _("已提交，数字在 24:00 前继续刷新。"),
        side,
        page("reviews:mine"),
        is_late=review.is_overdue,
    )
    return Section("report", _("今日日报"), [line])
