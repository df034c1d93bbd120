"""KPIs over deals, money, stock and targets (domain.md §3.3, §3.5, §3.6).

`Deal.owner`/`team` are those who sold: they do not change when the customer's card is given to somebody else.
Invoices count by their own rows, so a red invoice is a correction of the month in which it is written (§4.8).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DecimalField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Round
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.kpi import Kpi, Measure, Scope
from dealership.core.money import ZERO
from dealership.core.periods import Period
from dealership.org import calendar
from dealership.org.policy import policy, policy_decimal
from leads.kpis import CARDS_CREATED, FIRST_VISITS_KNOWN
from sales.choices import PaymentStatus, TargetKind
from sales.models import Deal, Invoice, Payment, Target, Vehicle

_AMOUNT = DecimalField(max_digits=20, decimal_places=2)
_FINE = DecimalField(max_digits=30, decimal_places=10)


def _invoice_basis(store_id: int, month: dt.date) -> bool:
    """Does the store count retail by invoice date in this month (policy `kpi.retail_basis`)?"""
    return bool(policy("kpi.retail_basis", store_id, month) == "invoice")


def _handover_basis(store_id: int, month: dt.date) -> bool:
    return not _invoice_basis(store_id, month)


def _vehicle_gp(store_id: int, month: dt.date) -> Aggregate:
    """Vehicle gross profit (§3.5): price + rebate − cost − tax on the margin; a red invoice takes it back."""
    vat = policy_decimal("tax.vat_rate", store_id, month)
    surcharge = policy_decimal("tax.margin_surcharge", store_id, month)
    sign = Case(When(is_red=True, then=Value(-1)), default=Value(1))
    price = sign * F("amount")
    cost = Coalesce(F("deal__invoiced_cost"), F("deal__vehicle__dealer_cost"))
    rebate = Coalesce(F("deal__invoiced_rebate"), F("deal__vehicle__rebate"), Value(ZERO))
    margin = _exact(price + rebate - cost)
    taxed: Combinable = margin / _number(1 + vat) * _number(vat) * _number(1 + surcharge)
    tax = Greatest(Round(_exact(taxed), 2, output_field=_AMOUNT), Value(ZERO), output_field=_AMOUNT)
    return Sum(_exact(sign * (margin - tax)), output_field=_AMOUNT)


def _exact(expression: Any) -> Func:
    return Func(expression, template="(%(expressions)s)", output_field=_FINE)


def _number(value: Decimal) -> Value:
    return Value(value, output_field=_FINE)


def _costed(*, red: bool) -> Q:
    """Invoices whose car has a known cost: an unknown cost is left out, never taken as 0."""
    known = Q(deal__invoiced_cost__isnull=False) | Q(deal__vehicle__isnull=False)
    return known & Q(is_red=red)


def _receivables(moment: dt.datetime) -> QuerySet[Deal]:
    """Orders standing at that moment with what is still owed on them; pass-through money apart (R-PAY)."""
    paid = Payment.objects.filter(
        deal=OuterRef("pk"), status=PaymentStatus.CLEARED, is_pass_through=False, cleared_at__lt=moment
    ).order_by()
    received = paid.values("deal").annotate(total=Sum("amount")).values("total")
    standing = Q(cancelled_at=None) | Q(cancelled_at__gte=moment)
    rows = Deal.objects.filter(standing, ordered_at__lt=moment)
    rows = rows.annotate(received=Coalesce(Subquery(received, output_field=_AMOUNT), ZERO, output_field=_AMOUNT))
    owed: QuerySet[Deal] = rows.annotate(balance=F("contract_amount") - F("received")).exclude(balance=0)
    return owed


def _stock(moment: dt.datetime) -> QuerySet[Vehicle]:
    """Cars standing in the store with their age: today by status, on an earlier day by arrival and departure."""
    day = periods.local_date(moment - dt.timedelta(microseconds=1))
    if day == periods.today():
        rows: QuerySet[Vehicle] = Vehicle.objects.in_stock().filter(arrived_on__isnull=False)
    else:
        rows = vehicles_standing_at(moment)
    age = Func(Value(day), F("arrived_on"), template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())
    return rows.annotate(age_days=age)


def vehicles_standing_at(moment: dt.datetime) -> QuerySet[Vehicle]:
    """Cars that had arrived and not left before that moment (opening stock of a month)."""
    day = periods.local_date(moment)
    return Vehicle.objects.filter(Q(stocked_out_on=None) | Q(stocked_out_on__gte=day), arrived_on__lt=day)


def orders_standing_at(moment: dt.datetime) -> QuerySet[Deal]:
    """Orders confirmed before that moment and then neither handed over nor cancelled (opening orders)."""
    undelivered = Q(delivered_at=None) | Q(delivered_at__gte=moment)
    standing = Q(cancelled_at=None) | Q(cancelled_at__gte=moment)
    return Deal.objects.filter(undelivered, standing, ordered_at__lt=moment)


def _time_progress(scope: Scope, period: Period) -> tuple[Decimal | None, Decimal | None]:
    """Day weights gone by (today included) and of the whole month, summed over the stores (R-TGT)."""
    month = Period.containing("month", period.start)
    until = min(period.last_day, periods.today())
    parts = [calendar.time_progress(month, until, store) for store in scope.store_ids]
    return sum((gone for gone, _all in parts), Decimal(0)), sum((whole for _gone, whole in parts), Decimal(0))


def _target_rows() -> QuerySet[Target]:
    return Target.objects.all()


def deal_rows() -> QuerySet[Deal]:
    """All deals: the source of every figure about orders and deliveries."""
    return Deal.objects.all()


def _invoice_rows() -> QuerySet[Invoice]:
    return Invoice.objects.all()


def _cleared_payments() -> QuerySet[Payment]:
    return Payment.objects.cleared()


def _target(kind: TargetKind) -> Measure:
    return Measure(
        rows=_target_rows, date="month", is_date=True, only=Q(kind=kind), value=Sum("value"), person="person"
    )


def _invoices(only: Q, *, sign: int = 1, applies: Any = None, value: Any = None) -> Measure:
    """Invoices by their day; red ones are taken back by `sign`, or carry it in their amount."""
    return Measure(
        rows=_invoice_rows,
        date="issued_on",
        is_date=True,
        only=only,
        sign=sign,
        applies=applies,
        value=value or Count("pk"),
    )


def _money(*, pass_through: bool) -> Measure:
    return Measure(rows=_cleared_payments, date="cleared_at", only=Q(is_pass_through=pass_through), value=Sum("amount"))


ORDERS = Measure(rows=deal_rows, date="ordered_at")
CANCELLATIONS = Measure(rows=deal_rows, date="cancelled_at", only=Q(ordered_at__isnull=False), sign=-1)
DELIVERIES = Measure(rows=deal_rows, date="delivered_at")
_BLUE, _RED = Q(is_red=False), Q(is_red=True)
RETAIL = (
    Measure(rows=deal_rows, date="delivered_at", applies=_handover_basis),
    _invoices(_BLUE, applies=_invoice_basis),
    _invoices(_RED, sign=-1, applies=_invoice_basis),
)
INVOICE_AMOUNTS = _invoices(Q(), value=Sum("amount"))
RECEIPTS = _money(pass_through=False)

ORDERS_GROSS = Kpi(
    key="orders_gross",
    label=_("订单数"),
    explanation=_("合同已签且定金已到账的订单，按下订时间计；之后退订不影响本数，见净订单。"),
    unit="单",
    numerator=(ORDERS,),
)
ORDERS_NET = Kpi(
    key="orders_net",
    label=_("净订单"),
    explanation=_("本期订单数 − 本期批准的退订数（不论订单是哪个月下的）。"),
    unit="单",
    numerator=(ORDERS, CANCELLATIONS),
)
CLOSING_RATE = Kpi(
    key="closing_rate",
    label=_("成交率"),
    explanation=_("本期订单数 ÷ 本期首次到店（首次到店并留档 + 已建卡首次到店，不含看车未留档）。"),
    unit="%",
    numerator=(ORDERS,),
    denominator=(FIRST_VISITS_KNOWN,),
)
RETAIL_UNITS = Kpi(
    key="retail_units",
    label=_("零售台数"),
    explanation=_("已交付的零售车辆；按门店政策以交车日期（默认）或开票日期计，开票口径扣减红字发票。"),
    unit="台",
    numerator=RETAIL,
)
DELIVERY_UNITS = Kpi(
    key="delivery_units",
    label=_("交车台数"),
    explanation=_("已完成交车手续的车辆，按交车日期计。"),
    unit="台",
    numerator=(DELIVERIES,),
)
INVOICED_UNITS = Kpi(
    key="invoiced_units",
    label=_("开票台数"),
    explanation=_("蓝字机动车发票张数 − 红字发票张数，按开票日期计。"),
    unit="台",
    numerator=(_invoices(_BLUE), _invoices(_RED, sign=-1)),
)
TIME_PROGRESS = Kpi(
    key="time_progress",
    label=_("时间进度"),
    explanation=_("本月已过各天（含今天）的权重 ÷ 全月权重；周末、节假日、月末权重按门店政策。"),
    unit="%",
    grain="now",
    compute=_time_progress,
)
TARGET_ATTAINMENT = Kpi(
    key="target_attainment",
    label=_("零售达成率"),
    explanation=_("本月零售台数 ÷ 本月交车目标（各人目标之和）；没有目标时显示“—”。"),
    unit="%",
    numerator=RETAIL,
    denominator=(_target(TargetKind.DELIVERIES),),
    grain="month",
)
ORDERS_ATTAINMENT = Kpi(
    key="orders_attainment",
    label=_("订单达成率"),
    explanation=_("本月订单数 ÷ 本月订单目标。"),
    unit="%",
    numerator=(ORDERS,),
    denominator=(_target(TargetKind.ORDERS),),
    grain="month",
)
SALES_ATTAINMENT = Kpi(
    key="sales_attainment",
    label=_("销售额达成率"),
    explanation=_("本月开票销售额 ÷ 本月销售额目标。"),
    unit="%",
    numerator=(INVOICE_AMOUNTS,),
    denominator=(_target(TargetKind.SALES_AMOUNT),),
    grain="month",
)
RECEIPTS_ATTAINMENT = Kpi(
    key="receipts_attainment",
    label=_("回款达成率"),
    explanation=_("本月回款额 ÷ 本月回款目标。"),
    unit="%",
    numerator=(RECEIPTS,),
    denominator=(_target(TargetKind.RECEIPTS),),
    grain="month",
)
CARDS_ATTAINMENT = Kpi(
    key="cards_attainment",
    label=_("建卡达成率"),
    explanation=_("本月建卡总数 ÷ 本月建卡目标。"),
    unit="%",
    numerator=(CARDS_CREATED,),
    denominator=(_target(TargetKind.NEW_CARDS),),
    grain="month",
)
PACE_GAP = Kpi(
    key="pace_gap",
    label=_("进度差"),
    explanation=_("零售达成率 − 时间进度，单位为百分点；负数表示落后于进度。"),
    unit="pp",
    grain="month",
    minus=(TARGET_ATTAINMENT, TIME_PROGRESS),
)
SALES_AMOUNT = Kpi(
    key="sales_amount",
    label=_("销售额"),
    explanation=_("机动车发票价税合计之和（红字为负），按开票日期计；不含代收款项。"),
    unit="元",
    numerator=(INVOICE_AMOUNTS,),
)
RECEIPTS_AMOUNT = Kpi(
    key="receipts_amount",
    label=_("回款额"),
    explanation=_("已到账收款 − 已付退款与冲销，按到账时间计；代收的购置税、保费、上牌费另列，不在其中。"),
    unit="元",
    numerator=(RECEIPTS,),
)
PASS_THROUGH_RECEIPTS = Kpi(
    key="pass_through_receipts",
    label=_("代收款项"),
    explanation=_("已到账的代收购置税、保费、上牌费（扣除退回），按到账时间计；不是收入。"),
    unit="元",
    numerator=(_money(pass_through=True),),
)
RECEIVABLE_BALANCE = Kpi(
    key="receivable_balance",
    label=_("应收余额"),
    explanation=_("未交与已交订单的合同金额 − 已到账收款（均不含代收款项）；已退订的不计。"),
    unit="元",
    numerator=(Measure(as_of=_receivables, value=Sum("balance")),),
    grain="now",
)
GP_PER_UNIT = Kpi(
    key="gp_per_unit",
    label=_("单车毛利"),
    explanation=_(
        "整车毛利 ÷ 开票台数；整车毛利 = 开票价 + 返利 − 提货价 − 税金（毛利 ÷ 1.13 × 13% × 1.12，负毛利不计税）。"
    ),
    unit="元/台",
    numerator=(_invoices(_costed(red=False), value=_vehicle_gp), _invoices(_costed(red=True), value=_vehicle_gp)),
    denominator=(_invoices(_costed(red=False)), _invoices(_costed(red=True), sign=-1)),
    profit=True,
)
STOCK_UNITS = Kpi(
    key="stock_units",
    label=_("在库台数"),
    explanation=_("此刻停在店内的车辆（在库、锁库、已配车、已开票未出库、质损），在途不计。"),
    unit="台",
    numerator=(Measure(as_of=_stock, person=None, team=None),),
    grain="now",
)
STOCK_DAYS = Kpi(
    key="stock_days",
    label=_("平均库龄"),
    explanation=_("在库车辆从到库日期到今天的天数之和 ÷ 在库台数。"),
    unit="天",
    numerator=(Measure(as_of=_stock, value=Sum("age_days"), person=None, team=None),),
    denominator=(Measure(as_of=_stock, person=None, team=None),),
    grain="now",
)

KPIS: tuple[Kpi, ...] = (
    ORDERS_GROSS,
    ORDERS_NET,
    CLOSING_RATE,
    RETAIL_UNITS,
    DELIVERY_UNITS,
    INVOICED_UNITS,
    TARGET_ATTAINMENT,
    ORDERS_ATTAINMENT,
    SALES_ATTAINMENT,
    RECEIPTS_ATTAINMENT,
    CARDS_ATTAINMENT,
    TIME_PROGRESS,
    PACE_GAP,
    SALES_AMOUNT,
    RECEIPTS_AMOUNT,
    PASS_THROUGH_RECEIPTS,
    RECEIVABLE_BALANCE,
    GP_PER_UNIT,
    STOCK_UNITS,
    STOCK_DAYS,
)
