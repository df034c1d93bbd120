"""The weekly sample of spot checks: which rows of the three tables and two cards are drawn (§1.3 F1, §1.10 D7).

The database draws: each row has a lot made of its id, store, week and register, and of each person the rows with the
first lots are taken. So the draw is random, the same again whenever it is repeated, and loads only what it takes.
Nobody is drawn who wishes not to be contacted.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value, Window
from django.db.models.functions import MD5, Cast, Coalesce, Concat, RowNumber

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.models import Store
from dealership.org.policy import policy
from leads.choices import CareResult, FollowUpOutcome, Grade, VisitType
from leads.kpis.cards import cards_open_at
from leads.models import CareTask, FollowUp, GradeChange, OwnedVehicle, SpotCheck, StatusChange, Visit
from leads.spot_choices import SPOT_MOVES, SPOT_NUMBERS, SpotSubject

# Nobody answered: there is nothing a customer could confirm.
_UNANSWERED = (CareResult.NO_ANSWER, CareResult.WRONG_NUMBER)


@dataclass(frozen=True)
class Draw:
    """What is drawn from: a store's week, so many rows of one register a person."""

    store: Store
    week: Period
    subject: SpotSubject
    number: int

    @property
    def last_day(self) -> dt.datetime:
        """What stands in a table stands there on the week's last day."""
        return periods.at(self.week.last_day)


class Lot(NamedTuple):
    """A drawn row before it is written."""

    person: int
    lot: str
    row: SpotCheck


def sample_of(*, store: Store, week: Period) -> list[SpotCheck]:
    """The rows of all five registers, not written yet; a register with the policy 0 is left out."""
    moment = periods.now()
    found: list[SpotCheck] = []
    for subject, rows_of in _REGISTERS.items():
        number = int(policy(SPOT_NUMBERS[subject], store, week.start))
        lots = rows_of(Draw(store, week, subject, number)) if number else []
        found += [lot.row for lot in lots]
    for row in found:
        row.store, row.week, row.sampled_at = store, week.start, moment
    _grade(found, week)
    return found


def _drawn(ask: Draw, rows: QuerySet[Any], person: str | Coalesce, *columns: str, key: str = "pk") -> list[Any]:
    """(person, lot, *columns) of the rows with each person's first lots."""
    seed = Value(f":{ask.store.pk}:{ask.week.start}:{ask.subject.value}")
    rows = rows.order_by().annotate(
        spot_person=F(person) if isinstance(person, str) else person,
        spot_lot=MD5(Concat(Cast(key, CharField()), seed, output_field=CharField())),
    )
    place = Window(RowNumber(), partition_by=[F("spot_person")], order_by=["spot_lot", "pk"])
    drawn = rows.annotate(spot_place=place).filter(spot_place__lte=ask.number, spot_person__isnull=False)
    return list(drawn.values_list("spot_person", "spot_lot", *columns))


def _firsts(ask: Draw, lots: Iterable[Lot], what: Callable[[SpotCheck], Any]) -> list[Lot]:
    """Of several draws put together each person's first ones; the same thing once, as it came first."""
    taken: dict[Any, Lot] = {}
    for lot in lots:
        taken.setdefault(what(lot.row), lot)
    people: dict[int, list[Lot]] = defaultdict(list)
    for lot in sorted(taken.values(), key=lambda one: (one.person, one.lot)):
        people[lot.person].append(lot)
    return [lot for mine in people.values() for lot in mine[: ask.number]]


def _lot(ask: Draw, person: int, lot: str, **what: Any) -> Lot:
    return Lot(person, lot, SpotCheck(subject=ask.subject, owner_id=person, **what))


def _visits(ask: Draw) -> list[Lot]:
    """来店(电)客户登记表: parties of the week who left a name; whoever only looked around cannot be called."""
    rows = Visit.objects.filter(store=ask.store, customer__no_contact=False, **ask.week.filter("visited_at"))
    answers = Coalesce("owner_id", "received_by_id", "registered_by_id")
    columns = ("pk", "team_id", "customer_id", "prospect_id", "visited_at")
    return [
        _lot(ask, person, lot, visit_id=pk, team_id=team, customer_id=customer, prospect_id=card, about_at=at)
        for person, lot, pk, team, customer, card, at in _drawn(
            ask, rows.exclude(visit_type=VisitType.INCOMPLETE), answers, *columns
        )
    ]


