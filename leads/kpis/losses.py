"""KPIs over applications for loss (domain.md §3.2); dormancy and withdrawn applications are not counted."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dealership.core.kpi import Kpi, Measure
from dealership.core.periods import day_of
from leads.loss_choices import BOUGHT_REASONS, SUBJECTIVE_REASONS, CallBackResult, LossKind, LossState
from leads.models import LossApplication, LossCallBack, OwnedVehicle

CONTRADICTIONS = (CallBackResult.DIFFERENT, CallBackResult.INTERESTED)


def _applications() -> QuerySet[LossApplication]:
    return LossApplication.objects.filter(kind=LossKind.LOSS).exclude(state=LossState.WITHDRAWN)


def _applied(only: Q = Q()) -> Measure:  # noqa: B008  never changed
    return Measure(rows=_applications, date="applied_at", only=only)


def _clear() -> Q:
    """Agreed for a reason others can check, and what the customer told care, when asked, is the same."""
    calls = LossCallBack.objects.filter(application=OuterRef("pk"))
    heard = Q(is_sampled=False) | Exists(calls.filter(result=CallBackResult.CONFIRMED))
    explicit = Q(state=LossState.AGREED) & ~Q(reason__in=SUBJECTIVE_REASONS)
    return explicit & heard & ~Exists(calls.filter(result__in=CONTRADICTIONS))


def _owner_gone() -> Q:
    """The first agreed loss to another dealer of a customer who had a car of ours by then."""
    gone = Q(state=LossState.AGREED, reason__in=BOUGHT_REASONS)
    before = Q(decided_at__lt=OuterRef("decided_at")) | Q(decided_at=OuterRef("decided_at"), pk__lt=OuterRef("pk"))
    earlier = _applications().filter(gone, before, customer=OuterRef("customer"))
    cars = OwnedVehicle.objects.filter(customer=OuterRef("customer"), delivered_on__lte=day_of(OuterRef("decided_at")))
    return gone & Q(Exists(cars)) & ~Q(Exists(earlier))


APPLICATIONS = _applied()
LOSSES = Measure(rows=_applications, date="decided_at", only=Q(state=LossState.AGREED))
_UNPROVEN = Q(state=LossState.AGREED, reason__in=SUBJECTIVE_REASONS, second_follow_up=None)

LOSS_APPLICATIONS = Kpi(
    key="loss_applications",
    label=_("战败申请数"),
    explanation=_("本期提交的战败申请：同意 + 驳回 + 转他人 + 待审批；撤回的和休眠申请不计。归申请时的顾问。"),
    unit="件",
    numerator=(APPLICATIONS,),
)
LOSSES_AGREED = Kpi(
    key="losses_agreed",
    label=_("战败数"),
    explanation=_("经他人审批同意的战败，按同意时间计，归申请时的顾问；休眠不计。"),
    unit="件",
    numerator=(LOSSES,),
)
LOSS_REJECT_RATE = Kpi(
    key="loss_reject_rate",
    label=_("战败审核拒绝率"),
    explanation=_("本期提交、被驳回的战败申请 ÷ 本期战败申请数（含待审批，撤回的不计）。"),
    unit="%",
    numerator=(_applied(Q(state=LossState.REJECTED)),),
    denominator=(APPLICATIONS,),
)
LOSS_CLEAR_RATE = Kpi(
    key="loss_clear_rate",
    label=_("战败明确率"),
    explanation=_("原因明确（不是“暂不买”“联系不上”）、已同意、抽中回访的客户也证实的战败 ÷ 本期战败申请数。"),
    unit="%",
    numerator=(Measure(rows=_applications, date="applied_at", only=_clear),),
    denominator=(APPLICATIONS,),
)
SUBJECTIVE_LOSS_SHARE = Kpi(
    key="subjective_loss_share",
    label=_("主观战败占比"),
    explanation=_("原因为“暂不买”或“联系不上”、又没有二次追踪记录的战败 ÷ 本期同意的战败；按同意时间计。"),
    unit="%",
    numerator=(Measure(rows=_applications, date="decided_at", only=_UNPROVEN),),
    denominator=(LOSSES,),
)

LOST_OLD_CUSTOMERS = Kpi(
    key="lost_old_customers",
    label=_("流失老客户"),
    explanation=_(
        "在本店提过车、这次经审批确认买了竞品或同品牌他店的客户，按同意时间计，归申请时的顾问；同一客户只计第一次。"
    ),
    unit="人",
    numerator=(Measure(rows=_applications, date="decided_at", only=_owner_gone),),
)

KPIS: tuple[Kpi, ...] = (
    LOSS_APPLICATIONS,
    LOSSES_AGREED,
    LOSS_REJECT_RATE,
    LOSS_CLEAR_RATE,
    SUBJECTIVE_LOSS_SHARE,
    LOST_OLD_CUSTOMERS,
)
