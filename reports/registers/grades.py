"""意向客户级别状况表 of one consultant and month: a line per customer, a column per day.

A day shows `*` for a planned contact and the grade after a contact made; a card that is still open at the month's end
goes on in the next month by itself, because next month's register asks the same histories.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from dealership.core.addresses import address
from dealership.core.periods import Period, local_date
from dealership.org.models import Store
from dealership.org.policy import policy
from leads.choices import OPEN_STATUSES, FollowUpOutcome, ProspectStatus
from leads.models import FollowUp, FollowUpTask, GradeChange, OwnerChange, Prospect, StatusChange
from reports.registers.register import URL, Register, card_name
from reports.selectors.identity import cards_at_start
from reports.workbook.columns import Column, Row

# What a line shows of a card.
SHOWN = (
    *("store", "card_created_at", "customer__name", "customer__gender", "customer__kind"),
    *("series__name", "source__code"),
)
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
    begun = cards_at_start(store_id=store.pk, person_id=person.pk, month=month.start)
    cards = _cards(user, store, person, month, begun)
    told = _told([card.pk for card in cards], month)
    marks, ends, last = _marks(told), _ends(told, person), _grades_at_end(told)
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


def _cards(user: Any, store: Store, person: Any, month: Period, begun: Iterable[int]) -> list[Prospect]:
    """Open at the start, opened in the month, or taken over in it."""
    inside = {"store": store, "owner": person, **month.filter("at")}
    opened = StatusChange.objects.filter(**inside, to_status__in=OPEN_STATUSES).exclude(from_status__in=OPEN_STATUSES)
    taken = OwnerChange.objects.filter(**inside)
    # Ids, not conditions: of an OR of three subqueries PostgreSQL expects most of the cards.
    came = opened.values_list("prospect_id").union(taken.values_list("prospect_id"))
    wanted = {*begun, *(pk for (pk,) in came)}
    rows = Prospect.objects.visible_to(user).filter(id__among=wanted, store=store)
    rows = rows.select_related("customer", "series", "source").only(*SHOWN)
    return list(rows.order_by("card_created_at", "id"))


class Told(NamedTuple):
    """Something a card's histories say: a plan, a contact, a change of state, owner or grade."""

    kind: str
    card: int
    at: dt.datetime
    id: int
    word: str
    note: str


def _told(ids: list[int], month: Period) -> dict[str, list[Told]]:
    """By kind, in the order it happened: contacts and plans of the month, the last changes of each card up to its end.

    One statement: five times several hundred cards to and fro cost more than their histories.
    """
    cards, nothing = {"prospect__id__among": ids}, Value("", CharField())
    planned = FollowUpTask.objects.filter(**cards, cancelled_at=None, **month.filter("due_at"))
    made = FollowUp.objects.filter(**cards, **month.filter("done_at"))
    states, owners, grades = (
        model.objects.filter(**cards, at__lt=month.end_at).order_by("prospect_id", "-at", "-id").distinct("prospect_id")
        for model in (StatusChange, OwnerChange, GradeChange)
    )
    parts: dict[str, tuple[QuerySet[Any], str, Combinable, Combinable]] = {
        "plan": (planned.order_by(), "due_at", nothing, nothing),
        "contact": (made.order_by(), "done_at", F("outcome"), F("grade_after")),
        "state": (states, "at", F("to_status"), F("reason")),
        "owner": (owners, "at", Cast("owner_id", CharField()), F("owner__name")),
        "grade": (grades, "at", F("to_grade"), nothing),
    }
    first, *others = (
        rows.annotate(word=word, said=note).values_list(
            Value(kind, CharField()), "prospect_id", at, "id", "word", "said"
        )
        for kind, (rows, at, word, note) in parts.items()
    )
    found: dict[str, list[Told]] = {kind: [] for kind in parts}
    for one in sorted(starmap(Told, first.union(*others, all=True)), key=lambda told: (told.at, told.id)):
        found[one.kind].append(one)
    return found


def _marks(told: dict[str, list[Told]]) -> dict[int, dict[dt.date, str]]:
    """Per card and day: `*` planned, then what the last contact of the day left."""
    marks: dict[int, dict[dt.date, str]] = defaultdict(dict)
    for plan in told["plan"]:
        marks[plan.card][local_date(plan.at)] = PLANNED
    for contact in told["contact"]:
        day = local_date(contact.at)
        planned = PLANNED if marks[contact.card].get(day, "").startswith(PLANNED) else ""
        marks[contact.card][day] = planned + (NO_ANSWER if contact.word == FollowUpOutcome.NO_ANSWER else contact.note)
    return marks


def _ends(told: dict[str, list[Told]], person: Any) -> dict[int, str]:
    """How each card stood when the month ended, or stands now, unless it is simply worked on: what became of it and
    why (losses need a reason), what it waits for, or who has it now.
    """
    found: dict[int, str] = {}
    for move in told["state"]:
        word = ENDS.get(ProspectStatus(move.word), "")
        why = f"（{move.note}）" if word and move.note and move.word in WITH_REASON else ""
        found[move.card] = f"{local_date(move.at):%m-%d} {word}{why}" if word else ""
    for card, given in ((given.card, given) for given in told["owner"]):
        if given.word != str(person.pk):
            found[card] = f"{local_date(given.at):%m-%d} 转{given.note}"
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


def _grades_at_end(told: dict[str, list[Told]]) -> dict[int, str]:
    """The grade each card had when the month ended, or has now while it runs; a later regrade changes no past month."""
    return {change.card: change.word for change in told["grade"]}


def _by_grade(grades: Iterable[str | None]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for grade in grades:
        if grade:
            counts[grade] += 1
    return " ".join(f"{grade}{counts[grade]}" for grade in "HABCN" if counts[grade]) or "—"
