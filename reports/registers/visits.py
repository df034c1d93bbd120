"""来店(电)客户登记表 of a day or a month: every party, the uncaptured ones too."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from dealership.core.addresses import address
from dealership.core.masking import mask_phone
from dealership.core.periods import Period, day_label, local_date, local_time
from dealership.core.scoping import reach_for
from dealership.org.models import Store
from leads.choices import FollowUpOutcome, Gender, ProspectStatus, VisitChannel, VisitType
from leads.models import FollowUp
from leads.selectors.register_day import days_signed
from leads.selectors.visit import RegisterLine, register_lines
from reports.registers.register import NOTHING, URL, Register, card_name
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
    Column("back", "约定再访", "centre", 16),
    Column("result", "结果", "text", 14),
    Column("weather", "天气", "centre", 8),
    Column("note", "备注", "wrap", 24),
)

CAPTURABLE = (VisitType.FIRST_CAPTURED, VisitType.FIRST_UNCAPTURED)
_CHANNELS, _TYPES = dict(VisitChannel.choices), dict(VisitType.choices)
_GENDERS, _STATUSES = dict(Gender.choices), dict(ProspectStatus.choices)


def visit_register(*, user: Any, store: Store, period: Period) -> Register:
    """The parties of a store within the reader's reach, in order of arrival; phones masked."""
    days = days_signed(store=store, period=period)
    lines = register_lines(user=user, store=store, period=period)
    weather = {day.day: day.weather for day in days}
    booked = _booked(lines)
    rows = [
        _row(number, line, weather.get(line.day, ""), booked.get((line.card_id, line.arrived_at)))
        for number, line in enumerate(lines, 1)
    ]
    if reach_for(user, "prospect").is_empty:  # the front desk sees visits, no cards
        rows = [{**row, URL: ""} for row in rows]
    facts = _counted(lines)
    facts += [(day_label(day.day), day.story) for day in days] if period.kind == "day" else []
    return Register(
        title=card_name("visits", store), note=f"{store.name} · {period.label}", columns=COLUMNS, rows=rows,
        total="合计", facts=tuple(facts), signatures=("前台签字", "展厅经理签字"), empty="这一天还没有来店、来电登记。",
        on_phone=("name", "type", "arrived", "series", "owner"),
    )  # fmt: skip


def _counted(lines: list[RegisterLine]) -> list[tuple[str, str]]:
    """Parties by channel, and of the first visitors whose contact could be captured how many were (§3.1)."""
    calls = sum(line.channel == VisitChannel.PHONE_IN for line in lines)
    could = [line for line in lines if line.visit_type in CAPTURABLE]
    kept = sum(line.visit_type == VisitType.FIRST_CAPTURED for line in could)
    return [
        ("客流", f"{len(lines)} 组（来店 {len(lines) - calls}、来电 {calls}）"),
        ("首次留资", f"{kept} / {len(could)} 组" if could else NOTHING),
    ]


def _booked(lines: list[RegisterLine]) -> dict[tuple[int | None, dt.datetime], dt.datetime]:
    """The return a party agreed on, by card and arrival: the first appointment made from the visit on, so a later one
    changes nothing.
    """
    made = FollowUp.objects.filter(
        prospect__in={line.card_id for line in lines if line.card_id}, outcome=FollowUpOutcome.APPOINTMENT,
        next_follow_up_at__isnull=False,
    )  # fmt: skip
    by_card: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for card, at, back in made.order_by("done_at", "id").values_list("prospect_id", "done_at", "next_follow_up_at"):
        by_card[card].append((at, back))
    found = {}
    for line in lines:
        backs = [back for at, back in by_card.get(line.card_id or 0, []) if at >= line.arrived_at]
        if backs:
            found[line.card_id, line.arrived_at] = backs[0]
    return found


def _row(number: int, line: RegisterLine, weather: str, back: dt.datetime | None) -> Row:
    return {
        "no": number,
        "day": line.day,
        "arrived": f"{local_time(line.arrived_at):%H:%M}",
        "left": f"{local_time(line.left_at):%H:%M}" if line.left_at else None,
        "party": line.party_size,
        "channel": _CHANNELS[line.channel],
        "type": _TYPES[line.visit_type],
        "name": "未留资" if line.customer is None else line.customer,
        "gender": _GENDERS[line.gender] if line.gender else None,
        "phone": mask_phone(line.phone) if line.phone else None,
        "series": "、".join(line.model_names) or None,
        "competitor": line.competitor,
        "source": line.source,
        "receiver": line.receiver,
        "owner": line.owner,
        "back": f"{day_label(local_date(back))} {local_time(back):%H:%M}" if back else None,
        "result": f"{line.grade} {_STATUSES[line.status]}" if line.status else None,
        "weather": weather or None,
        "note": line.note or None,
        URL: address("leads:prospect_detail", line.card_id) if line.card_id else "",
    }
