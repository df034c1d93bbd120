"""来店(电)客户登记表 of a day or a month: every party, the uncaptured ones too."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dealership.core.masking import mask_phone
from dealership.core.periods import Period, day_label, local_date, local_time
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from leads.models import CustomerPhone, Visit
from leads.selectors.register_day import days_signed
from leads.selectors.visit import visit_list
from reports.registers.register import URL, Register, card_name
from reports.workbook.columns import Column, Row

COLUMNS = (
    Column("no", "序号", "count", 6),
    Column("day", "日期", "date", 12),
    Column("arrived", "到店", "centre", 8),
    Column("left", "离店", "centre", 8),
    Column("party", "人数", "count", 7, total=True),
    Column("channel", "来店/来电", "centre", 10),
    Column("type", "首次/再次", "centre", 16),
    Column("name", "姓名", "text", 12),
    Column("gender", "称呼", "centre", 7),
    Column("phone", "电话", "text", 14),
    Column("series", "意向车型", "text", 18),
    Column("competitor", "竞品", "text", 14),
    Column("source", "来源", "text", 12),
    Column("receiver", "接待", "text", 10),
    Column("owner", "归属顾问", "text", 10),
    Column("back", "约定再访", "date", 12),
    Column("result", "结果", "text", 14),
    Column("weather", "天气", "centre", 8),
    Column("note", "备注", "wrap", 24),
)


def visit_register(*, user: Any, store: Store, period: Period) -> Register:
    """The parties of a store within the reader's reach, in order of arrival; phones masked."""
    days = days_signed(store=store, period=period)
    visits = visit_list(user=user).filter(store=store, **period.filter("visited_on", is_date=True))
    visits = visits.select_related("prospect").order_by("visited_at", "id")
    weather = {day.day: day.weather for day in days}
    rows = [_row(number, visit, weather.get(visit.visited_on, "")) for number, visit in enumerate(visits, 1)]
    if reach_for(user, "prospect").is_empty:  # the front desk sees visits, no cards
        rows = [{**row, URL: ""} for row in rows]
    facts = [("客流", f"{len(rows)} 组"), ("留资", f"{sum(row['phone'] is not None for row in rows)} 组")]
    facts += [(day_label(day.day), day.story) for day in days] if period.kind == "day" else []
    return Register(
        title=card_name("visits", store), note=f"{store.name} · {period.label}", columns=COLUMNS, rows=rows,
        total="合计", facts=tuple(facts), signatures=("前台签字", "展厅经理签字"), empty="这一天还没有来店、来电登记。",
        on_phone=("name", "type", "arrived", "series", "owner"),
    )  # fmt: skip


def _row(number: int, visit: Visit, weather: str) -> Row:
    customer, card = visit.customer, visit.prospect
    phones: list[CustomerPhone] = getattr(customer, "shown_phones", [])
    return {
        "no": number,
        "day": visit.visited_on,
        "arrived": f"{local_time(visit.visited_at):%H:%M}",
        "left": f"{local_time(visit.left_at):%H:%M}" if visit.left_at else None,
        "party": visit.party_size,
        "channel": visit.get_channel_display(),
        "type": visit.get_visit_type_display(),
        "name": customer.name if customer else "未留资",
        "gender": customer.get_gender_display() if customer and customer.gender else None,
        "phone": mask_phone(phones[0].number) if phones else None,
        "series": "、".join(series.name for series in visit.series.all()) or None,
        "competitor": card.competitor if card else None,
        "source": str(visit.source) if visit.source else None,
        "receiver": visit.received_by.name if visit.received_by else None,
        "owner": visit.owner.name if visit.owner else None,
        "back": local_date(card.next_follow_up_at) if card and card.next_follow_up_at else None,
        "result": f"{card.grade} {card.get_status_display()}" if card else None,
        "weather": weather or None,
        "note": visit.note or None,
        URL: reverse("leads:prospect_detail", args=[card.pk]) if card else "",
    }
