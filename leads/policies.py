"""Predicates and dates derived from policy rows and loaded rows (domain.md §5.1). No queries of business rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.crypto import salted_hmac

from dealership.core import periods
from dealership.org.policy import policy
from leads.choices import (
    DRIVE_TRANSITIONS,
    GRADE_RANK,
    LIVE_STATUSES,
    OPEN_GRADES,
    OPEN_STATUSES,
    PENDING_STATUSES,
    PROSPECT_TRANSITIONS,
    DriveKind,
    Grade,
    ProspectStatus,
)
from leads.evaluation_choices import ITEMS, MOST_POINTS, Verdict

# A next contact further away than a year is a typing mistake, whatever the grade.
MAX_AHEAD = dt.timedelta(days=366)
# Visits are registered live; older than a year is a typing mistake, younger ones meet the closed-month guard.
MAX_BACK = dt.timedelta(days=366)


def grade_days(grade: str, what: str, store_id: int, on: dt.date) -> int:
    """Days of a grade's policy: `interval`, `first` or `out_of_control` (R-GRADE)."""
    return int(policy(f"grade.{grade}", store_id, on)[what])


def due_after(day: dt.date, days: int, store_id: int) -> dt.datetime:
    """So many calendar days later at the store's follow-up hour (R-FU-2: showrooms work weekends and holidays)."""
    return periods.at(day + dt.timedelta(days=days), policy("follow_up.default_time", store_id, day))


def first_due(grade: str, day: dt.date, store_id: int) -> dt.datetime:
    """When a card made on `day` is called at the latest."""
    return due_after(day, grade_days(grade, "first", store_id, day), store_id)


def regular_due(grade: str, day: dt.date, store_id: int) -> dt.datetime:
    """The default next contact after one on `day` (R-FU-1)."""
    return due_after(day, grade_days(grade, "interval", store_id, day), store_id)


def second_due(grade: str, day: dt.date, store_id: int) -> dt.datetime:
    """The mandatory second follow-up after a refusal (R-REJ)."""
    days = policy("follow_up.second_days", store_id, day)
    return due_after(day, int(days.get(grade, days["C"])), store_id)


def protection_days(grade: str, store_id: int, day: dt.date) -> int:
    """How long after the last contact the owner is protected (§5.11): the limit of 失控, longer where policy says."""
    longer = policy("owner.protect_days", store_id, day)
    return int(longer[grade]) if grade in longer else grade_days(grade, "out_of_control", store_id, day)


def is_later_than_allowed(chosen: dt.datetime, allowed: dt.datetime) -> bool:
    """Intervals count whole calendar days: any hour of the last day is still in time."""
    return periods.local_date(chosen) > periods.local_date(allowed)


def levels_down(before: str, after: str) -> int:
    """How many levels a grade falls (negative when it rises); N stands for 'not judged' and never counts."""
    if Grade.N in (before, after) or before not in GRADE_RANK or after not in GRADE_RANK:
        return 0
    return GRADE_RANK[Grade(before)] - GRADE_RANK[Grade(after)]


def days_unmoved(card: Any, day: dt.date) -> int:
    """R-GRADE: for how many days an open card has kept its grade when that is too long, else 0: time to judge anew."""
    limits = policy("follow_up.regrade_after_days", card.store_id, day)
    if card.grade not in limits or not can_regrade(card):
        return 0
    days = (day - periods.local_date(card.grade_since)).days
    return days if days > int(limits[card.grade]) else 0


def may_move(before: str, after: str) -> bool:
    """Is this status move in the transition table (§4.2)?"""
    return after in PROSPECT_TRANSITIONS.get(before, ())


def can_be_followed(prospect: Any) -> bool:
    """Cards that are still worked on, orders waiting for their car included."""
    return prospect.status in LIVE_STATUSES


def can_edit(prospect: Any) -> bool:
    """Ended cards are history."""
    return prospect.status in LIVE_STATUSES


def can_regrade(prospect: Any) -> bool:
    """O, D and T come from the deal; a card under decision keeps its grade."""
    return prospect.status in (ProspectStatus.ACTIVE, ProspectStatus.OUT_OF_CONTROL)


def awaits_answer(prospect: Any) -> bool:
    """An application on the card waits for its answer: contacts are noted, nothing becomes due."""
    return prospect.status in PENDING_STATUSES


def can_apply_loss(prospect: Any) -> bool:
    """An order is cancelled first; what waits or has ended is not asked again."""
    return prospect.status in (ProspectStatus.ACTIVE, ProspectStatus.OUT_OF_CONTROL)


def can_apply_dormancy(prospect: Any) -> bool:
    """H and A are worked on; only B and C may rest (§4.2)."""
    return prospect.status == ProspectStatus.ACTIVE and prospect.grade in (Grade.B, Grade.C)


