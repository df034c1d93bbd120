"""抽查: a weekly sample of the three tables and two cards, and what the manager heard from the customer (R-FU-6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.periods import Period
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.org.models import Store
from dealership.org.reach import require
from leads import policies
from leads.models import Prospect, SpotCheck
from leads.services.history import keep_interval, write_grade
from leads.services.spot_sample import sample_of
from leads.spot_choices import SPOT_THINGS, SpotResult


@service
def spot_checks_sample(*, store: Store, week: dt.date) -> int:
    """Draw last week's sample of a store: so many rows of each register per person, once per week.

    The draw is random but repeatable, so a job that runs twice draws the same and the unique rows keep it single.
    Called by the clock on Monday; answers how many rows are new.
    """
    period = Period.containing("week", week)
    if SpotCheck.objects.filter(store=store, week=period.start).exists():
        return 0
    return len(SpotCheck.objects.bulk_create(sample_of(store=store, week=period), ignore_conflicts=True))


@service
def spot_check_record(
    *, by: Any, check_id: int, result: str, grade_found: str, note: str, called_at: dt.datetime | None = None
) -> SpotCheck:
    """What the customer said. A grade found wrong is set on a card that may still be graded, with the note as reason.

    Refused: a row one has a hand in, a second answer, a result without a word of what was heard, a grade where there
    is none to judge or nobody was reached, a call in the future or before what the row says happened.
    """
    rows = SpotCheck.objects.visible_to(by).select_related("prospect", "visit", "vehicle")
    check = lock(rows, check_id)
    require(by, "spot_check.record", check.store_id)
    if by.pk in hands_in(check):
        raise DomainError("own", "不能抽查自己的登记，请由其他经理核实。")
    if check.result:
        raise Conflict("checked", "这条记录已抽查过，请刷新查看。")
    note, moment = clean_text(note)[:300], called_at or periods.now()
    _check_words(result, note)
    _check_call(check, moment)
    _check_grade(check, result, grade_found)
    check.result, check.grade_found, check.note = result, grade_found, note
    check.called_at, check.checked_by, check.checked_at = moment, by, periods.now()
    check.touch()
    check.save()
    _correct_grade(check, by=by)
    record(by=by, action="spot_check.record", target=check, changes={"result": result, "grade": grade_found})
    return check


def hands_in(check: SpotCheck) -> set[int | None]:
    """Who answers for the row or wrote it: nobody of them checks it."""
    people: set[int | None] = {check.owner_id}
    if check.visit:
        people |= {check.visit.owner_id, check.visit.received_by_id, check.visit.registered_by_id}
    if check.vehicle:
        people.add(check.vehicle.owner_id)
    if check.prospect and not check.follow_up_id:
        people.add(check.prospect.owner_id)
    return people


def _check_words(result: str, note: str) -> None:
    if result not in SpotResult.values:
        raise DomainError("bad_result", "请选择抽查结果。", {"result": ["请选择抽查结果。"]})
    if len(note) < 4:
        raise DomainError("note_short", "请写明核实到的情况（至少 4 个字）。", {"note": ["请写明核实到的情况。"]})


def _check_call(check: SpotCheck, moment: dt.datetime) -> None:
    if moment > periods.now():
        raise DomainError("in_future", "回访时间不能晚于现在。", {"called_at": ["回访时间不能晚于现在。"]})
    if moment < check.about_at:
        text = f"回访时间不能早于{SPOT_THINGS[check.subject]}的时间，请填您打给客户的时间。"
        raise DomainError("too_early", text, {"called_at": [text]})


def _check_grade(check: SpotCheck, result: str, grade_found: str) -> None:
    if not grade_found:
        return
    text = ""
    if not check.has_grade:
        text = "这条记录没有可核实的级别，请选“未核实”。"
    elif grade_found not in policies.gradable():
        text = "核实级别只能选 H、A、B 或 C。"
    elif result == SpotResult.UNREACHED:
        text = "没有联系上客户，不能核实级别，请选“未核实”。"
    if text:
        raise DomainError("bad_grade", text, {"grade_found": [text]})


def _correct_grade(check: SpotCheck, *, by: Any) -> None:
    """R-FU-6: a spot check may set the grade with a note; the next contact is due within the new grade's interval."""
    if not check.grade_found or check.prospect_id is None:
        return
    card = lock(Prospect.objects.all(), check.prospect_id)
    if card.grade != check.grade_found and policies.can_regrade(card):
        moment = periods.now()
        write_grade(card, check.grade_found, at=moment, by=by, reason=f"抽查核实：{check.note}")
        keep_interval(card, at=moment)
        card.touch()
        card.save()
