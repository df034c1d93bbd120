"""KPIs that stand on frozen opening rows, alone or with rows of the apps below (domain.md §3.2, §3.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.db.models import DateField, Exists, F, Func, OuterRef, Q
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_bucket, month_of, today
from leads.choices import Grade
from leads.kpis import CARDS_CREATED, CONTACTS, INVITED_ARRIVED, LOSSES, RECEIVED, RISES
from reports.models import HotProspect, OpeningOrder, OpeningProspect
from reviews.kpis import WORKING_DAYS
from sales.kpis import CANCELLATIONS, DELIVERIES, INVOICE_AMOUNTS, ORDERS
from sales.kpis.orders import deal_rows
from sales.models import Deal

# The oldest card, in days, that the variant of 上月剩余签单率 looks at (domain.md §3.2).
YOUNG_DAYS = 90
JUDGED_GRADES = (Grade.H, Grade.A, Grade.B, Grade.C)

OPENING_PROSPECTS = Measure(
    rows=lambda: OpeningProspect.objects.filter(grade__in=JUDGED_GRADES), date="month", is_date=True, opening=True
)
# The same rows month by month: a longer period adds the openings of its months up.
CARRIED_OVER = replace(OPENING_PROSPECTS, opening=False)
OPENING_ORDERS = Measure(rows=OpeningOrder.objects.all, date="month", is_date=True, opening=True)


def _carried_over() -> Q:
    """Orders of cards that were among the opening ones of the month of the order."""
    month = month_of(OuterRef("ordered_at"))
    opened = OpeningProspect.objects.filter(prospect=OuterRef("prospect"), grade__in=JUDGED_GRADES, month=month)
    return Q(Exists(opened))


def _is_young() -> Q:
    """Opening cards that were at most 90 days old when the month began."""
    oldest = Func(F("month"), template=f"(%(expressions)s - {YOUNG_DAYS})", output_field=DateField())
    return Q(GreaterThanOrEqual(day_bucket("prospect__card_created_at"), oldest))


def _carried_over_young() -> Q:
    month = month_of(OuterRef("ordered_at"))
    opened = OpeningProspect.objects.filter(prospect=OuterRef("prospect"), grade__in=JUDGED_GRADES, month=month)
    return Q(Exists(opened.filter(_is_young())))


MONTH_OPEN_PROSPECTS = Kpi(
    key="month_open_prospects",
    label=_("月初遗留潜客"),
    explanation=_("每月 1 日 0 时仍在跟进的 H、A、B、C 级意向客户数；当时冻结，之后不变。"),
    unit="人",
    numerator=(OPENING_PROSPECTS,),
    grain="month",
)
MONTH_OPEN_ORDERS = Kpi(
    key="month_open_orders",
    label=_("月初遗留订单"),
    explanation=_("每月 1 日 0 时已下订、未交车、未退订的订单数；当时冻结，之后不变。"),
    unit="单",
    numerator=(OPENING_ORDERS,),
    grain="month",
)
PROSPECT_CONVERSION = Kpi(
    key="prospect_conversion",
    label=_("潜客转化率"),
    explanation=_("本期订单数 ÷（本期建卡总数 + 月初遗留潜客）。"),
    unit="%",
    numerator=(ORDERS,),
    denominator=(CARDS_CREATED, OPENING_PROSPECTS),
    grain="month",
)
ORDER_DELIVERY_RATE = Kpi(
    key="order_delivery_rate",
    label=_("订单交车率"),
    explanation=_("本期交车台数 ÷（本期订单数 + 月初遗留订单）。"),
    unit="%",
    numerator=(DELIVERIES,),
    denominator=(ORDERS, OPENING_ORDERS),
    grain="month",
)

ORDER_CANCEL_RATE = Kpi(
    key="order_cancel_rate",
    label=_("退订率"),
    explanation=_("本期批准的退订数（按批准时间计，不论订单是哪个月下的）÷（本期订单数 + 月初遗留订单）。"),
    unit="%",
    numerator=(replace(CANCELLATIONS, sign=1),),
    denominator=(ORDERS, OPENING_ORDERS),
    grain="month",
)
LOSS_RATE = Kpi(
    key="loss_rate",
    label=_("战败率"),
    explanation=_("本期同意的战败 ÷（本期建卡总数 + 月初遗留潜客），与潜客转化率同一分母；按同意时间计。"),
    unit="%",
    numerator=(LOSSES,),
    denominator=(CARDS_CREATED, OPENING_PROSPECTS),
    grain="month",
)
INVITE_SHOW_RATE = Kpi(
    key="invite_show_rate",
    label=_("邀约到店率"),
    explanation=_("本期邀约到店（已建卡首次到店 + 再次到店）÷（本期建卡总数 + 月初遗留潜客）。"),
    unit="%",
    numerator=(INVITED_ARRIVED,),
    denominator=(CARDS_CREATED, OPENING_PROSPECTS),
    grain="month",
)
GRADE_UPGRADE_RATE = Kpi(
    key="grade_upgrade_rate",
    label=_("升级率"),
    explanation=_("本期级别升过（C→B→A→H）的卡 ÷（本期建卡总数 + 月初遗留潜客）；一张卡一个月只计一次，首次定级不算。"),
    unit="%",
    numerator=(RISES,),
    denominator=(CARDS_CREATED, OPENING_PROSPECTS),
    grain="month",
)
CARRYOVER_SIGN_RATE = Kpi(
    key="carryover_sign_rate",
    label=_("上月剩余签单率"),
    explanation=_("月初遗留潜客在当月下的订单 ÷ 月初遗留潜客。"),
    unit="%",
    numerator=(Measure(rows=deal_rows, date="ordered_at", only=_carried_over),),
    denominator=(CARRIED_OVER,),
    grain="month",
)
CARRYOVER_SIGN_RATE_90 = Kpi(
    key="carryover_sign_rate_90",
    label=_("上月剩余签单率（90天内建卡）"),
    explanation=_("月初遗留潜客中月初时建卡不超过 90 天的：当月下的订单 ÷ 人数；久拖未成的老卡不计。"),
    unit="%",
    numerator=(Measure(rows=deal_rows, date="ordered_at", only=_carried_over_young),),
    denominator=(replace(CARRIED_OVER, only=_is_young),),
    grain="month",
)

AVG_DAILY_CONTACTS = Kpi(
    key="avg_daily_contacts",
    label=_("每天平均接触次数"),
    explanation=_("（接通的跟进，含外拓 + 接待的到店批次）÷ 出勤天数；出勤即排班上班、有日报的日子，休息、请假不计。"),
    unit="次/天",
    numerator=(CONTACTS, RECEIVED),
    denominator=(WORKING_DAYS,),
)


AVG_REVENUE_PER_VISIT_DAY = Kpi(
    key="avg_revenue_per_visit_day",
    label=_("每天销售访问的平均收入"),
    explanation=_(
        "本人订单的开票销售额（红字为负，按开票日期计）÷ 出勤天数；出勤即排班上班、有日报的日子，休息、请假不计。"
    ),
    unit="元/天",
    numerator=(INVOICE_AMOUNTS,),
    denominator=(WORKING_DAYS,),
)


def _ordered_in_week() -> Q:
    """H cards that ordered between the Monday they were frozen on and the Sunday after."""
    orders = Deal.objects.filter(prospect=OuterRef("prospect"), ordered_at__isnull=False)
    orders = orders.annotate(day=day_bucket("ordered_at"))
    return _week_is_over() & Q(Exists(orders.filter(day__gte=OuterRef("week"), day__lte=OuterRef("judged_on"))))


def _week_is_over() -> Q:
    return Q(judged_on__lt=today())


def _hot(only: Callable[[], Q]) -> Measure:
    return Measure(rows=HotProspect.objects.all, date="judged_on", is_date=True, only=only)


GRADE_ACCURACY = Kpi(
    key="grade_accuracy",
    label=_("级别准确率"),
    explanation=_("周一 0 时为 H 级、到周日下订的客户 ÷ 周一 0 时为 H 级的客户；周一冻结，归当时的顾问，按周日计。"),
    unit="%",
    numerator=(_hot(_ordered_in_week),),
    denominator=(_hot(_week_is_over),),
)

KPIS: tuple[Kpi, ...] = (
    MONTH_OPEN_PROSPECTS,
    AVG_DAILY_CONTACTS,
    GRADE_ACCURACY,
    MONTH_OPEN_ORDERS,
    PROSPECT_CONVERSION,
    ORDER_DELIVERY_RATE,
    ORDER_CANCEL_RATE,
    AVG_REVENUE_PER_VISIT_DAY,
    LOSS_RATE,
    INVITE_SHOW_RATE,
    GRADE_UPGRADE_RATE,
    CARRYOVER_SIGN_RATE,
    CARRYOVER_SIGN_RATE_90,
)
BY_KEY = {kpi.key: kpi for kpi in KPIS}
