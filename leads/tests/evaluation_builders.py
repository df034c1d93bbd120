"""Evaluations and stays in the nurture pool, by the real services."""

from __future__ import annotations

from typing import Any

from leads.evaluation_choices import ITEMS
from leads.models import NurtureStay, Prospect, ProspectEvaluation
from leads.services.evaluation import evaluation_save


def make_evaluation(by: Any, card: Prospect, points: int | None = 4, **answers: int | None) -> ProspectEvaluation:
    """All five questions answered with `points`, unless told otherwise."""
    told = {**dict.fromkeys(ITEMS, points), **answers}
    return evaluation_save(by=by, prospect_id=card.pk, answers=told)


def make_nurtured(by: Any, card: Prospect) -> NurtureStay:
    """A card in the nurture pool."""
    make_evaluation(by, card, 1)
    return NurtureStay.objects.get(prospect=card, left_at=None)
