"""KPIs over raw leads (domain.md §3.2).

They count the append-only history of a lead and its turns, whose owner is the one of that moment: a lead that is
recycled or given on later stays with whom it was counted for.
"""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.kpi import Kpi, Measure
from leads.choices import LeadState
from leads.models import LeadAssignment, LeadChange

# The first giving-out of a lead, or its joining a file on arrival; a recycled lead that is given again is not new.
_TAKEN = Q(from_state=LeadState.NEW, to_state=LeadState.ASSIGNED) | Q(from_state="", to_state=LeadState.MERGED)
_ENDED = (LeadState.CARDED, LeadState.INVALID, LeadState.MERGED)


def _changes() -> QuerySet[LeadChange]:
    return LeadChange.objects.all()


def _turns() -> QuerySet[LeadAssignment]:
    """Turns that had their whole first-response time: a turn taken away before that says nothing about the person."""
    cut_short = Q(first_contact_at=None, ended_at__lt=F("sla_due_at"))
    return LeadAssignment.objects.filter(sla_due_at__lte=periods.now()).exclude(cut_short)


def _moves(only: Q) -> Measure:
    return Measure(rows=_changes, date="at", only=only)


TAKEN = _moves(_TAKEN)
LEADS_TOTAL = Kpi(
    key="leads_total",
    label=_("线索总数"),
    explanation=_("本期首次分配到人的线索，加上进来就并入已有档案的线索；按首次分配时间计，归当时的负责人。"),
    unit="条",
    numerator=(TAKEN,),
)
LEAD_CARD_RATE = Kpi(
    key="lead_card_rate",
    label=_("线索建卡率"),
    explanation=_("本期处理完的线索中：建卡 ÷（建卡 + 非意向 + 已有档案）。还没处理的不计入。"),
    unit="%",
    numerator=(_moves(Q(to_state=LeadState.CARDED)),),
    denominator=(_moves(Q(to_state__in=_ENDED)),),
)
LEAD_FIRST_RESPONSE_RATE = Kpi(
    key="lead_first_response_rate",
    label=_("线索及时响应率"),
    explanation=_("期限内首次联系的 ÷ 本期分配、首次响应期限已到的线索（每次分配各计一次）；期限未到就转走的不计。"),
    unit="%",
    numerator=(Measure(rows=_turns, date="assigned_at", only=Q(first_contact_at__lte=F("sla_due_at"))),),
    denominator=(Measure(rows=_turns, date="assigned_at"),),
)

KPIS: tuple[Kpi, ...] = (LEADS_TOTAL, LEAD_CARD_RATE, LEAD_FIRST_RESPONSE_RATE)