def _contacts(ask: Draw) -> list[Lot]:
    """意向客户级别状况表: its entries are the answered follow-ups of the week, by who wrote them."""
    rows = FollowUp.objects.filter(store=ask.store, customer__no_contact=False, **ask.week.filter("done_at"))
    columns = ("pk", "team_id", "customer_id", "prospect_id", "done_at", "grade_after")
    return [
        _lot(
            ask, person, lot, follow_up_id=pk, team_id=team, customer_id=customer, prospect_id=card, about_at=at,
            grade_then=grade,
        )
        for person, lot, pk, team, customer, card, at, grade in _drawn(
            ask, rows.exclude(outcome=FollowUpOutcome.NO_ANSWER), "done_by_id", *columns
        )
    ]  # fmt: skip


def _open_cards(ask: Draw) -> list[Lot]:
    """Cards that were open when the week ended, with their owner and state then."""
    rows = cards_open_at(ask.week.end_at, ask.store.pk).filter(customer__no_contact=False)
    return [
        _lot(
            ask, person, lot, prospect_id=pk, team_id=team, customer_id=customer, status_then=status,
            about_at=ask.last_day,
        )
        for person, lot, pk, team, customer, status in _drawn(
            ask, rows, "owner_then", "pk", "team_then", "customer_id", "status_then"
        )
    ]  # fmt: skip


def _ended_cards(ask: Draw) -> list[Lot]:
    """Cards that left the open ones in the week: ordered, lost or resting, by their last such move."""
    moves = StatusChange.objects.filter(store=ask.store, to_status__in=SPOT_MOVES, **ask.week.filter("at"))
    after = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    rows = moves.filter(
        ~Exists(moves.filter(after, prospect=OuterRef("prospect"))), prospect__customer__no_contact=False
    )
    columns = ("prospect_id", "team_id", "prospect__customer_id", "to_status", "at")
    return [
        _lot(ask, person, lot, prospect_id=card, team_id=team, customer_id=customer, status_then=status, about_at=at)
        for person, lot, card, team, customer, status, at in _drawn(ask, rows, "owner_id", *columns, key="prospect_id")
    ]


def _progress(ask: Draw) -> list[Lot]:
    """意向客户进度管控表: every card the table counts for the week, new and returned ones among the open."""
    return _firsts(ask, [*_open_cards(ask), *_ended_cards(ask)], lambda row: row.prospect_id)


def _calls(ask: Draw) -> list[Lot]:
    """Care calls of the week in which somebody was reached, by who made them."""
    rows = CareTask.objects.filter(store=ask.store, vehicle__customer__no_contact=False, **ask.week.filter("done_at"))
    columns = ("pk", "team_id", "vehicle_id", "vehicle__customer_id", "done_at")
    return [
        _lot(ask, person, lot, care_task_id=pk, team_id=team, vehicle_id=car, customer_id=customer, about_at=at)
        for person, lot, pk, team, car, customer, at in _drawn(
            ask, rows.exclude(result__in=_UNANSWERED), "done_by_id", *columns
        )
    ]


def _owners(ask: Draw) -> list[Lot]:
    """保有客户管理卡: of who called owners in the week those calls, of everybody else the cards they keep."""
    calls = _firsts(ask, _calls(ask), lambda row: row.vehicle_id)
    rows = OwnedVehicle.objects.filter(store=ask.store, delivered_on__lt=ask.week.end, customer__no_contact=False)
    rows = rows.exclude(pk__in=[lot.row.vehicle_id for lot in calls]).exclude(owner__in={lot.person for lot in calls})
    columns = ("pk", "team_id", "customer_id", "delivered_on")
    return calls + [
        _lot(ask, person, lot, vehicle_id=pk, team_id=team, customer_id=customer, about_at=periods.at(day))
        for person, lot, pk, team, customer, day in _drawn(ask, rows, "owner_id", *columns)
    ]


_REGISTERS: dict[SpotSubject, Callable[[Draw], list[Lot]]] = {
    SpotSubject.VISITS: _visits,
    SpotSubject.GRADES: _contacts,
    SpotSubject.PROGRESS: _progress,
    SpotSubject.PROSPECT_CARD: _open_cards,
    SpotSubject.OWNER_CARD: _owners,
}


def _grade(rows: list[SpotCheck], week: Period) -> None:
    """What the registers said of each card's grade when the week ended; a follow-up carries its own."""
    ungraded = [row for row in rows if row.prospect_id and not row.grade_then]
    changes = GradeChange.objects.filter(prospect__in={row.prospect_id for row in ungraded}, at__lt=week.end_at)
    last = changes.order_by("prospect_id", "-at", "-id").distinct("prospect_id")
    grades: dict[int, str] = dict(last.values_list("prospect_id", "to_grade"))
    for row in ungraded:
        row.grade_then = grades.get(row.prospect_id or 0, Grade.N)
