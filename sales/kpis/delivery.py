"""KPIs of deliveries: promises kept, papers right, orders in hand, units per consultant (domain.md §3.3)."""

from __future__ import annotations

import datetime as dt

from django.db.models import DateField, F, Func, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_bucket
from leads.kpis import HEADCOUNT
from sales.choices import TargetKind
from sales.kpis.orders import DELIVERIES, RETAIL, deal_rows, orders_standing_at
from sales.models import Deal, Target

# The paperwork of a hand-over is checked within seven days (§4.3).
CHECKED_AFTER_DAYS = 7


def _next_months_targets(moment: dt.datetime) -> QuerySet[Target]:
    """Delivery targets of the month after the one that ends at (or contains) that moment."""
    day = periods.local_date(moment - dt.timedelta(microseconds=1))
    following = periods.add_months(day.replace(day=1), 1)
    return Target.objects.filter(month=following, kind=TargetKind.DELIVERIES)


def _handed_over() -> QuerySet[Deal]:
    """Deliveries with the day on which their papers can be judged: the seventh after the hand-over."""
    judged = Func(
        day_bucket("delivered_at"), Value(CHECKED_AFTER_DAYS, output_field=IntegerField()),
        template="(%(expressions)s)", arg_joiner=" + ", output_field=DateField(),
    )  # fmt: skip
    return Deal.objects.filter(delivered_at__isnull=False).annotate(judged_on=judged)


def _judged() -> Q:
    return Q(judged_on__lt=periods.today())


def _right() -> Q:
    """Every paper was there at the hand-over, and none was put right up to the end of the seventh day after."""
    kept = Q(corrected_at=None) | ~Q(LessThanOrEqual(day_bucket("corrected_at"), F("judged_on")))
    return _judged() & Q(handed_complete=True) & kept


def _in_time() -> Q:
    """Handed over on or before the day that was promised first."""
    return Q(LessThanOrEqual(day_bucket("delivered_at"), F("first_promised_on")))


ORDER_BANK_RATE = Kpi(
    key="order_bank_rate",
    label=_("订单储备率"),
    explanation=_("月末（本月为此刻）已下订、未交车、未退订的订单数 ÷ 下月交车目标；下月目标还没有下达时显示“—”。"),
    unit="%",
    numerator=(Measure(as_of=orders_standing_at),),
    denominator=(Measure(as_of=_next_months_targets, value=Sum("value"), person="person"),),
    grain="now",
)
DELIVERY_TIMELINESS = Kpi(
    key="delivery_timeliness",
    label=_("交付及时率"),
    explanation=_(
        "在首次承诺的交车日当天或之前交的车 ÷ 本期交的车；承诺日后来改过的仍按首次承诺算，没有承诺过的不算及时。"
    ),
    unit="%",
    numerator=(Measure(rows=deal_rows, date="delivered_at", only=_in_time),),
    denominator=(DELIVERIES,),
)
DELIVERY_ACCURACY = Kpi(
    key="delivery_accuracy",
    label=_("交付准确率"),
    explanation=_("交车时资料清单全部齐全、交车后 7 天内没有更正过的车 ÷ 交的车；按交车后第 7 天计，满 7 天才评。"),
    unit="%",
    numerator=(Measure(rows=_handed_over, date="judged_on", is_date=True, only=_right),),
    denominator=(Measure(rows=_handed_over, date="judged_on", is_date=True, only=_judged),),
)
SALES_PER_CONSULTANT = Kpi(
    key="sales_per_consultant",
    label=_("人均产能"),
    explanation=_("本月零售台数 ÷ 本月平均销售顾问人数（每人按在岗天数 ÷ 当月已过天数折算）；多个月时为每人每月台数。"),
    unit="台/人",
    numerator=RETAIL,
    denominator=(HEADCOUNT,),
    grain="month",
)

KPIS: tuple[Kpi, ...] = (ORDER_BANK_RATE, DELIVERY_TIMELINESS, DELIVERY_ACCURACY, SALES_PER_CONSULTANT)
