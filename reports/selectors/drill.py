"""What a counted row looks like in a drill-down: one shape for visits, cards, deals, money, stock and openings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet

from dealership.core.kpi import Measure
from dealership.org.models import Membership
from leads.models import (
    Campaign,
    CampaignInvite,
    FollowUp,
    FollowUpTask,
    GradeChange,
    LeadAssignment,
    LeadChange,
    LossApplication,
    Prospect,
    SpotCheck,
    StatusChange,
    TestDrive,
    Visit,
)
from reports.models import HotProspect, OpeningOrder, OpeningProspect
from reviews.models import Review
from sales.models import Deal, Invoice, Payment, Target, Vehicle


@dataclass(frozen=True)
class DrillRow:
    """`kind` and `target_id` name the page that shows the row; `sign` −1 rows are taken away from the figure."""

    id: int
    kind: str
    target_id: int | None
    title: str
    note: str
    person: str
    at: dt.datetime | dt.date | None
    amount: Decimal | None = None
    sign: int = 1


@dataclass(frozen=True)
class Presenter:
    """How rows of one model are loaded (no query per row) and shown."""

    related: tuple[str, ...]
    show: Callable[[Any], DrillRow]


def _name(person: Any) -> str:
    return str(person) if person is not None else ""


def _visit(row: Visit) -> DrillRow:
    title = row.customer.display_name if row.customer else f"未留资 {row.party_size}人"
    note = f"{row.get_channel_display()} · {row.get_visit_type_display()}"
    return DrillRow(row.pk, "visit", row.prospect_id, title, note, _name(row.owner), row.visited_at)


def _card_made(row: StatusChange) -> DrillRow:
    card = row.prospect
    note = f"{card.get_card_channel_display()} · {card.grade}级"
    return DrillRow(row.pk, "prospect", card.pk, card.customer.display_name, note, _name(row.owner), row.at)


def _prospect(row: Prospect) -> DrillRow:
    note = f"{getattr(row, 'grade_then', row.grade)}级 · {row.get_status_display()}"
    return DrillRow(
        row.pk, "prospect", row.pk, row.customer.display_name, note, _name(row.owner), row.next_follow_up_at
    )


def _follow_up(row: FollowUp) -> DrillRow:
    note = f"{row.get_channel_display()} · {row.get_outcome_display()}"
    if row.minutes:
        note += f" · {row.minutes}分钟"
    title = row.customer.display_name
    return DrillRow(row.pk, "prospect", row.prospect_id, title, note, _name(row.done_by), row.done_at)


def _task(row: FollowUpTask) -> DrillRow:
    title = row.prospect.customer.display_name
    note = f"{row.get_kind_display()} · {'已完成' if row.done_at else '未完成'}"
    return DrillRow(row.pk, "prospect", row.prospect_id, title, note, _name(row.owner), row.due_at)


def _deal(row: Deal) -> DrillRow:
    amount = getattr(row, "balance", row.contract_amount)
    note = f"{row} · {row.get_status_display()}"
    if hasattr(row, "lead_days"):
        note += f" · {row.lead_days}天"
    at = row.delivered_at or row.cancelled_at or row.ordered_at
    return DrillRow(row.pk, "deal", row.pk, row.customer.display_name, note, _name(row.owner), at, amount)


def _invoice(row: Invoice) -> DrillRow:
    note = f"发票 {row.number}{' 红字' if row.is_red else ''} · {row.deal}"
    title = row.deal.customer.display_name
    return DrillRow(row.pk, "deal", row.deal_id, title, note, _name(row.owner), row.issued_on, row.amount)


def _payment(row: Payment) -> DrillRow:
    note = f"{row.get_purpose_display()} · {row.get_method_display()} · {row.deal}"
    title = row.deal.customer.display_name
    return DrillRow(row.pk, "deal", row.deal_id, title, note, _name(row.owner), row.cleared_at, row.amount)


def _target(row: Target) -> DrillRow:
    note = f"{row.get_kind_display()}目标"
    return DrillRow(row.pk, "target", None, _name(row.person), note, _name(row.person), row.month, row.value)


def _vehicle(row: Vehicle) -> DrillRow:
    note = f"VIN 尾号 {row.vin[-6:]} · {row.get_status_display()} · 库龄 {getattr(row, 'age_days', '—')} 天"
    return DrillRow(row.pk, "vehicle", row.pk, f"{row.configuration} {row.colour}", note, "", row.arrived_on)


def _opening_prospect(row: OpeningProspect) -> DrillRow:
    title = row.prospect.customer.display_name
    return DrillRow(row.pk, "prospect", row.prospect_id, title, f"月初 {row.grade}级", _name(row.owner), row.month)


def _hot_prospect(row: HotProspect) -> DrillRow:
    note = f"{row.week:%m-%d} 为 H级"
    title = row.prospect.customer.display_name
    return DrillRow(row.pk, "prospect", row.prospect_id, title, note, _name(row.owner), row.judged_on)


def _opening_order(row: OpeningOrder) -> DrillRow:
    title = row.deal.customer.display_name
    return DrillRow(
        row.pk, "deal", row.deal_id, title, f"月初未交 {row.deal}", _name(row.owner), row.month, row.contract_amount
    )


def _review(row: Review) -> DrillRow:
    return DrillRow(
        row.pk, "review", row.pk, row.get_kind_display(), row.get_state_display(), _name(row.owner), row.starts_on
    )


def _grade_change(row: GradeChange) -> DrillRow:
    title, note = row.prospect.customer.display_name, f"{row.from_grade}级 → {row.to_grade}级"
    return DrillRow(row.pk, "prospect", row.prospect_id, title, note, _name(row.owner), row.at)


def _lead_move(row: LeadChange) -> DrillRow:
    note = f"{row.get_event_display()} · {row.lead.source or '未填写来源'}"
    return DrillRow(row.pk, "lead", row.lead_id, str(row.lead), note, _name(row.owner), row.at)


def _lead_turn(row: LeadAssignment) -> DrillRow:
    answered = row.first_contact_at
    waited = "未联系" if answered is None else f"{int((answered - row.assigned_at).total_seconds() // 60)} 分钟后联系"
    note = f"{row.get_how_display()} · {waited}"
    return DrillRow(row.pk, "lead", row.lead_id, str(row.lead), note, _name(row.owner), row.assigned_at)


def _loss(row: LossApplication) -> DrillRow:
    rival = f" · {row.competitor_brand}{row.competitor_model}" if row.competitor_brand else ""
    note = f"{row.get_reason_display()}{rival} · {row.get_state_display()}"
    title = row.customer.display_name
    return DrillRow(row.pk, "loss", row.pk, title, note, _name(row.owner), row.applied_at, row.competitor_price)


def _spot_check(row: SpotCheck) -> DrillRow:
    note = f"{row.get_subject_display()} · {row.get_result_display()}"
    return DrillRow(row.pk, "spot_check", row.pk, row.customer.display_name, note, _name(row.owner), row.checked_at)


def _drive(row: TestDrive) -> DrillRow:
    title, note = row.customer.display_name, f"{row.series} · {row.car}"
    return DrillRow(row.pk, "drive", row.pk, title, note, _name(row.owner), row.finished_at)


def _campaign(row: Campaign) -> DrillRow:
    note = f"{row.get_kind_display()} · {row.source or '未填写来源'}"
    return DrillRow(row.pk, "campaign", row.pk, row.name, note, "", row.ends_on, row.cost_actual)


def _invite(row: CampaignInvite) -> DrillRow:
    note = f"{row.campaign} · {'已到场' if row.attended_at else row.get_answer_display()}"
    title, owner = row.customer.display_name, _name(row.owner)
    return DrillRow(row.pk, "prospect", row.prospect_id, title, note, owner, row.campaign.starts_on)


def _post(row: Membership) -> DrillRow:
    until = f" · 至 {row.valid.upper - dt.timedelta(days=1):%m-%d}" if row.valid.upper else ""
    note = f"{row.get_role_display()}{until}"
    return DrillRow(row.pk, "post", None, _name(row.user), note, _name(row.user), row.valid.lower)


_DEAL = ("deal", "deal__customer", "owner")
PRESENTERS: dict[type[Model], Presenter] = {
    Visit: Presenter(("customer", "owner"), _visit),
    StatusChange: Presenter(("prospect", "prospect__customer", "owner"), _card_made),
    Prospect: Presenter(("customer", "owner"), _prospect),
    FollowUp: Presenter(("customer", "done_by"), _follow_up),
    FollowUpTask: Presenter(("prospect", "prospect__customer", "owner"), _task),
    Deal: Presenter(("customer", "owner"), _deal),
    Invoice: Presenter(_DEAL, _invoice),
    Payment: Presenter(_DEAL, _payment),
    Target: Presenter(("person",), _target),
    Vehicle: Presenter(("configuration__series", "colour"), _vehicle),
    OpeningProspect: Presenter(("prospect__customer", "owner"), _opening_prospect),
    HotProspect: Presenter(("prospect__customer", "owner"), _hot_prospect),
    OpeningOrder: Presenter(_DEAL, _opening_order),
    GradeChange: Presenter(("prospect__customer", "owner"), _grade_change),
    LeadChange: Presenter(("lead__source", "owner"), _lead_move),
    LeadAssignment: Presenter(("lead", "owner"), _lead_turn),
    LossApplication: Presenter(("customer", "owner"), _loss),
    SpotCheck: Presenter(("customer", "owner"), _spot_check),
    TestDrive: Presenter(("customer", "series", "car", "owner"), _drive),
    Campaign: Presenter(("source",), _campaign),
    CampaignInvite: Presenter(("campaign", "customer", "owner"), _invite),
    Membership: Presenter(("user",), _post),
    Review: Presenter(("owner",), _review),
}


def loaded(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what their line on the screen needs."""
    return rows.select_related(*PRESENTERS[rows.model].related)


def shown(row: Any, measure: Measure) -> DrillRow:
    """One row as a line: dated by the column that counts it, marked when it is taken away."""
    line = PRESENTERS[type(row)].show(row)
    counted_at = getattr(row, measure.date) if measure.date and not measure.is_range else line.at
    return replace(line, sign=measure.sign, at=counted_at)
