"""KPIs that set orders against the customers they came from (domain.md §3.1–§3.3).

Every order counts in the month in which it was placed, so a month's figure stays what it was when later months come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.db.models import Aggregate, Count, DateField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Sum
from django.db.models.lookups import Exact, GreaterThan
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_bucket, day_of, month_of
from leads.choices import ProspectStatus, VisitChannel, VisitType
from leads.kpis import CARDS_CREATED, CONTACTS, DRIVES, RECEIVED, visit_rows
from leads.kpis.visits import INVITED, visits
from leads.models import Campaign, StatusChange, TestDrive, Visit
from sales.kpis.orders import ORDERS, deal_rows
from sales.models import Deal

_ORDERED_DAY, _CARD_DAY = day_bucket("ordered_at"), day_bucket("prospect__card_created_at")
_WOKEN = Q(from_status=ProspectStatus.DORMANT, to_status=ProspectStatus.ACTIVE)
_RETURNED = Q(from_status="", prospect__previous__isnull=False)
_SOURCE_KNOWN = Q(prospect__source__isnull=False)


def _orders(only: Q | Callable[[], Q], value: Aggregate | None = None) -> Measure:
    return Measure(rows=deal_rows, date="ordered_at", only=only, value=value or Count("pk"))


def _after_drive() -> Q:
    """Orders with a valid drive of the same card before."""
    drives = TestDrive.objects.valid().filter(prospect=OuterRef("prospect"), finished_at__lt=OuterRef("ordered_at"))
    return Q(Exists(drives))


def _same_month() -> Q:
    """Orders of cards that were made in the month of the order."""
    return Q(Exact(month_of(F("ordered_at")), month_of(F("prospect__card_created_at"))))


def _won_back() -> Q:
    """Orders of cards that had come back: of a customer lost before, or woken before the order."""
    woken = StatusChange.objects.filter(_WOKEN, prospect=OuterRef("prospect"), at__lte=OuterRef("ordered_at"))
    return Q(prospect__previous__isnull=False) | Q(Exists(woken))


def _returns() -> QuerySet[StatusChange]:
    return StatusChange.objects.filter(_WOKEN | _RETURNED)


def _later_visits() -> QuerySet[Visit]:
    """Visits for a purchase on a later day than the one the card was made on."""
    rows = Visit.objects.filter(channel=VisitChannel.WALK_IN, visit_type__in=INVITED)
    return rows.filter(Q(GreaterThan(F("visited_on"), _CARD_DAY)))


def _later_orders() -> QuerySet[Deal]:
    return Deal.objects.filter(ordered_at__isnull=False).filter(Q(GreaterThan(_ORDERED_DAY, _CARD_DAY)))


def _second_visits() -> Q:
    """The first visit after the card's own day, unless an order of such a day came before it."""
    visits = _later_visits().filter(prospect=OuterRef("prospect"), visited_on__lt=OuterRef("visited_on"))
    orders = _later_orders().annotate(day=_ORDERED_DAY)
    orders = orders.filter(prospect=OuterRef("prospect"), day__lt=OuterRef("visited_on"))
    late = Q(channel=VisitChannel.WALK_IN, visit_type__in=INVITED) & Q(GreaterThan(F("visited_on"), _CARD_DAY))
    return late & ~Q(Exists(visits)) & ~Q(Exists(orders))


def _orders_as_second_visits() -> Q:
    """Orders of a later day than the card's, when nobody registered the visit: the first of the card."""
    visits = _later_visits().filter(prospect=OuterRef("prospect"))
    visits = visits.filter(visited_on__lte=day_of(OuterRef("ordered_at")))
    orders = _later_orders().filter(prospect=OuterRef("prospect"), ordered_at__lt=OuterRef("ordered_at"))
    return Q(GreaterThan(_ORDERED_DAY, _CARD_DAY)) & ~Q(Exists(visits)) & ~Q(Exists(orders))


def _closed_at_once(kind: VisitType) -> Measure:
    """Visits of a kind on whose own day the customer ordered."""

    def ordered_that_day() -> Q:
        orders = Deal.objects.filter(ordered_at__isnull=False).annotate(day=_ORDERED_DAY)
        same = orders.filter(customer=OuterRef("customer"), day=OuterRef("visited_on"))
        return Q(channel=VisitChannel.WALK_IN, visit_type=kind) & Q(Exists(same))

    return Measure(rows=visit_rows, date="visited_at", only=ordered_that_day)


def _spent() -> QuerySet[Campaign]:
    """Campaigns that feed a source and whose cost is known."""
    return Campaign.objects.filter(source__isnull=False, cost_actual__isnull=False)


def _of_spent_sources() -> Q:
    """Orders of first sources on which the store spent money in the month of the order."""
    ended = Func(F("ends_on"), template="date_trunc('month', %(expressions)s)::date", output_field=DateField())
    campaigns = (
        _spent()
        .annotate(month=ended)
        .filter(store=OuterRef("store"), source=OuterRef("prospect__source"), month=month_of(OuterRef("ordered_at")))
    )
    return Q(Exists(campaigns))


SPENDING = Measure(rows=_spent, date="ends_on", is_date=True, value=Sum("cost_actual"), person=None, team=None)
_DAYS_TO_ORDER = Func(
    _ORDERED_DAY, _CARD_DAY, template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField()
)


