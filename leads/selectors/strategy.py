"""Reads of the 策略卡 and 月评卡 of a prospect card."""

from __future__ import annotations

from typing import Any

from leads.models import MonthReviewCard, Prospect, StrategyCard


def strategy_of(*, user: Any, prospect: Prospect) -> StrategyCard | None:
    """The strategy of a card within reach, if one was written."""
    return StrategyCard.objects.visible_to(user).filter(prospect=prospect).select_related("changed_by").first()


def month_reviews_of(*, user: Any, prospect: Prospect) -> list[MonthReviewCard]:
    """Month reviews of a card within reach, newest first."""
    rows = MonthReviewCard.objects.visible_to(user).filter(prospect=prospect).select_related("written_by")
    return list(rows.order_by("-month"))
