"""抽查: a weekly sample of follow-ups, and what the manager found when calling the customer (R-FU-6)."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.periods import Period
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import require
from leads import policies
from leads.choices import FollowUpOutcome, SpotResult
from leads.models import FollowUp, Prospect, SpotCheck
from leads.services.history import keep_interval, write_grade


@service
def spot_checks_sample(*, store: Store, week: dt.date) -> int:
    """Draw last week's sample of a store: so many answered follow-ups per person, once per week.

    The draw is random but repeatable (seeded by store and week), so a job that runs twice draws the same and the
    unique follow-up keeps it single. Called by the clock on Monday; answers how many rows are new.
    """
    period = Period.containing("week", week)
    if SpotCheck.objects.filter(store=store, week=period.start).exists():
        return 0
    per_person = int(policy("spot_check.per_person", store, week))
    rows = FollowUp.objects.filter(store=store, **period.filter("done_at")).exclude(outcome=FollowUpOutcome.NO_ANSWER)
    by_person: dict[int, list[FollowUp]] = defaultdict(list)
    for row in rows.select_related("prospect").order_by("id"):
        by_person[row.done_by_id].append(row)
    draw = random.Random(f"{store.pk}:{period.start}")  # noqa: S311  a fair sample, not a secret
    picked = [
        row
        for person in sorted(by_person)
        for row in draw.sample(by_person[person], min(per_person, len(by_person[person])))
    ]
    moment = periods.now()
    made = SpotCheck.objects.bulk_create(
        [
            SpotCheck(
                store=store, team_id=row.team_id, owner_id=row.done_by_id, prospect_id=row.prospect_id, follow_up=row,
                week=period.start, sampled_at=moment, grade_then=row.grade_after,
            )
            for row in picked
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(made)


@service
def spot_check_record(
    *, by: Any, check_id: int, result: str, grade_found: str, note: str, called_at: dt.datetime | None = None
) -> SpotCheck:
    """What the customer said. A grade found wrong is set on a card that may still be graded, with the note as reason.

    Refused: one's own follow-up, a second answer, a result without a word of what was heard,
    a call in the future or before the follow-up.
    """
    check = lock(SpotCheck.objects.visible_to(by).select_related("prospect", "follow_up"), check_id)
    require(by, "spot_check.record", check.store_id)
    if check.owner_id == by.pk:
        raise DomainError("own", "不能抽查自己的跟进，请由其他经理核实。")
    if check.result:
        raise Conflict("checked", "这条跟进已抽查过，请刷新查看。")
    if result not in SpotResult.values:
        raise DomainError("bad_result", "请选择抽查结果。", {"result": ["请选择抽查结果。"]})
    note, moment = clean_text(note)[:300], called_at or periods.now()
    if len(note) < 4:
        raise DomainError("note_short", "请写明核实到的情况（至少 4 个字）。", {"note": ["请写明核实到的情况。"]})
    if moment > periods.now():
        raise DomainError("in_future", "回访时间不能晚于现在。", {"called_at": ["回访时间不能晚于现在。"]})
    if moment < check.follow_up.done_at:
        text = "回访时间不能早于这条跟进的时间，请填您打给客户的时间。"
        raise DomainError("too_early", text, {"called_at": [text]})
    if grade_found and grade_found not in policies.gradable():
        raise DomainError("bad_grade", "核实级别只能选 H、A、B 或 C。", {"grade_found": ["请选择 H、A、B 或 C。"]})
    check.result, check.grade_found, check.note = result, grade_found, note
    check.called_at, check.checked_by, check.checked_at = moment, by, periods.now()
    check.touch()
    check.save()
    _correct_grade(check, by=by)
    record(by=by, action="spot_check.record", target=check, changes={"result": result, "grade": grade_found})
    return check


def _correct_grade(check: SpotCheck, *, by: Any) -> None:
    """R-FU-6: a spot check may set the grade with a note; the next contact is due within the new grade's interval."""
    if not check.grade_found:
        return
    card = lock(Prospect.objects.all(), check.prospect_id)
    if card.grade != check.grade_found and policies.can_regrade(card):
        moment = periods.now()
        write_grade(card, check.grade_found, at=moment, by=by, reason=f"抽查核实：{check.note}")
        keep_interval(card, at=moment)
        card.touch()
        card.save()
