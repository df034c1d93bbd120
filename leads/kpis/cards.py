"""KPIs over cards and follow-ups (domain.md §3.2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import DecimalField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Round
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_bucket
from dealership.core.scoping import ScopedQuerySet
from dealership.org.choices import Role
from dealership.org.models import Membership
from leads.choices import OPEN_STATUSES, FollowUpOutcome, Grade, ProspectStatus
from leads.kpis.visits import MINUTES, STAYED_WITH
from leads.models import FollowUp, FollowUpTask, GradeChange, OwnerChange, Prospect, StatusChange


def _due_tasks() -> QuerySet[FollowUpTask]:
    """Tasks whose due day has come and that were not cancelled before it ended."""
    reached = FollowUpTask.objects.filter(due_at__lt=periods.end_of_day(periods.today()))
    buckets = {f"{name}_day": day_bucket(f"{name}_at") for name in ("due", "done", "cancelled")}
    return reached.annotate(**buckets).filter(Q(cancelled_at=None) | Q(cancelled_day__gt=F("due_day")))


# Done by 24:00 of the due day.
_ON_TIME = Q(done_day__lte=F("due_day"))


def _is_present(moment: dt.datetime) -> bool:
    """Is it now, give or take the time of a call? Then the rows' own columns say how things stand."""
    return moment >= periods.now() - dt.timedelta(seconds=1)


def _overdue(moment: dt.datetime) -> QuerySet[FollowUpTask]:
    """Tasks that were open and past due at that moment."""
    if _is_present(moment):
        return FollowUpTask.objects.open().filter(due_at__lt=moment)
    waiting = Q(done_at=None) | Q(done_at__gte=moment)
    kept = Q(cancelled_at=None) | Q(cancelled_at__gte=moment)
    return FollowUpTask.objects.filter(waiting, kept, created_at__lt=moment, due_at__lt=moment)


def cards_open_at(moment: dt.datetime, store_id: int | None = None) -> QuerySet[Any]:
    """Cards that were open at that moment, from their histories, with `status_then grade_then owner_then team_then`.

    The owner then is that of the last hand-over before, else of the card's making. Late and repeated questions
    about one moment have one answer, because the histories are append-only.
    """

    def last(model: Any, column: str, order: tuple[str, ...] = ("-at", "-id")) -> Subquery:
        rows = model.objects.filter(prospect=OuterRef("pk"), at__lt=moment).order_by(*order)
        return Subquery(rows.values(column)[:1])

    moves = StatusChange.objects.filter(at__gte=moment)
    rows = Prospect.objects.filter(card_created_at__lt=moment)
    if store_id is None:
        rows = rows.filter(Q(status__in=OPEN_STATUSES) | Exists(moves.filter(prospect=OuterRef("pk"))))
    else:
        # Those of one store are read once; asking card by card would replay the history of every closed one first.
        moved = moves.filter(store_id=store_id).values("prospect_id")
        rows = rows.filter(Q(status__in=OPEN_STATUSES) | Q(pk__in=moved), store_id=store_id)
    made = ("at", "id")
    rows = rows.annotate(
        status_then=last(StatusChange, "to_status"),
        grade_then=Coalesce(last(GradeChange, "to_grade"), Value(Grade.N.value)),
        owner_then=Coalesce(last(OwnerChange, "owner_id"), last(StatusChange, "owner_id", made)),
        team_then=Coalesce(last(OwnerChange, "team_id"), last(StatusChange, "team_id", made)),
    )
    return rows.filter(status_then__in=OPEN_STATUSES)


def _open_cards(moment: dt.datetime) -> QuerySet[Prospect]:
    """Cards open at that moment."""
    if not _is_present(moment):
        return cards_open_at(moment)
    columns = {"owner_then": F("owner_id"), "team_then": F("team_id"), "grade_then": F("grade")}
    return Prospect.objects.open().annotate(**columns)


class _Posts(ScopedQuerySet):
    """Consultants' posts in a store: whoever reaches a person's cards sees that the person sells."""

    resource = "prospect"
    owner_path = "user"


def _consultants(moment: dt.datetime) -> QuerySet[Any]:
    """Sales consultants with a post in the store on the day that ends at (or contains) that moment."""
    day = periods.local_date(moment - dt.timedelta(microseconds=1))
    return _Posts(Membership).filter(role=Role.SALES_CONSULTANT, valid__contains=day)


def _headcount(_store_id: int, month: dt.date) -> Sum:
    """Consultants of a month on the average of its days that have come: each with the share of days in the post."""
    first, end = month, min(periods.add_months(month, 1), periods.today() + dt.timedelta(days=1))
    elapsed = max((end - first).days, 0)
    days = Value(DateRange(first, max(first, end)), output_field=DateRangeField())
    held = Func(F("valid"), days, template="(%(expressions)s)", arg_joiner=" * ", output_field=DateRangeField())
    edges = [Func(held, function=name, output_field=IntegerField()) for name in ("upper", "lower")]
    count = Func(*edges, template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())
    share = Func(count, Value(max(elapsed, 1)), template="(%(expressions)s)", arg_joiner="::numeric / ")
    return Sum(Round(share, 4, output_field=_SHARE), output_field=_SHARE)


def _follow_up_rows() -> QuerySet[FollowUp]:
    return FollowUp.objects.all()


