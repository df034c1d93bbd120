"""KPIs over reports (domain.md §3.7): are they handed in on time, are they answered on time."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.kpi import Kpi, Measure
from reviews.models import Review


def _due() -> QuerySet[Review]:
    """Daily reports whose deadline has passed: rest and closed days have none, today's count from 20:00."""
    return Review.objects.daily().owed().due_by(periods.now())


def _submitted() -> QuerySet[Review]:
    return Review.objects.daily().filter(submitted_at__isnull=False)


def _answerable() -> QuerySet[Review]:
    """Submitted reports whose comment deadline has passed, or that were commented already."""
    return _submitted().comment_due_by(periods.now())


DAILY_REPORT_RATE = Kpi(
    key="daily_report_rate",
    label=_("日报提交及时率"),
    explanation=_(
        "在截止时间（默认 20:00）前提交的日报 ÷ 应交日报；休息、请假、闭店日和未到截止时间的不计，晚班顺延一小时。"
    ),
    unit="%",
    numerator=(Measure(rows=lambda: _due().on_time(), date="starts_on", is_date=True),),
    denominator=(Measure(rows=_due, date="starts_on", is_date=True),),
)
COMMENT_RATE = Kpi(
    key="comment_rate",
    label=_("经理点评率"),
    explanation=_("次日 12:00 前得到上级点评的日报 ÷ 已提交的日报；未到点评截止时间且还没有点评的不计。"),
    unit="%",
    numerator=(Measure(rows=lambda: _answerable().commented_in_time(), date="starts_on", is_date=True),),
    denominator=(Measure(rows=_answerable, date="starts_on", is_date=True),),
)

KPIS: tuple[Kpi, ...] = (DAILY_REPORT_RATE, COMMENT_RATE)
