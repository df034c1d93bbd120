"""KPIs over reports (domain.md §3.7): are they handed in on time, are they answered on time."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.kpi import Kpi, Measure
from reviews.models import Review
from reviews.querysets import COMMENTED_IN_TIME, ON_TIME, SUBMITTED, comment_due_by, day_off, due_by


def _daily() -> QuerySet[Review]:
    return Review.objects.daily()


def _measure(only: Callable[[], Q]) -> Measure:
    return Measure(rows=_daily, date="starts_on", is_date=True, only=only)


def _due() -> Q:
    """Reports whose deadline has passed: rest and closed days have none, today's count from 20:00."""
    return ~Q(day_off()) & due_by(periods.now())


def _answerable() -> Q:
    """Submitted reports whose comment deadline has passed, or that were commented already."""
    return SUBMITTED & comment_due_by(periods.now())


# A report is opened for every day a seller works by the rota: these are the working days.
WORKING_DAYS = _measure(lambda: ~Q(day_off()))

DAILY_REPORT_RATE = Kpi(
    key="daily_report_rate",
    label=_("日报提交及时率"),
    explanation=_(
        "在截止时间（默认 20:00）前提交的日报 ÷ 应交日报；休息、请假、闭店日和未到截止时间的不计，晚班顺延一小时。"
    ),
    unit="%",
    numerator=(_measure(lambda: _due() & ON_TIME),),
    denominator=(_measure(_due),),
)
COMMENT_RATE = Kpi(
    key="comment_rate",
    label=_("经理点评率"),
    explanation=_("次日 12:00 前得到上级点评的日报 ÷ 已提交的日报；未到点评截止时间且还没有点评的不计。"),
    unit="%",
    numerator=(_measure(lambda: _answerable() & COMMENTED_IN_TIME),),
    denominator=(_measure(_answerable),),
)

KPIS: tuple[Kpi, ...] = (DAILY_REPORT_RATE, COMMENT_RATE)
