"""Figures' own rows broken down by a column that facts do not keep: source, stock age; and names for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from dealership.accounts.models import User
from dealership.core.kpi import Scope
from dealership.core.periods import Period
from dealership.core.prepared import Question, rows_of
from dealership.core.scoping import reach_for
from dealership.org.prepared import question_for
from leads.kpis import CARDS_CREATED
from sales.kpis import STOCK_UNITS

NO_SOURCE = "未填写"


class Source(NamedTuple):
    """Cards of one first source; no id when none was given."""

    id: int | None
    name: str
    cards: int


def both_asked(
    *, reader: Any, store_id: int, cards: Period, stock: Period, person_id: int | None = None
) -> list[Question]:
    """What `cards_by_source` and `stock_ages` ask, to be asked ahead by a page that shows both."""
    asked = [_sources_asked(reader, store_id, cards, person_id)]
    if not reach_for(reader, "vehicle").is_empty:
        asked.append(_ages_asked(reader, store_id, stock))
    return asked


def cards_by_source(*, reader: Any, store_id: int, period: Period, person_id: int | None = None) -> list[Source]:
    """New cards of the period by first source, biggest first."""
    found = _sources_asked(reader, store_id, period, person_id).rows()
    return [Source(pk, name or NO_SOURCE, n) for pk, name, n in found]


def _sources_asked(reader: Any, store_id: int, period: Period, person_id: int | None) -> Question:
    ids = [store_id] if person_id is None else [store_id, person_id]
    return question_for(reader, _by_source, period, ids=ids)


def _by_source(reader: Any, ids: Sequence[int], period: Period) -> QuerySet[Any, Any]:
    scope = Scope((ids[0],), person_id=ids[1] if len(ids) > 1 else None)
    rows = CARDS_CREATED.rows_in(scope, period, reader).order_by()
    found = rows.values_list("prospect__source", "prospect__source__name").annotate(n=Count("pk"))
    return found.order_by("-n", "prospect__source__name")


def stock_ages(*, reader: Any, store_id: int, period: Period) -> list[tuple[int, int]] | None:
    """(age in days, cars) of the stock; None for readers who do not reach vehicles."""
    if reach_for(reader, "vehicle").is_empty:
        return None
    return _ages_asked(reader, store_id, period).rows()


def _ages_asked(reader: Any, store_id: int, period: Period) -> Question:
    return question_for(reader, _by_age, period, ids=[store_id])


def _by_age(reader: Any, ids: Sequence[int], period: Period) -> QuerySet[Any, Any]:
    rows = STOCK_UNITS.numerator[0].rows_in(Scope((ids[0],)), period, reader).order_by()
    return rows.values_list("age_days").annotate(n=Count("pk"))


def people_names(ids: Iterable[int]) -> dict[int, str]:
    """Names of people whose figures are already within the reader's reach."""
    wanted = list(ids)
    return dict(rows_of((_named, len(wanted)), _named, wanted)) if wanted else {}


def _named(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return User.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "name")
