"""Reads of evaluations: the latest, what it is made of, the history."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from leads.evaluation_choices import ITEMS, LABELS, MOST_POINTS
from leads.models import NurtureStay, Prospect, ProspectEvaluation


@dataclass(frozen=True)
class Line:
    """One question of an evaluation: the answer in words, its points, and its part of the hundred."""

    label: str
    answer: str
    points: int | None
    share: Decimal
    most: Decimal


def evaluations_of(*, user: Any, prospect: Prospect) -> QuerySet[ProspectEvaluation]:
    """The evaluations of a card within reach, newest first."""
    rows = ProspectEvaluation.objects.filter(prospect=prospect).select_related("by")
    return rows.order_by("-at", "-id")


def evaluation_get(*, evaluation_id: int) -> ProspectEvaluation:
    """The evaluation just made (for an idempotent answer)."""
    return ProspectEvaluation.objects.select_related("by").get(pk=evaluation_id)


def lines_of(row: ProspectEvaluation) -> list[Line]:
    """Where the points of an evaluation come from, by the weights of its day."""
    whole = sum(row.weights.values())
    return [_line(row, name, whole) for name in ITEMS]


def _line(row: ProspectEvaluation, name: str, whole: int) -> Line:
    points, most = getattr(row, name), Decimal(100 * row.weights[name]) / whole
    return Line(
        label=LABELS[name],
        answer=str(ITEMS[name](points).label) if points is not None else "",
        points=points,
        share=_one_place(most * (points or 0) / MOST_POINTS),
        most=_one_place(most),
    )


def _one_place(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_DOWN)


def with_evaluation(rows: QuerySet[Prospect]) -> QuerySet[Prospect]:
    """Cards with the latest `evaluation_score` and `evaluation_verdict` and with `nurtured_since`, in the statement."""
    last = ProspectEvaluation.objects.filter(prospect=OuterRef("pk")).order_by("-at", "-id")
    stay = NurtureStay.objects.waiting().filter(prospect=OuterRef("pk"))
    return rows.annotate(
        evaluation_score=Subquery(last.values("score")[:1]),
        evaluation_verdict=Subquery(last.values("verdict")[:1]),
        nurtured_since=Subquery(stay.values("entered_at")[:1]),
    )
