"""意向评估: five questions about a card, weighed by the day's policy (§1.10 O1), and what follows for the pool (O2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.org.reach import require
from leads import policies
from leads.evaluation_choices import ITEMS, LABELS, NurtureEnd, Verdict
from leads.models import Prospect, ProspectEvaluation
from leads.services.nurture import nurture_enter, nurture_leave


@service
def evaluation_save(
    *, by: Any, prospect_id: int, answers: Mapping[str, int | None], note: str = ""
) -> ProspectEvaluation:
    """Evaluate a card; every evaluation is a new row. Who may work on the card may evaluate it.

    Below the threshold the customer enters the nurture pool, reaching it they leave; while missing answers could
    still decide it, nothing moves. Refused: an ordered or ended card, no answer at all, points off the list.
    """
    card = lock(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.change", card.store_id)
    if not policies.can_evaluate(card):
        raise Conflict("card_not_open", f"客户当前为“{card.get_status_display()}”，不需要评估。")
    told = _checked(answers)
    moment = periods.now()
    result = policies.evaluate(told, card.store_id, periods.local_date(moment))
    row = ProspectEvaluation.objects.create(
        prospect=card, store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, at=moment, by=by,
        weights=result.weights, threshold=result.threshold, score=result.score, ceiling=result.ceiling,
        verdict=result.verdict, note=_note(note), **told,
    )  # fmt: skip
    if result.verdict == Verdict.BELOW:
        nurture_enter(row, card)
    elif result.verdict == Verdict.MEETS:
        nurture_leave(card, end=NurtureEnd.MET, at=moment, by=by)
    record(
        by=by, action="evaluation.save", target=row,
        changes={"prospect": card.pk, "score": row.score, "verdict": row.verdict},
    )  # fmt: skip
    return row


def _checked(answers: Mapping[str, int | None]) -> dict[str, int | None]:
    """All five questions, each with one of its points or nothing."""
    told = {name: answers.get(name) for name in ITEMS}
    wrong = {
        name: [f"{LABELS[name]}的选项无效，请重新选择。"]
        for name, value in told.items()
        if value is not None and value not in ITEMS[name].values
    }
    if wrong:
        raise DomainError("bad_answer", next(iter(wrong.values()))[0], wrong)
    if not policies.answered(told):
        raise DomainError("no_answer", "请至少回答一项，不清楚的可以先空着。")
    return told


def _note(note: str) -> str:
    note = clean_text(note)
    if len(note) > 200:
        raise DomainError("note_long", "说明最多 200 字。", {"note": ["说明最多 200 字。"]})
    return note
