"""意向客户管理卡 (A卡) and 保有客户管理卡 (C卡) as one sheet each: facts above, the history below."""

from __future__ import annotations

from typing import Any

from dealership.core.masking import mask_phone
from dealership.core.money import show_wan
from dealership.core.periods import day_label, local_date, local_time
from leads.models import CustomerPhone, OwnedVehicle, Prospect
from leads.selectors.customer import customer_get
from leads.selectors.owner import owner_get
from leads.selectors.prospect import prospect_get
from leads.selectors.strategy import month_reviews_of, strategy_of
from leads.selectors.timeline import customer_timeline
from reports.registers.register import NOTHING, Register, card_name
from reports.workbook.columns import Column, Row

STORY = (
    Column("day", "日期", "date", 12),
    Column("time", "时间", "centre", 8),
    Column("what", "事项", "text", 34),
    Column("text", "内容", "wrap", 60),
    Column("by", "经办", "text", 10),
)
CARE = (
    Column("kind", "回访", "text", 16),
    Column("due", "应回访", "date", 12),
    Column("done", "完成", "date", 12),
    Column("result", "结果", "centre", 10),
    Column("note", "备注", "wrap", 50),
)


def prospect_card(*, user: Any, prospect_id: int) -> Register:
    """The A card with its strategy, month reviews and whole story; 404 out of reach."""
    card = prospect_get(user=user, prospect_id=prospect_id)
    customer = customer_get(user=user, customer_id=card.customer_id)
    story = sorted(customer_timeline(user=user, customer_id=customer.pk), key=lambda entry: entry.at)
    rows: list[Row] = [
        {
            "day": local_date(entry.at), "time": f"{local_time(entry.at):%H:%M}", "what": entry.title,
            "text": entry.text or None, "by": entry.by or None,
        }
        for entry in story
    ]  # fmt: skip
    facts = (*_person(customer), *_wish(card), *_strategy(user, card))
    return Register(
        title=card_name("prospect_card", card.store), note=f"{card.store.name} · {card.owner.name}", columns=STORY,
        rows=rows, facts=facts, words=tuple(_months(user, card)), signatures=("销售顾问签字", "展厅经理签字"),
        on_phone=("what", "day", "text"),
    )  # fmt: skip


def _person(customer: Any) -> tuple[tuple[str, str], ...]:
    phones = "、".join(mask_phone(phone.number) for phone in customer.shown_phones)
    return _filled(
        ("客户", customer.display_name), ("电话", phones), ("客户类型", customer.get_kind_display()),
        ("区域", customer.district), ("职业", customer.occupation), ("家庭", customer.family),
        ("爱好", customer.hobby),
    )  # fmt: skip


def _wish(card: Prospect) -> tuple[tuple[str, str], ...]:
    budget = f"{show_wan(card.budget_min)} – {show_wan(card.budget_max)}" if card.budget_min or card.budget_max else ""
    due = card.next_follow_up_at
    return _filled(
        ("级别", card.get_grade_display()), ("状态", card.get_status_display()),
        ("建卡", f"{day_label(local_date(card.card_created_at))} {card.get_card_channel_display()}"),
        ("来源", str(card.source or "")), ("意向车型", str(card.series or "")), ("预算", budget),
        ("购车性质", card.get_purchase_kind_display()), ("购车指标", card.get_licence_quota_status_display()),
        ("现有车辆", card.current_car), ("对比竞品", card.competitor), ("决策人", card.decision_maker),
        ("关注重点", card.key_concern), ("转介绍人", card.referred_by.name if card.referred_by else ""),
        ("下次跟进", day_label(local_date(due)) if due else ""),
    )  # fmt: skip


def _strategy(user: Any, card: Prospect) -> tuple[tuple[str, str], ...]:
    row = strategy_of(user=user, prospect=card)
    if row is None:
        return ()
    return _filled(
        ("核心需求", row.needs), ("决策链", row.decision_makers), ("竞品对策", row.competitor_view),
        ("主要异议", row.objection), ("下一步打法", row.next_tactic),
        ("可让价底线", show_wan(row.offer_limit) if row.offer_limit is not None else ""),
    )  # fmt: skip


def _months(user: Any, card: Prospect) -> list[str]:
    return [
        f"月评 {row.month:%Y年%m月}：{row.grade_start or NOTHING} → {row.grade_end}，接触 {row.contacts} 次。"
        f"{row.why} 下月：{row.next_month}"
        for row in month_reviews_of(user=user, prospect=card)
    ]


def owner_card(*, user: Any, vehicle_id: int) -> Register:
    """The C card of one delivered car: the car, its papers' dates, care calls; 404 out of reach."""
    car = owner_get(user=user, vehicle_id=vehicle_id)
    rows: list[Row] = [
        {
            "kind": task.get_kind_display(), "due": task.due_on,
            "done": local_date(task.done_at) if task.done_at else None,
            "result": task.get_result_display() if task.result else None, "note": task.note or None,
        }
        for task in car.care  # type: ignore[attr-defined]
    ]  # fmt: skip
    return Register(
        title=card_name("owner_card", car.store), note=f"{car.store.name} · {car.owner.name}", columns=CARE, rows=rows,
        facts=_car(car), signatures=("客服签字",), empty="还没有回访安排。", on_phone=("kind", "due", "result"),
    )  # fmt: skip


def _car(car: OwnedVehicle) -> tuple[tuple[str, str], ...]:
    rows: list[CustomerPhone] = getattr(car.customer, "shown_phones", [])
    phones = "、".join(mask_phone(phone.number) for phone in rows)
    expires = car.insurance_expires_on
    birthday = car.customer.birthday
    return _filled(
        ("车主", car.customer.display_name), ("电话", phones), ("车型", car.description), ("车架号", car.vin),
        ("车牌", car.plate), ("交车日期", f"{car.delivered_on:%Y-%m-%d}"),
        ("保险到期", f"{expires:%Y-%m-%d}" if expires else ""), ("生日", f"{birthday:%m-%d}" if birthday else ""),
    )  # fmt: skip


def _filled(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value or NOTHING) for label, value in pairs)
