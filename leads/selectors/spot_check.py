"""Reads of spot checks: the list, one check with what its register says, the truth rate of each register."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from dealership.accounts.models import User
from dealership.core.errors import NotFound
from dealership.core.masking import mask_phone
from dealership.core.money import ratio, show_wan
from dealership.core.periods import day_label, local_date, local_time
from dealership.org.models import Store
from dealership.org.policy import policy
from leads.models import SpotCheck
from leads.policies import grade_horizons
from leads.selectors.choices import stores_seen_by
from leads.selectors.customer import primary_phones
from leads.spot_choices import SpotResult, SpotSubject

ORDERING = ("-week", "-id")
# Finished checks that say something: of the others nobody knows.
REACHED = ~Q(result__in=("", SpotResult.UNREACHED))
_SHOWN = ("owner", "customer", "checked_by", "visit", "follow_up", "prospect__series", "vehicle", "care_task")
Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Truth:
    """How true one register was found: checks drawn, waiting, answered by the customer, confirmed; grades likewise."""

    subject: str
    label: str
    drawn: int = 0
    waiting: int = 0
    reached: int = 0
    true: int = 0
    judged: int = 0
    right: int = 0

    @property
    def rate(self) -> Decimal | None:
        """抽查真实率: confirmed ÷ those in which the customer was reached."""
        return ratio(self.true, self.reached)


def spot_check_list(*, user: Any) -> QuerySet[SpotCheck]:
    """Checks within reach with what a row shows."""
    return SpotCheck.objects.visible_to(user).select_related(*_SHOWN)  # type: ignore[no-any-return]


def spot_check_get(*, user: Any, pk: int) -> SpotCheck:
    """One check within reach; 404 otherwise."""
    rows = spot_check_list(user=user).select_related("store", "prospect__source", "visit__received_by", "visit__source")
    row: SpotCheck | None = rows.prefetch_related("visit__series", primary_phones()).filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def people_checked(*, user: Any) -> QuerySet[User]:
    """Everybody who answers for a drawn row within reach: sellers and who calls owners."""
    return User.objects.filter(pk__in=SpotCheck.objects.visible_to(user).values("owner")).order_by("name", "pk")


def subject_names(store: Store | None) -> dict[str, str]:
    """The registers as the store calls them; over several stores the names they are shipped with."""
    if store is None:
        return {subject.value: str(subject.label) for subject in SpotSubject}
    return {subject.value: str(policy(f"register.{subject.value}", store)) for subject in SpotSubject}


def names_for(user: Any) -> dict[str, str]:
    """The names a list shows: those of the only store the reader has."""
    stores = list(stores_seen_by(user)[:2])
    return subject_names(stores[0] if len(stores) == 1 else None)


def truths(rows: QuerySet[SpotCheck], names: dict[str, str]) -> list[Truth]:
    """The truth rate of each register over these checks, in one statement; registers without a check too."""
    right = REACHED & Q(grade_found=F("grade_then")) & ~Q(grade_found="")
    counted = rows.order_by().values("subject").annotate(
        drawn=Count("pk"), waiting=Count("pk", filter=Q(result="")), reached=Count("pk", filter=REACHED),
        true=Count("pk", filter=Q(result=SpotResult.TRUE)), judged=Count("pk", filter=REACHED & ~Q(grade_found="")),
        right=Count("pk", filter=right),
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = {row["subject"]: {**row, "label": names[row["subject"]]} for row in counted}
    return [Truth(**found.get(subject, {"subject": subject, "label": label})) for subject, label in names.items()]


def told_by(check: SpotCheck) -> Facts:
    """What the register says and the customer is asked about, by register."""
    phones = ", ".join(mask_phone(phone.number) for phone in check.customer.shown_phones)  # type: ignore[attr-defined]
    row = check.visit or check.follow_up or check.vehicle or check.prospect
    return [(_("电话"), phones), *_FACTS[SpotSubject(check.subject)](check, row)]


def _of_visit(_check: SpotCheck, row: Any) -> Facts:
    return [
        (_("到店时间"), _moment(row.visited_at)),
        (_("来店/来电"), row.get_channel_display()),
        (_("到店类型"), row.get_visit_type_display()),
        (_("人数"), str(row.party_size)),
        (_("意向车型"), "、".join(series.name for series in row.series.all())),
        (_("来源"), str(row.source or "")),
        (_("接待"), str(row.received_by or "")),
        (_("备注"), row.note),
    ]


def _of_contact(_check: SpotCheck, row: Any) -> Facts:
    return [
        (_("跟进时间"), f"{_moment(row.done_at)} · {row.get_channel_display()}"),
        (_("登记结果"), row.get_outcome_display()),
        (_("登记内容"), row.content),
    ]


def _of_progress(check: SpotCheck, row: Any) -> Facts:
    return [
        (_("表上状态"), check.get_status_then_display()),
        (_("意向车型"), str(row.series or "")),
        (_("最近联系"), _moment(row.last_contact_at) if row.last_contact_at else ""),
        (_("下次跟进"), _moment(row.next_follow_up_at) if row.next_follow_up_at else ""),
    ]


def _of_card(check: SpotCheck, row: Any) -> Facts:
    horizon = grade_horizons(check.store_id).get(check.grade_then, "")
    budget = " – ".join(show_wan(value) for value in (row.budget_min, row.budget_max) if value is not None)
    return [
        (_("意向车型"), str(row.series or "")),
        (_("预计购车时间"), horizon),
        (_("预算"), budget),
        (_("购车性质"), row.get_purchase_kind_display()),
        (_("付款方式"), row.get_payment_wish_display()),
        (_("对比竞品"), row.competitor),
        (_("决策人"), row.decision_maker),
        (_("关注重点"), row.key_concern),
        (_("来源"), str(row.source or "")),
    ]


def _of_owner(check: SpotCheck, row: Any) -> Facts:
    call = check.care_task
    told = f"{call.get_kind_display()} · {_moment(call.done_at)} · {call.get_result_display()}" if call else ""
    expires = row.insurance_expires_on
    return [
        (_("回访登记"), f"{told} {call.note}".strip() if call else _("未抽回访，请核对卡上资料")),
        (_("车型"), row.description),
        (_("车架号"), row.vin),
        (_("车牌"), row.plate),
        (_("交车日期"), f"{row.delivered_on:%Y-%m-%d}"),
        (_("保险到期"), f"{expires:%Y-%m-%d}" if expires else ""),
    ]


def _moment(value: Any) -> str:
    return f"{day_label(local_date(value))} {local_time(value):%H:%M}"


_FACTS = {
    SpotSubject.VISITS: _of_visit,
    SpotSubject.GRADES: _of_contact,
    SpotSubject.PROGRESS: _of_progress,
    SpotSubject.PROSPECT_CARD: _of_card,
    SpotSubject.OWNER_CARD: _of_owner,
}
