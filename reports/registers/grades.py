"""意向客户级别状况表 of one consultant and month: a line per customer, a column per day.

A day shows `*` for a planned contact and the grade after a contact made; a card that is still open at the month's end
goes on in the next month by itself, because next month's register asks the same histories.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dealership.core.addresses import address
from dealership.core.periods import Period, day_bucket, local_date
from dealership.org.models import Store
from dealership.org.policy import policy
from leads.choices import OPEN_STATUSES, FollowUpOutcome, ProspectStatus
from leads.kpis import cards_open_at
from leads.models import FollowUp, FollowUpTask, GradeChange, OwnerChange, Prospect, StatusChange
from reports.registers.register import URL, Register, card_name
from reports.workbook.columns import Column, Row

PLANNED = "*"
NO_ANSWER = "×"
ENDS = {
    ProspectStatus.ORDERED: "订车",
    ProspectStatus.DELIVERED: "交车",
    ProspectStatus.LOST: "战败",
    ProspectStatus.DORMANT: "休眠",
    ProspectStatus.OUT_OF_CONTROL: "失控",
    ProspectStatus.LOSS_PENDING: "战败申请中",
    ProspectStatus.DORMANT_PENDING: "休眠申请中",
}
WITH_REASON = (ProspectStatus.LOST, ProspectStatus.DORMANT)


def grade_register(*, user: Any, store: Store, person: Any, month: Period) -> Register:
    """Cards the person held in the month, of those the reader reaches, oldest first."""
    begun = {card.pk: card.grade_then for card in _open_at(store, person, month)}
    cards = _cards(user, store, person, month, begun)
    ids = [card.pk for card in cards]
    marks, ends = _marks(ids, month), _ends(ids, person, month)
    letters = policy("register.source_letters", store)
    columns = (
        Column("name", "客户", "text", 12),
        Column("carded", "建卡", "date", 11),
        Column("source", "来源", "centre", 6),
        Column("series", "意向车型", "text", 14),
        Column("start", "月初", "centre", 6),
        *(Column(f"d{day.day}", str(day.day), "centre", 5) for day in month.days()),
        Column("end", "月末结果", "text", 14),
    )
    last = _grades_at_end(ids, month)
    rows = [
        _row(card, Months(begun.get(card.pk), last[card.pk], marks[card.pk], ends.get(card.pk, "")), letters)
        for card in cards
    ]
    counted = _by_grade(row["start"] for row in rows)
    return Register(
        title=card_name("grades", store), note=f"{store.name} · {person.name} · {month.label}", columns=columns,
        rows=rows, facts=(("客户", f"{len(rows)} 位"), ("月初级别", counted)),
        words=(
            f"{PLANNED} 计划跟进　H/A/B/C 跟进后的级别　{NO_ANSWER} 未接通",
            "来源：R 转介绍　B 基盘　S 来店/来电/网络　I 内部情报　E 员工　P 展示会",
        ),
        signatures=("销售顾问签字", "展厅经理签字"), empty="本月名下没有意向客户。",
        on_phone=("name", "series", "start", "end"), blank="",
    )  # fmt: skip


def _open_at(store: Store, person: Any, month: Period) -> Any:
    return cards_open_at(month.start_at, store.pk).filter(owner_then=person.pk)


def _cards(user: Any, store: Store, person: Any, month: Period, begun: Iterable[int]) -> list[Prospect]:
    """Open at the start, opened in the month, or taken over in it."""
    inside = {"store": store, "owner": person, **month.filter("at")}
    opened = StatusChange.objects.filter(**inside, to_status__in=OPEN_STATUSES).exclude(from_status__in=OPEN_STATUSES)
    taken = OwnerChange.objects.filter(**inside)
    # Ids, not conditions: of an OR of three subqueries PostgreSQL expects most of the cards.
    came = opened.values_list("prospect_id").union(taken.values_list("prospect_id"))
    wanted = {*begun, *(pk for (pk,) in came)}
    rows = Prospect.objects.visible_to(user).filter(pk__in=wanted, store=store)
    rows = rows.select_related("customer", "series", "source")
    return list(rows.order_by("card_created_at", "id"))


def _marks(ids: list[int], month: Period) -> dict[int, dict[dt.date, str]]:
    """Per card and day: `*` planned, then what the last contact of the day left."""
    marks: dict[int, dict[dt.date, str]] = defaultdict(dict)
    planned = FollowUpTask.objects.filter(prospect__in=ids, cancelled_at=None, **month.filter("due_at"))
    for card, day in planned.annotate(on=day_bucket("due_at")).values_list("prospect_id", "on"):
        marks[card][day] = PLANNED
    done = FollowUp.objects.filter(prospect__in=ids, **month.filter("done_at")).order_by("done_at", "id")
    for card, moment, outcome, grade in done.values_list("prospect_id", "done_at", "outcome", "grade_after"):
        day = local_date(moment)
        plan = PLANNED if marks[card].get(day, "").startswith(PLANNED) else ""
        marks[card][day] = plan + (NO_ANSWER if outcome == FollowUpOutcome.NO_ANSWER else grade)
    return marks


def _ends(ids: list[int], person: Any, month: Period) -> dict[int, str]:
    """How each card stood when the month ended, or stands now, unless it is simply worked on: what became of it and
    why (losses need a reason), what it waits for, or who has it now.
    """
    found: dict[int, str] = {}
    moves = StatusChange.objects.filter(prospect__in=ids, at__lt=month.end_at).order_by("at", "id")
    for card, status, moment, reason in moves.values_list("prospect_id", "to_status", "at", "reason"):
        word = ENDS.get(status, "")
        why = f"（{reason}）" if word and reason and status in WITH_REASON else ""
        found[card] = f"{local_date(moment):%m-%d} {word}{why}" if word else ""
    given = OwnerChange.objects.filter(prospect__in=ids, at__lt=month.end_at).order_by("at", "id")
    last = {row.prospect_id: row for row in given.select_related("owner")}
    for card, row in last.items():
        if row.owner_id != person.pk:
            found[card] = f"{local_date(row.at):%m-%d} 转{row.owner.name}"
    return found


@dataclass(frozen=True)
class Months:
    """One card's month: grade at its start (None when the card is younger) and end, days, how it left."""

    start: str | None
    last: str
    marks: dict[dt.date, str]
    end: str


def _row(card: Prospect, month: Months, letters: dict[str, str]) -> Row:
    start, last, marks, end = month.start, month.last, month.marks, month.end
    return {
        "name": card.customer.display_name,
        "carded": local_date(card.card_created_at),
        "source": letters.get(card.source.code, letters["*"]) if card.source else None,
        "series": card.series.name if card.series else None,
        "start": start,
        **{f"d{day.day}": mark for day, mark in marks.items()},
        "end": end or f"{last} 在跟",
        URL: address("leads:prospect_detail", card.pk),
    }


def _grades_at_end(ids: list[int], month: Period) -> dict[int, str]:
    """The grade each card had when the month ended, or has now while it runs; a later regrade changes no past month."""
    changes = GradeChange.objects.filter(prospect__in=ids, at__lt=month.end_at).order_by("at", "id")
    return dict(changes.values_list("prospect_id", "to_grade"))


def _by_grade(grades: Iterable[str | None]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for grade in grades:
        if grade:
            counts[grade] += 1
    return " ".join(f"{grade}{counts[grade]}" for grade in "HABCN" if counts[grade]) or "—"