def loss_level(grade: str) -> int:
    """Who answers: H and A the sales manager, the others the showroom manager (§4.2)."""
    return 2 if grade in (Grade.H, Grade.A) else 1


def is_sampled(store_id: int, number: int, on: dt.date) -> bool:
    """Is this loss of the store called back? One place in every block of 1/share, which nobody can foresee.

    So every full block holds at least the policy's share, and the same number always gets the same answer.
    """
    share = Decimal(policy("loss.sample_share", store_id, on))
    if share <= 0:
        return False
    size = max(1, int(1 / share))
    block, place = divmod(number - 1, size)
    drawn = salted_hmac("leads.loss.sample", f"{store_id}:{block}", algorithm="sha256").digest()
    return int.from_bytes(drawn[:8]) % size == place


def needs_grading(prospect: Any) -> bool:
    """A new card is judged at its first contact."""
    return prospect.grade == Grade.N and prospect.status in OPEN_STATUSES


def gradable() -> tuple[Grade, ...]:
    """What a person may choose for a contacted customer, best first."""
    return tuple(grade for grade in OPEN_GRADES if grade != Grade.N)


def grade_horizons(store_id: int, grades: tuple[Grade, ...] = OPEN_GRADES) -> dict[str, str]:
    """What a grade letter means in days, by the store's own policy (H: 7天内)."""
    return {grade.value: str(policy(f"grade.{grade.value}", store_id)["horizon"]) for grade in grades}


def drive_slot(store_id: int, day: dt.date) -> dt.timedelta:
    """Length of a slot of the demo-car calendar; at least ten minutes whatever was entered."""
    return dt.timedelta(minutes=max(10, int(policy("test_drive.slot_minutes", store_id, day))))


def drive_hours(store_id: int, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """From when to when cars may be booked on a day."""
    opens = periods.at(day, policy("test_drive.opens_at", store_id, day))
    return opens, periods.at(day, policy("test_drive.closes_at", store_id, day))


def drive_slots(store_id: int, day: dt.date) -> list[dt.datetime]:
    """The starts of a day's slots."""
    slot = drive_slot(store_id, day)
    moment, closes = drive_hours(store_id, day)
    starts = []
    while moment + slot <= closes:
        starts.append(moment)
        moment += slot
    return starts


def may_move_drive(before: str, after: str) -> bool:
    """Is this move of a test drive in the transition table?"""
    return after in DRIVE_TRANSITIONS.get(before, ())


def missing_to_start(drive: Any) -> list[str]:
    """What still stands between a booking and its start, in words (licence for a drive, agreement for both)."""
    missing = []
    if drive.kind == DriveKind.DRIVE:
        if drive.licence_checked_at is None:
            missing.append("还没有核对驾驶证")
        elif drive.licence_valid_until < periods.today():
            missing.append("驾驶证已过有效期")
    if drive.agreement_signed_at is None:
        missing.append("客户还没有签署试乘试驾协议")
    if drive.car.insured_until < periods.today():
        missing.append("试驾车保险已到期")
    return missing


@dataclass(frozen=True)
class Score:
    """What answers are worth under one day's policy: shares of 100, and what they say against the threshold."""

    weights: dict[str, int]
    threshold: int
    score: Decimal
    ceiling: Decimal
    verdict: Verdict


def evaluate(answers: Mapping[str, int | None], store_id: int, on: dt.date) -> Score:
    """The evaluation model (§1.10 O1): points times weight, as a share of the most there is.

    Compared in whole numbers, so the threshold itself meets it. A missing answer counts as nothing for the score and
    as everything for the ceiling: the verdict is open while the missing ones could still decide it.
    """
    weights = {name: int(weight) for name, weight in policy("evaluation.weights", store_id, on).items()}
    threshold = int(policy("evaluation.threshold", store_id, on))
    most = MOST_POINTS * sum(weights.values())
    got = sum(weight * (answers.get(name) or 0) for name, weight in weights.items())
    could = got + sum(weight * MOST_POINTS for name, weight in weights.items() if answers.get(name) is None)
    verdict = Verdict.OPEN
    if got * 100 >= threshold * most:
        verdict = Verdict.MEETS
    elif could * 100 < threshold * most:
        verdict = Verdict.BELOW
    return Score(weights, threshold, _share(got, most), _share(could, most), verdict)


def _share(points: int, most: int) -> Decimal:
    """Of 100, cut to one place: a score shown at the threshold has reached it."""
    return (Decimal(points * 100) / most).quantize(Decimal("0.1"), ROUND_DOWN)


def can_evaluate(prospect: Any) -> bool:
    """Customers still being won; an order or an end needs no evaluation."""
    return prospect.status in OPEN_STATUSES


def answered(answers: Mapping[str, int | None]) -> int:
    """How many of the questions have an answer."""
    return sum(answers.get(name) is not None for name in ITEMS)
