"""意向客户管理卡 (A卡) and 保有客户管理卡 (C卡) as one sheet each: facts above, the history below."""

from __future__ import annotations

from typing import Any

from dealership.core.masking import mask_phone
from dealership.core.money import show_wan
from dealership.core.periods import day_label, local_date, local_time
from leads.models import CareTask, CustomerPhone, OwnedVehicle, Prospect
from leads.selectors.customer import customer_get
from leads.selectors.owner import care_of, owner_facts, owner_get
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


def prospect_card(*, user: Any, prospect_id: int) -> Register:
    """The A card with its strategy, month reviews and whole story; 404 out of reach."""
    card = prospect_get(user=user, prospect_id=prospect_id)
    customer = customer_get(user=user, customer_id=card.customer_id)
    rows = _story(user, customer.pk)
    facts = (*_person(customer), *_wish(card), *_strategy(user, card))
    return Register(
        title=card_name("prospect_card", card.store), note=f"{card.store.name} · {card.owner.name}", columns=STORY,
        rows=rows, facts=facts, words=tuple(_months(user, card)), signatures=("销售顾问签字", "展厅经理签字"),
        on_phone=("what", "day", "text"),
    )  # fmt: skip


def _person(customer: Any) -> tuple[tuple[str, str], ...]:
    phones = "、".join(mask_phone(phone.number) for phone in customer.shown_phones)
    return _filled(
        ("客户", customer.display_name), ("电话", phones), ("微信", "已留" if customer.wechat else ""),
        ("客户类型", customer.get_kind_display()), ("区域", customer.district), ("职业", customer.occupation),
        ("家庭", customer.family), ("爱好", customer.hobby),
        ("生日", f"{customer.birthday:%m-%d}" if customer.birthday else ""),
    )  # fmt: skip


def _wish(card: Prospect) -> tuple[tuple[str, str], ...]:
    budget = f"{show_wan(card.budget_min)} – {show_wan(card.budget_max)}" if card.budget_min or card.budget_max else ""
    due = card.next_follow_up_at
    return _filled(
        ("级别", card.get_grade_display()), ("状态", card.get_status_display()),
        ("建卡", f"{day_label(local_date(card.card_created_at))} {card.get_card_channel_display()}"),
        ("来源", str(card.source or "")), ("意向车型", str(card.series or "")), ("预算", budget),
        ("购车性质", card.get_purchase_kind_display()), ("用途", card.get_car_use_display()),
        ("付款方式", card.get_payment_wish_display()), ("购车指标", card.get_licence_quota_status_display()),
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
    """The C card of one delivered car: the car, its dates, care calls, and the story since the first visit (the A card
    goes on in it); 404 out of reach.
    """
    car = owner_get(user=user, vehicle_id=vehicle_id)
    rows = sorted([*_story(user, car.customer_id), *map(_care, care_of(car))], key=lambda row: row["day"])
    return Register(
        title=card_name("owner_card", car.store), note=f"{car.store.name} · {car.owner.name}", columns=STORY, rows=rows,
        facts=(*_car(car), *_filled(*owner_facts(user=user, car=car))), signatures=("销售顾问签字", "客服签字"),
        empty="还没有回访安排。", on_phone=("what", "day", "text"),
    )  # fmt: skip


def _story(user: Any, customer_id: int) -> list[Row]:
    story = sorted(customer_timeline(user=user, customer_id=customer_id), key=lambda entry: entry.at)
    return [
        {
            "day": local_date(entry.at), "time": f"{local_time(entry.at):%H:%M}", "what": entry.title,
            "text": entry.text or None, "by": entry.by or None,
        }
        for entry in story
    ]  # fmt: skip


def _care(task: CareTask) -> Row:
    """A care call on the day it was made, else on the day it is due."""
    said = [task.get_result_display() if task.result else ("已回访" if task.done_at else "待回访"), task.note]
    return {
        "day": local_date(task.done_at) if task.done_at else task.due_on,
        "what": f"{task.get_kind_display()}（应 {day_label(task.due_on)}）",
        "text": " ".join(word for word in said if word),
        "by": task.done_by.name if task.done_by else None,
    }


def _car(car: OwnedVehicle) -> tuple[tuple[str, str], ...]:
    rows: list[CustomerPhone] = getattr(car.customer, "shown_phones", [])
    phones = "、".join(mask_phone(phone.number) for phone in rows)
    expires = car.insurance_expires_on
    return _filled(
        ("车主", car.customer.display_name), ("电话", phones), ("车型", car.description), ("车架号", car.vin),
        ("车牌", car.plate), ("交车日期", f"{car.delivered_on:%Y-%m-%d}"),
        ("保险到期", f"{expires:%Y-%m-%d}" if expires else ""),
    )  # fmt: skip


def _filled(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value or NOTHING) for label, value in pairs)
