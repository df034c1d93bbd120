"""Reads of targets."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as factory
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.money import ZERO, ratio, show_ratio
from dealership.core.periods import Period
from dealership.core.scoping import reach_for
from dealership.org.calendar import time_progress
from dealership.org.models import Store
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from sales.choices import MONEY_TARGETS, TargetKind
from sales.models import Target


def target_list(*, user: User) -> QuerySet[Target]:
    """Targets within reach."""
    return Target.objects.visible_to(user).select_related("person", "store", "set_by")


def target_get(*, user: User, target_id: int) -> Target:
    """One target within reach."""
    row = target_list(user=user).filter(pk=target_id).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class Sum:
    """The store's target: the sum of its people's."""

    value: Decimal


@dataclass
class Cell:
    """Target and actual of one person (or of the store) and kind."""

    kind: str
    target: Target | Sum | None
    actual: Decimal
    progress: Decimal | None = None
    field: Any = None

    @property
    def label(self) -> str:
        return str(TargetKind(self.kind).label)

    @property
    def is_money(self) -> bool:
        return self.kind in MONEY_TARGETS

    @property
    def attainment(self) -> Decimal | None:
        return ratio(self.actual, self.target.value) if self.target else None

    @property
    def gap(self) -> str:
        """Attainment less time progress, in percentage points: `+3.2` ahead, `-4.0` behind; empty when unknown."""
        if self.attainment is None or self.progress is None:
            return ""
        points = ((self.attainment - self.progress) * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        return f"{points:+}"

    @property
    def note(self) -> str:
        """Attainment and pace in words; an em dash without a target."""
        if not self.gap:
            return show_ratio(self.attainment)
        word = "落后" if self.gap.startswith("-") else "领先"
        return f"达成 {show_ratio(self.attainment)} · {word}进度 {self.gap.lstrip('+-')}"


@dataclass
class Line:
    """One person's row of the sheet."""

    person: User
    cells: list[Cell] = factory(default_factory=list)


@dataclass
class Sheet:
    """Person × kind with sums; the store's target is the sum of its people (R-TGT)."""

    month: Period
    lines: list[Line]
    totals: list[Cell]
    progress: Decimal | None


def target_people(*, user: User, store: Store, month: Period) -> list[User]:
    """Who sells in the store in that month, as far as the reader may see their targets."""
    day = min(max(periods.today(), month.start), month.last_day)
    people = list(people_in([store.pk], SELLING_ROLES, on=day))
    reach = reach_for(user, "target")
    if store.pk in reach.store_ids or store.group_id in reach.group_ids:
        return people
    rows = Target.objects.visible_to(user).filter(store=store, month=month.start)
    seen = {user.pk, *rows.values_list("person_id", flat=True)}
    return [person for person in people if person.pk in seen]


def target_sheet(*, user: User, store: Store, month: Period, actuals: dict[tuple[int | None, str], Decimal]) -> Sheet:
    """The sheet of one store and month; `actuals` come from the KPIs, by (person, kind)."""
    passed, whole = time_progress(month, periods.today(), store.pk)
    progress = ratio(passed, whole)
    rows = target_list(user=user).filter(store=store, month=month.start)
    known: dict[Any, Target] = {(row.person_id, row.kind): row for row in rows}
    lines = [
        Line(
            person,
            [
                Cell(kind, known.get((person.pk, kind)), actuals.get((person.pk, kind), ZERO), progress)
                for kind in TargetKind.values
            ],
        )
        for person in target_people(user=user, store=store, month=month)
    ]
    totals = []
    for index, kind in enumerate(TargetKind.values):
        column = [line.cells[index] for line in lines]
        values = [cell.target.value for cell in column if cell.target]
        total = Sum(sum(values, ZERO)) if values else None
        totals.append(Cell(kind, total, sum((cell.actual for cell in column), ZERO), progress))
    return Sheet(month, lines, totals, progress)
