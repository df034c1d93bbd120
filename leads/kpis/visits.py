"""KPIs over visits and calls to the showroom (domain.md §3.1)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast, Extract, Floor
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_bucket
from leads.choices import FIRST_VISIT_TYPES, VisitChannel, VisitType
from leads.models import CustomerPhone, TestDrive, Visit


def visit_rows() -> QuerySet[Visit]:
    """All visits, whoever asks: the source of every figure about them."""
    return Visit.objects.all()


def captured(channel: VisitChannel) -> Q:
    """First visits whose contact was captured; a number found to be fake is taken out again (§3.1)."""
    phones = CustomerPhone.objects.filter(customer=OuterRef("customer"), is_invalid=False)
    first = Q(channel=channel, visit_type=VisitType.FIRST_CAPTURED)
    return first & (Exists(phones) | ~Q(customer__wechat=""))


def visits(channel: VisitChannel = VisitChannel.WALK_IN, **conditions: Any) -> Measure:
    """Visits of one channel by their time."""
    return Measure(rows=visit_rows, date="visited_at", only=Q(channel=channel, **conditions))


def _driven() -> Q:
    """Purchase visits on a day on which the customer took a valid test drive."""
    drives = TestDrive.objects.valid().annotate(day=day_bucket("finished_at"))
    here = Q(channel=VisitChannel.WALK_IN, visit_type__in=KNOWN_PARTIES)
    driven = Exists(drives.filter(customer=OuterRef("customer"), day=OuterRef("visited_on")))
    return here & Q(driven)


CAPTURABLE = (VisitType.FIRST_CAPTURED, VisitType.FIRST_UNCAPTURED)
INVITED = (VisitType.FIRST_CARDED, VisitType.REPEAT)
KNOWN_PARTIES = (VisitType.FIRST_CAPTURED, *INVITED)
FIRST_VISITS_KNOWN = visits(visit_type__in=(VisitType.FIRST_CAPTURED, VisitType.FIRST_CARDED))
INVITED_ARRIVED = visits(visit_type__in=INVITED)

TRAFFIC_TOTAL = Kpi(
    key="traffic_total",
    label=_("客流总数"),
    explanation=_("到店批次合计：首次到店 + 再次到店 + 非意向客流 + 未完善登记；同一批客户同一天只计一次。"),
    unit="组",
    numerator=(visits(),),
)
FIRST_VISITS = Kpi(
    key="first_visits",
    label=_("首次到店"),
    explanation=_("首次到店并留档 + 已建卡首次到店 + 看车未留档；按到店时间计。"),
    unit="组",
    numerator=(visits(visit_type__in=FIRST_VISIT_TYPES),),
)
REPEAT_VISITS = Kpi(
    key="repeat_visits",
    label=_("再次到店"),
    explanation=_("此前另一天来过的客户再来看车；同一天返回算同一次。"),
    unit="组",
    numerator=(visits(visit_type=VisitType.REPEAT),),
)
PHONE_INS = Kpi(
    key="phone_ins",
    label=_("来电量"),
    explanation=_("销售来电登记数；同一号码同一天只计一次。"),
    unit="次",
    numerator=(visits(VisitChannel.PHONE_IN),),
)
INCOMPLETE_VISITS = Kpi(
    key="incomplete_visits",
    label=_("未完善客流"),
    explanation=_("顾问还没有补全的到店登记；下班前应为 0。"),
    unit="组",
    numerator=(visits(visit_type=VisitType.INCOMPLETE),),
)
LEAD_CAPTURE_RATE = Kpi(
    key="lead_capture_rate",
    label=_("留资率"),
    explanation=_("首次到店并留档 ÷（首次到店并留档 + 看车未留档）。已建卡首次到店不计入；查明为空错号的从分子扣除。"),
    unit="%",
    numerator=(Measure(rows=visit_rows, date="visited_at", only=partial(captured, VisitChannel.WALK_IN)),),
    denominator=(visits(visit_type__in=CAPTURABLE),),
)
PHONE_CAPTURE_RATE = Kpi(
    key="phone_capture_rate",
    label=_("来电留档率"),
    explanation=_(
        "首次来电并留档 ÷（首次来电并留档 + 首次来电未留档）。已建卡客户的来电不计入；查明为空错号的从分子扣除。"
    ),
    unit="%",
    numerator=(Measure(rows=visit_rows, date="visited_at", only=partial(captured, VisitChannel.PHONE_IN)),),
    denominator=(visits(VisitChannel.PHONE_IN, visit_type__in=CAPTURABLE),),
)
INVITED_VISITS = Kpi(
    key="invited_visits",
    label=_("邀约到店"),
    explanation=_("已建卡首次到店 + 再次到店，按到店时间计；同一客户同一天只计一次。"),
    unit="组",
    numerator=(INVITED_ARRIVED,),
)
TEST_DRIVE_RATE = Kpi(
    key="test_drive_rate",
    label=_("试驾率"),
    explanation=_("到店当天完成有效试驾的批次 ÷（首次到店并留档 + 已建卡首次到店 + 再次到店）。"),
    unit="%",
    numerator=(Measure(rows=visit_rows, date="visited_at", only=_driven),),
    denominator=(visits(visit_type__in=KNOWN_PARTIES),),
)

MINUTES = Cast(Floor(Extract(F("left_at") - F("visited_at"), "epoch") / 60), IntegerField())
STAYED = visits(left_at__isnull=False)
RECEIVED = replace(visits(received_by__isnull=False), person="received_by")
STAYED_WITH = replace(visits(received_by__isnull=False, left_at__isnull=False), person="received_by")
SHOWROOM_MINUTES = Kpi(
    key="showroom_minutes",
    label=_("接待时长"),
    explanation=_("离店时间 − 到店时间之和 ÷ 登记了离店时间的到店批次；按整分钟计，没有登记离店的不计。"),
    unit="分钟",
    numerator=(replace(STAYED, value=Sum(MINUTES)),),
    denominator=(STAYED,),
)

KPIS: tuple[Kpi, ...] = (
    SHOWROOM_MINUTES,
    TRAFFIC_TOTAL,
    FIRST_VISITS,
    REPEAT_VISITS,
    PHONE_INS,
    INCOMPLETE_VISITS,
    LEAD_CAPTURE_RATE,
    PHONE_CAPTURE_RATE,
    INVITED_VISITS,
    TEST_DRIVE_RATE,
)