def _timed_orders() -> QuerySet[Deal]:
    """Orders with the days their cards took."""
    return deal_rows().annotate(lead_days=_DAYS_TO_ORDER)


SECOND_VISIT_RATE = Kpi(
    key="second_visit_rate",
    label=_("二次来店率"),
    explanation=_("建卡次日起第一次到店的卡（按该次到店日计；没有到店登记但次日起下订的，按下订日计）÷ 本期建卡总数。"),
    unit="%",
    numerator=(Measure(rows=visit_rows, date="visited_at", only=_second_visits), _orders(_orders_as_second_visits)),
    denominator=(CARDS_CREATED,),
)
TEST_DRIVE_SIGN_RATE = Kpi(
    key="test_drive_sign_rate",
    label=_("试驾签单率"),
    explanation=_("下订前做过有效试驾的本期订单 ÷ 本期试驾数。"),
    unit="%",
    numerator=(_orders(_after_drive),),
    denominator=(DRIVES,),
)
NEW_CARD_SIGN_RATE = Kpi(
    key="new_card_sign_rate",
    label=_("本月新增签单率"),
    explanation=_("建卡当月就下订的订单 ÷ 本期建卡总数。"),
    unit="%",
    numerator=(_orders(_same_month),),
    denominator=(CARDS_CREATED,),
)
SOURCE_CONVERSION = Kpi(
    key="source_conversion",
    label=_("来源转化率"),
    explanation=_("首次来源已填的卡的本期订单 ÷ 首次来源已填的本期建卡；可按来源细分。"),
    unit="%",
    numerator=(_orders(_SOURCE_KNOWN),),
    denominator=(replace(CARDS_CREATED, only=_SOURCE_KNOWN),),
)
WINBACK_RATE = Kpi(
    key="winback_rate",
    label=_("战败激活率"),
    explanation=_("战败后回来的客户、休眠后唤醒的客户在本期下的订单 ÷ 本期回来和唤醒的客户；宜按季度看。"),
    unit="%",
    numerator=(_orders(_won_back),),
    denominator=(Measure(rows=_returns, date="at"),),
)
AVG_LEAD_DAYS = Kpi(
    key="avg_lead_days",
    label=_("平均成交周期"),
    explanation=_("本期订单从建卡日到下订日的天数之和 ÷ 本期订单数；当天建卡当天下订为 0 天。"),
    unit="天",
    numerator=(_orders(Q(), Sum(_DAYS_TO_ORDER)),),
    denominator=(ORDERS,),
)

MEDIAN_LEAD_DAYS = Kpi(
    key="median_lead_days",
    label=_("成交周期中位数"),
    explanation=_(
        "本期订单从建卡日到下订日的天数由短到长排列，居中的一个；双数取中间两个的平均。一半订单比它快，一半比它慢。"
    ),
    unit="天",
    numerator=(Measure(rows=_timed_orders, date="ordered_at", part="lead_days"),),
    grain="month",
    is_median=True,
)
COST_PER_ORDER = Kpi(
    key="cost_per_order",
    label=_("单车获客成本"),
    explanation=_("本期结束的活动实际费用 ÷ 花了钱的来源（首次来源）当月的订单数；没填费用或来源的活动不计。"),
    unit="元",
    numerator=(SPENDING,),
    denominator=(_orders(_of_spent_sources),),
)

ORDERS_PER_100_CONTACTS = Kpi(
    key="orders_per_100_contacts",
    label=_("每百次接触订单数"),
    explanation=_("本期订单数 ÷ 本期接触次数（接通的跟进 + 接待的到店批次）；8.0% 即每 100 次接触成交 8 单。"),
    unit="%",
    numerator=(ORDERS,),
    denominator=(CONTACTS, RECEIVED),
)
FIRST_VISIT_CLOSE_RATE = Kpi(
    key="first_visit_close_rate",
    label=_("首次到店成交率"),
    explanation=_("首次到店并留档、当天下订的批次 ÷ 首次到店并留档的批次；按到店时间计。"),
    unit="%",
    numerator=(_closed_at_once(VisitType.FIRST_CAPTURED),),
    denominator=(visits(visit_type=VisitType.FIRST_CAPTURED),),
)
REPEAT_VISIT_CLOSE_RATE = Kpi(
    key="repeat_visit_close_rate",
    label=_("再次到店成交率"),
    explanation=_("再次到店、当天下订的批次 ÷ 再次到店的批次；按到店时间计。"),
    unit="%",
    numerator=(_closed_at_once(VisitType.REPEAT),),
    denominator=(visits(visit_type=VisitType.REPEAT),),
)

KPIS: tuple[Kpi, ...] = (
    FIRST_VISIT_CLOSE_RATE,
    REPEAT_VISIT_CLOSE_RATE,
    ORDERS_PER_100_CONTACTS,
    SECOND_VISIT_RATE,
    TEST_DRIVE_SIGN_RATE,
    NEW_CARD_SIGN_RATE,
    SOURCE_CONVERSION,
    WINBACK_RATE,
    AVG_LEAD_DAYS,
    MEDIAN_LEAD_DAYS,
    COST_PER_ORDER,
)
