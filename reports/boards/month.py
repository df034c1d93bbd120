"""The month page in two parts: results with target and charts, and the figures of the way there; from facts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dealership.core import periods
from dealership.core.figure import UNKNOWN, Figure
from dealership.core.kpi import Kpi
from dealership.core.money import ratio, show_ratio
from dealership.core.periods import Period
from dealership.org.policy import policy
from reports import figures
from reports.boards.blocks import Block, Place, added
from reports.boards.board import (
    ByDay,
    collected,
    daily_block,
    funnel_block,
    grade_block,
    ranking_block,
    source_block,
    stock_block,
    sum_of,
)
from reports.registry import BY_KEY
from reports.selectors import breakdowns

Groups = tuple[tuple[Any, tuple[str, ...]], ...]
RESULTS: Groups = (
    (_("客流与留资"), ("traffic_total", "first_visits", "repeat_visits", "lead_capture_rate")),
    (
        _("潜客与跟进"),
        ("new_cards", "month_open_prospects", "prospect_conversion", "follow_up_count", "follow_up_on_time_rate"),
    ),
    (
        _("订单与交车"),
        (
            "orders_gross",
            "orders_net",
            "closing_rate",
            "retail_units",
            "month_open_orders",
            "order_delivery_rate",
            "order_cancel_rate",
            "order_bank_rate",
            "sales_per_consultant",
        ),
    ),
    (_("交付质量"), ("delivery_timeliness", "delivery_accuracy")),
    (_("金额"), ("sales_amount", "receipts_amount", "pass_through_receipts", "receivable_balance", "gp_per_unit")),
    (_("库存"), ("stock_units", "stock_days")),
    (_("日报"), ("daily_report_rate", "comment_rate")),
)
# What a manager steers by: how customers come, are followed, drive, are lost (domain.md §3.1–§3.3).
PROCESS: Groups = (
    (
        _("来店、来电与邀约"),
        (
            "incomplete_visits",
            "phone_ins",
            "phone_capture_rate",
            "second_visit_rate",
            "invited_visits",
            "invite_show_rate",
            "event_invite_show_rate",
            "showroom_minutes",
            "avg_contact_minutes",
        ),
    ),
    (
        _("线索与来源"),
        ("leads_total", "lead_card_rate", "lead_first_response_rate", "source_conversion", "cost_per_order"),
    ),
    (
        _("跟进与级别"),
        (
            "new_customers",
            "active_prospects_per_consultant",
            "overdue_follow_ups",
            "out_of_control",
            "follow_up_no_answer",
            "avg_daily_contacts",
            "grade_upgrade_rate",
            "grade_accuracy",
            "spot_check_truth_rate",
        ),
    ),
    (
        _("试驾与成交"),
        (
            "test_drives",
            "test_drive_rate",
            "test_drive_sign_rate",
            "first_visit_close_rate",
            "repeat_visit_close_rate",
            "new_card_sign_rate",
            "carryover_sign_rate",
            "carryover_sign_rate_90",
            "orders_per_100_contacts",
            "avg_lead_days",
            "median_lead_days",
            "avg_revenue_per_visit_day",
        ),
    ),
    (
        _("战败与激活"),
        (
            "loss_applications",
            "losses_agreed",
            "loss_rate",
            "loss_reject_rate",
            "loss_clear_rate",
            "subjective_loss_share",
            "lost_old_customers",
            "winback_rate",
        ),
    ),
)
PARTS: dict[str, Groups] = {"results": RESULTS, "process": PROCESS}
# Below this policy's number a figure is marked.
ALARMS = {"active_prospects_per_consultant": "kpi.min_prospects"}
TARGETS = {
    "orders_gross": "orders_attainment",
    "retail_units": "target_attainment",
    "sales_amount": "sales_attainment",
    "receipts_amount": "receipts_attainment",
    "new_cards": "cards_attainment",
}
# More of these is worse; of the neutral ones more is neither good nor bad.
LESS_IS_BETTER = frozenset(
    "receivable_balance stock_days order_cancel_rate incomplete_visits overdue_follow_ups out_of_control "
    "follow_up_no_answer cost_per_order avg_lead_days median_lead_days "
    "losses_agreed loss_applications loss_rate loss_reject_rate subjective_loss_share "
    "lost_old_customers".split()
)
NEUTRAL = frozenset(
    "month_open_prospects month_open_orders pass_through_receipts stock_units showroom_minutes "
    "avg_contact_minutes".split()
)
DASH = "—"


@dataclass(frozen=True)
class Line:
    """One figure of the table, everything as shown; a trend is good, bad or empty."""

    key: str
    label: str
    unit: str
    explanation: str
    value: str
    url: str
    target: str
    attainment: str
    previous: str
    mom: str
    mom_trend: str
    last_year: str
    yoy: str
    yoy_trend: str
    alarm: str = ""


@dataclass(frozen=True)
class MonthPage:
    """Everything the template shows."""

    groups: list[tuple[str, list[Line]]]
    blocks: list[Block]
    people: list[tuple[int, str]]
    compare_note: str
    is_running: bool
    is_empty: bool


def month_page(
    *, reader: Any, store_id: int, month: Period, person_id: int | None = None, part: str = "results"
) -> MonthPage:
    """A month's figures within the reader's reach; a running month is compared over the same elapsed days.

    `part`: `results` with targets and charts, or `process`.
    """
    today = periods.today()
    running = month.end > today
    period = month.until(today) if running else month
    whose: dict[str, Any] = {"reader": reader, "store_id": store_id, "person_id": person_id}
    is_result = part == "results"
    keys = [key for _title, members in PARTS[part] for key in members]
    keys += [*TARGETS.values(), "delivery_units", "closing_rate", "prospects_by_grade"] if is_result else []
    daily = [key for key in dict.fromkeys(keys) if BY_KEY[key].grain == "day"]
    other = [key for key in dict.fromkeys(keys) if BY_KEY[key].grain != "day"]
    more = _more(month, period if running else None, daily, other, person_id)
    also = breakdowns.both_asked(**whose, cards=period, stock=period) if is_result else []
    days, people, (state, befores, years) = collected(**whose, period=period, keys=daily, more=more, also=also)
    before, year_ago = befores[None], years[None]
    seen = [kpi.key for kpi in figures.readable_kpis(reader, [store_id], [*daily, *other])]
    now = {key: sum_of(days, key) if key in daily else _whole(state, key) for key in seen}
    place = Place(store_id, month.code, person_id)
    target = now["target_attainment"].denominator if "target_attainment" in now else None
    names = breakdowns.people_names([pk for pk in people if pk])
    shown_people = {pk: found for pk, found in people.items() if person_id in (None, pk)}
    charts: dict[str, Any] = {"days": days, "state": state, "people": shown_people, "names": names, "target": target}
    blocks = _blocks(reader, period, place, **charts) if is_result else []
    is_empty = not any(figure.numerator for figure in now.values())
    groups = [
        (title, _lines(members, now=now, before=before, year_ago=year_ago, place=place, is_empty=is_empty))
        for title, members in PARTS[part]
    ]
    note = _note(month, period, running)
    shown = [block for block in blocks if block.heads]
    return MonthPage([(t, lines) for t, lines in groups if lines], shown, list(names.items()), note, running, is_empty)


def _blocks(
    reader: Any, period: Period, place: Place, *, days: ByDay, state: dict[Any, figures.Figures],
    people: dict[Any, figures.Figures], names: dict[int, str], target: Decimal | None,
) -> list[Block]:  # fmt: skip
    """The charts of the month, each with its table."""
    return [
        daily_block(days, place, target or None, until=period.last_day),
        funnel_block(days, place, None),
        grade_block(state, place),
        source_block(reader, period, place),
        stock_block(reader, place, period),
        ranking_block(people, names, place),
    ]


def _more(
    month: Period, so_far: Period | None, daily: list[str], other: list[str], person_id: int | None
) -> list[figures.Cut]:
    """The state, the month before and the same month of last year; of a running month as many days of them.

    Figures of a whole month have no part of one.
    """
    others = (month.previous(), month.same_last_year())
    before, year_ago = (same_days(one, so_far) if so_far else one for one in others)
    return [
        figures.Cut(so_far or month, "part", other, person_id),
        figures.Cut(before, None, daily if so_far else [*daily, *other], person_id),
        figures.Cut(year_ago, None, daily, person_id),
    ]


def same_days(other: Period, period: Period) -> Period:
    """The other month, as many days of it as `period` has."""
    return other.until(min(other.start + (period.last_day - period.start), other.last_day))


def _whole(state: dict[Any, figures.Figures], key: str) -> Figure:
    """A figure over all its parts; a median is whole already."""
    if BY_KEY[key].is_median:
        return state.get("", {}).get(key, UNKNOWN)
    return added(BY_KEY[key], [group[key] for group in state.values() if key in group])


def _lines(
    keys: tuple[str, ...],
    *,
    now: figures.Figures,
    before: figures.Figures,
    year_ago: figures.Figures,
    place: Place,
    is_empty: bool,
) -> list[Line]:
    lines = []
    for key in (key for key in keys if key in now):
        kpi, value = BY_KEY[key], now[key].value
        target = now.get(TARGETS.get(key, ""))
        goal = (target.denominator or None) if target else None
        previous, mom, mom_trend = _against(kpi, value, before.get(key))
        last_year, yoy, yoy_trend = _against(kpi, value, year_ago.get(key))
        lines.append(
            Line(
                key=key,
                label=str(kpi.label),
                unit="" if kpi.unit == "%" else kpi.unit,
                explanation=str(kpi.explanation),
                value=DASH if is_empty else kpi.show(value),
                url="" if is_empty else place.url(key),
                target=kpi.show(goal),
                attainment=show_ratio(ratio(value, goal)),
                previous=previous,
                mom=mom,
                mom_trend=mom_trend,
                last_year=last_year,
                yoy=yoy,
                yoy_trend=yoy_trend,
                alarm=_alarm(key, value, place),
            )
        )
    return lines


def _alarm(key: str, value: Decimal | None, place: Place) -> str:
    """What a figure says that is below the number of its policy."""
    if key not in ALARMS or value is None:
        return ""
    least = int(policy(ALARMS[key], place.store_id))
    return gettext("低于 %(least)s") % {"least": least} if value < least else ""


def _against(kpi: Kpi, value: Decimal | None, other: Figure | None) -> tuple[str, str, str]:
    """The other span's value, the change, and its direction; ratios differ in percentage points (§3.0)."""
    if other is None or not other.value:
        return DASH, DASH, ""
    shown = kpi.show(other.value)
    if value is None:
        return shown, DASH, ""
    gap = value - other.value
    better = (gap > 0) != (kpi.key in LESS_IS_BETTER)
    trend = "" if not gap or kpi.key in NEUTRAL else "good" if better else "bad"
    sign = "+" if gap > 0 else ""
    if kpi.unit == "%":
        return shown, f"{sign}{show_ratio(gap)[:-1]}点", trend
    return shown, f"{sign}{show_ratio(ratio(gap, abs(other.value)))}", trend


def _note(month: Period, period: Period, running: bool) -> str:
    if not running:
        names = {"last": month.previous().label, "year": month.same_last_year().label}
        return gettext("环比对比%(last)s，同比对比%(year)s。比率之差为百分点。") % names
    last, year = same_days(month.previous(), period), same_days(month.same_last_year(), period)
    spans = {
        "last": f"{last.start:%m-%d} 至 {last.last_day:%m-%d}",
        "year": f"{year.start:%Y-%m-%d} 至 {year.last_day:%m-%d}",
    }
    return gettext("环比对比 %(last)s，同比对比 %(year)s，天数相同。比率之差为百分点。") % spans
