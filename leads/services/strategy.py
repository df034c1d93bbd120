"""Writing the 策略卡 and the 月评卡 of a card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.periods import Period
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.org.reach import require
from leads import policies
from leads.choices import FollowUpOutcome
from leads.models import FollowUp, GradeChange, MonthReviewCard, Prospect, StrategyCard, Visit

FIELDS = ("needs", "decision_makers", "competitor_view", "objection", "next_tactic", "offer_limit")


@service
def strategy_save(*, by: Any, prospect_id: int, version: int | None, details: Mapping[str, Any]) -> StrategyCard:
    """Write the strategy of a live card. Refused: an ended card, a stale version (both values are shown)."""
    card = _card(by, prospect_id)
    row = StrategyCard.objects.select_for_update(of=("self",)).filter(prospect=card).first()
    changed = {name: value for name, value in details.items() if name in FIELDS}
    if row is None:
        row = StrategyCard(prospect=card)
    else:
        shown = {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in changed}
        check_version(row, version, **shown)
        row.touch()
    for name, value in changed.items():
        setattr(row, name, clean_text(value) if isinstance(value, str) else value)
    row.changed_by = by
    row.save()
    record(by=by, action="strategy.save", target=row, changes={"fields": sorted(changed)})
    return row


@service
def month_review_save(
    *, by: Any, prospect_id: int, month: dt.date, version: int | None, why: str, next_month: str
) -> MonthReviewCard:
    """The review of one month of a card; written again it replaces the words, the figures are counted anew.

    `version` 0 is a form that saw no review of the month. Refused: a month before the card or not begun, texts too thin
    to say anything, a stale version (both values are shown).
    """
    card = _card(by, prospect_id)
    period = Period.containing("month", month)
    if period.start > periods.today() or period.end_at <= card.card_created_at:
        raise DomainError("bad_month", "月份不正确：要在建卡之后、不晚于本月。", {"month": ["请选择建卡之后的月份。"]})
    why, next_month = clean_text(why), clean_text(next_month)
    for name, text, label in (("why", why, "变化原因"), ("next_month", next_month, "下月打算")):
        if len(text) < 4:
            raise DomainError("too_short", f"{label}至少写 4 个字。", {name: [f"{label}至少写 4 个字。"]})
    row = MonthReviewCard.objects.select_for_update(of=("self",)).filter(prospect=card, month=period.start).first()
    if row is not None:
        check_version(row, version, why=row.why, next_month=row.next_month)
    row = row or MonthReviewCard(prospect=card, month=period.start)
    row.grade_start, row.grade_end = grades_of(card, period)
    row.contacts = contacts_in(card, period)
    row.why, row.next_month = why, next_month
    row.written_by, row.written_at = by, periods.now()
    row.touch()
    row.save()
    record(by=by, action="month_review.save", target=row, changes={"month": period.code})
    return row


def grades_of(card: Prospect, period: Period) -> tuple[str, str]:
    """The grade at the month's start (empty before the card was made) and at its end, or now while it runs."""

    def before(moment: dt.datetime) -> str:
        rows = GradeChange.objects.filter(prospect=card, at__lt=moment).order_by("-at", "-id")
        return rows.values_list("to_grade", flat=True).first() or ""

    return before(period.start_at), before(period.end_at) or card.grade


def contacts_in(card: Prospect, period: Period) -> int:
    """Follow-ups that reached the customer, and visits, of the month."""
    reached = FollowUp.objects.filter(prospect=card, **period.filter("done_at"))
    visits = Visit.objects.filter(prospect=card, **period.filter("visited_at"))
    return reached.exclude(outcome=FollowUpOutcome.NO_ANSWER).count() + visits.count()


def _card(by: Any, prospect_id: int) -> Prospect:
    card = lock(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.change", card.store_id)
    if not policies.can_edit(card):
        raise DomainError("card_ended", f"该卡已{card.get_status_display()}，不能再填写。")
    return card
