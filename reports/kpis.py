"""KPIs that stand on frozen opening rows, alone or with rows of the apps below (domain.md §3.2, §3.3)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from leads.choices import Grade
from leads.kpis import CARDS_CREATED
from reports.models import OpeningOrder, OpeningProspect
from sales.kpis import DELIVERIES, ORDERS

JUDGED_GRADES = (Grade.H, Grade.A, Grade.B, Grade.C)

OPENING_PROSPECTS = Measure(
    rows=lambda: OpeningProspect.objects.filter(grade__in=JUDGED_GRADES), date="month", is_date=True, opening=True
)
OPENING_ORDERS = Measure(rows=OpeningOrder.objects.all, date="month", is_date=True, opening=True)

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

KPIS: tuple[Kpi, ...] = (MONTH_OPEN_PROSPECTS, MONTH_OPEN_ORDERS, PROSPECT_CONVERSION, ORDER_DELIVERY_RATE)
BY_KEY = {kpi.key: kpi for kpi in KPIS}