_SHARE = DecimalField(max_digits=20, decimal_places=4)
HEADCOUNT = Measure(
    rows=lambda: _Posts(Membership).filter(role=Role.SALES_CONSULTANT, valid__startswith__lte=periods.today()),
    date="valid", is_range=True, value=_headcount, person="user",
)  # fmt: skip
OPEN_CARDS = Measure(as_of=_open_cards, person="owner_then", team="team_then", part="grade_then")
CARDS_CREATED = Measure(rows=lambda: StatusChange.objects.filter(from_status=""), date="at")

FIRST_CARDS = replace(CARDS_CREATED, only=Q(prospect__previous=None))
CONTACTS = Measure(rows=_follow_up_rows, date="done_at", person="done_by", only=~Q(outcome=FollowUpOutcome.NO_ANSWER))

TIMED_CONTACTS = replace(CONTACTS, only=Q(minutes__isnull=False))  # never of an unanswered call

FORGOTTEN = Measure(rows=lambda: StatusChange.objects.filter(to_status=ProspectStatus.OUT_OF_CONTROL), date="at")

NEW_CUSTOMERS = Kpi(
    key="new_customers",
    label=_("新客户数"),
    explanation=_("本期第一次建卡的客户数，归建卡时的顾问；以前建过卡、再次回来的客户不计。"),
    unit="人",
    numerator=(FIRST_CARDS,),
)
NEW_CARDS = Kpi(
    key="new_cards",
    label=_("建卡总数"),
    explanation=_("展厅建卡 + DCC建卡 + 其他建卡，按建卡时间计，归建卡时的顾问；同一客户同一次购车意向只计一张。"),
    unit="张",
    numerator=(CARDS_CREATED,),
)
PROSPECTS_BY_GRADE = Kpi(
    key="prospects_by_grade",
    label=_("各级别存量"),
    explanation=_("仍在跟进（未订、未战败、未休眠）的意向客户数，按 H、A、B、C、N 级分列；过去的日期按当日结束时计。"),
    unit="人",
    numerator=(OPEN_CARDS,),
    grain="now",
)
ACTIVE_PROSPECTS_PER_CONSULTANT = Kpi(
    key="active_prospects_per_consultant",
    label=_("人均意向客户"),
    explanation=_("仍在跟进的意向客户数 ÷ 当日在岗位上的销售顾问人数；DCC 和经理名下的卡也在分子里。"),
    unit="人",
    numerator=(OPEN_CARDS,),
    denominator=(Measure(as_of=_consultants, person="user"),),
    grain="now",
)
FOLLOW_UP_COUNT = Kpi(
    key="follow_up_count",
    label=_("回访量"),
    explanation=_("已完成的跟进次数，记给实际跟进的人；未接通的另计。"),
    unit="次",
    numerator=(CONTACTS,),
)
FOLLOW_UP_NO_ANSWER = Kpi(
    key="follow_up_no_answer",
    label=_("未接通次数"),
    explanation=_("结果为“未接通”的跟进次数，不计入回访量。"),
    unit="次",
    numerator=(
        Measure(rows=_follow_up_rows, date="done_at", person="done_by", only=Q(outcome=FollowUpOutcome.NO_ANSWER)),
    ),
)
AVG_CONTACT_MINUTES = Kpi(
    key="avg_contact_minutes",
    label=_("每次接触用时"),
    explanation=_(
        "（接待的到店批次从到店到离店的分钟数 + 跟进登记的用时）之和 ÷（登记了离店时间的批次 + 登记了用时的跟进），"
        "归实际接待、跟进的人；没有登记时长的不计。"
    ),
    unit="分钟",
    numerator=(replace(STAYED_WITH, value=Sum(MINUTES)), replace(TIMED_CONTACTS, value=Sum("minutes"))),
    denominator=(STAYED_WITH, TIMED_CONTACTS),
)
FOLLOW_UP_ON_TIME_RATE = Kpi(
    key="follow_up_on_time_rate",
    label=_("跟进及时率"),
    explanation=_("在应跟进日 24:00 前完成的任务 ÷ 应跟进日在本期内（到今天为止）的任务；到期前取消的不计。"),
    unit="%",
    numerator=(Measure(rows=_due_tasks, date="due_at", only=_ON_TIME),),
    denominator=(Measure(rows=_due_tasks, date="due_at"),),
)
OVERDUE_FOLLOW_UPS = Kpi(
    key="overdue_follow_ups",
    label=_("逾期未跟进"),
    explanation=_("应跟进时间已过、仍未完成的任务数。"),
    unit="条",
    numerator=(Measure(as_of=_overdue),),
    grain="now",
)

OUT_OF_CONTROL = Kpi(
    key="out_of_control",
    label=_("失控数"),
    explanation=_(
        "本期被系统判为失控的次数（超过级别时限未跟进，或连续多次未接通），归当时的归属顾问；恢复后再次失控另计。"
    ),
    unit="次",
    numerator=(FORGOTTEN,),
)

KPIS: tuple[Kpi, ...] = (
    NEW_CARDS,
    NEW_CUSTOMERS,
    PROSPECTS_BY_GRADE,
    FOLLOW_UP_COUNT,
    FOLLOW_UP_NO_ANSWER,
    AVG_CONTACT_MINUTES,
    FOLLOW_UP_ON_TIME_RATE,
    OVERDUE_FOLLOW_UPS,
    OUT_OF_CONTROL,
    ACTIVE_PROSPECTS_PER_CONSULTANT,
)
