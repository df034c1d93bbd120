"""Reads of prospect cards: list, board, one card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from dealership.accounts.models import User
from dealership.accounts.names import shown_name
from dealership.core.errors import NotFound
from dealership.core.lookups import beside
from dealership.core.prepared import rows_of
from dealership.org.models import LeadSource, Series
from dealership.org.prepared import rows_for
from leads.choices import HELD_STATUSES, NEVER, OPEN_GRADES, OPEN_STATUSES, Grade
from leads.models import CreditShare, CustomerPhone, FollowUp, FollowUpTask, Prospect
from leads.selectors.customer import phones_beside, primary_phone, primary_phones
from leads.selectors.evaluation import with_evaluation

# What a list may be sorted by (A04). Each ends in the unique id and holds no nullable column.
ORDERINGS: dict[str, tuple[str, ...]] = {
    "next_follow_up_at": ("due", "id"),
    "-next_follow_up_at": ("-due", "-id"),
    "card_created_at": ("card_created_at", "id"),
    "-card_created_at": ("-card_created_at", "-id"),
    "-grade_since": ("-grade_since", "-id"),
}
DEFAULT_ORDERING = "next_follow_up_at"
COLUMN_SIZE = 20
COLUMNS = (Grade.N, *(grade for grade in OPEN_GRADES if grade != Grade.N))
# What a row of a page shows.
ROW = (
    *("store", "owner", "grade", "status", "next_follow_up_at", "last_contact_at", "card_created_at"),
    *("customer__name", "customer__gender", "customer__kind"),
)
# Every column of the card, and of its neighbours only what the card page and the API show.
SHOWN = (
    *(field.name for field in Prospect._meta.concrete_fields),
    *(f"customer__{name}" for name in ("name", "gender", "kind", "no_contact")),
    *("owner__name", "owner__username", "source__name", "series__name"),
)


@dataclass(frozen=True)
class Column:
    """One grade of the board: all open cards are counted, the most urgent are shown."""

    grade: Grade
    count: int
    cards: list[Prospect]


def prospect_list(*, user: Any) -> QuerySet[Prospect]:
    """Cards within reach with what a row shows; `due` sorts cards without a next step last."""
    return _shown(Prospect.objects.visible_to(user))


def _shown(rows: QuerySet[Prospect]) -> QuerySet[Prospect]:
    return _with_due(rows).select_related("customer", "owner", "source", "series").only(*SHOWN)


def _with_due(rows: QuerySet[Prospect]) -> QuerySet[Prospect]:
    return rows.annotate(due=Coalesce(F("next_follow_up_at"), Value(NEVER)))


def prospect_rows(*, user: Any) -> QuerySet[Prospect]:
    """Cards within reach for the pages: with `phone`, `seller`, `source_name`, `series_name` and `due`."""
    rows = _with_due(Prospect.objects.visible_to(user)).select_related("customer").only(*ROW)
    return rows.annotate(
        phone=primary_phone(),
        seller=beside(User, "owner", shown_name()),
        source_name=beside(LeadSource, "source"),
        series_name=beside(Series, "series"),
    )


def prospect_get(*, user: Any, prospect_id: int) -> Prospect:
    """One card within reach with its customer and phones; 404 otherwise."""
    return _found(list(_one(prospect_list(user=user).prefetch_related(primary_phones()), prospect_id)))


def prospect_attended(*, user: Any, prospect_id: int) -> Prospect:
    """One card within reach or stood in for today, to read and to log a follow-up, with its evaluation; or 404."""
    card: Any = _found(rows_for(user, _attended, ids=[prospect_id]))
    card.customer.shown_phones = [CustomerPhone(customer=card.customer, **phone) for phone in card.phones]
    return card


def _attended(user: Any, ids: Sequence[int]) -> QuerySet[Prospect]:
    shares = CreditShare.objects.filter(prospect=OuterRef("pk")).order_by("pk")
    rows = _shown(Prospect.objects.attended_by(user)).annotate(shared_by=ArraySubquery(shares.values("user__name")))
    return _one(with_evaluation(rows).annotate(phones=phones_beside()), ids[0])


def prospect_reached(*, user: Any, prospect_id: int) -> Prospect:
    """`prospect_attended` as a write needs it to answer 404 or 403: nothing around the card is read."""
    return _found(rows_for(user, _reached, ids=[prospect_id]))


def _reached(user: Any, ids: Sequence[int]) -> QuerySet[Prospect]:
    return Prospect.objects.attended_by(user).only("store", "customer", "version").filter(pk=ids[0])


def _one(rows: QuerySet[Prospect], prospect_id: int) -> QuerySet[Prospect]:
    rows = rows.select_related("customer", "owner", "source", "series", "store")
    return rows.only(*SHOWN, "store__short_name", "store__group", "store__brand").filter(pk=prospect_id)


def _found(cards: list[Prospect]) -> Prospect:
    if not cards:
        raise NotFound
    return cards[0]


def prospect_board(rows: QuerySet[Any]) -> list[Column]:
    """Open cards by grade: N, H, A, B, C. `rows` are filtered `prospect_rows`; two statements in all."""
    return _columns(_totals(rows), _most_urgent(rows))


def whole_board(*, user: Any) -> list[Column]:
    """`prospect_board` of all cards within reach, as it is opened first: both statements are kept."""
    return _columns(rows_for(user, _all_totals), rows_for(user, _all_urgent))


def _columns(totals: Iterable[tuple[str, int]], cards: Iterable[Prospect]) -> list[Column]:
    counts, shown = dict(totals), list(cards)
    return [Column(grade, counts.get(grade, 0), [card for card in shown if card.grade == grade]) for grade in COLUMNS]


def _totals(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    counted = rows.filter(status__in=OPEN_STATUSES).order_by().values("grade").annotate(total=Count("pk"))
    return counted.values_list("grade", "total")


def _most_urgent(rows: QuerySet[Any]) -> QuerySet[Any]:
    rows = rows.filter(status__in=OPEN_STATUSES)
    first, *others = [
        rows.filter(grade=grade).order_by("due", "id").values_list("pk", flat=True)[:COLUMN_SIZE]  # type: ignore[misc]
        for grade in COLUMNS
    ]
    return rows.filter(pk__in=first.union(*others, all=True)).order_by("due", "id")  # type: ignore[misc]


def _all_totals(user: Any, _ids: Sequence[int]) -> QuerySet[Any, Any]:
    return _totals(prospect_rows(user=user))


def _all_urgent(user: Any, _ids: Sequence[int]) -> QuerySet[Any]:
    return _most_urgent(prospect_rows(user=user))


def open_tasks(*, user: Any, prospect: Prospect) -> list[FollowUpTask]:
    """The card's open tasks, nearest first. The caller has checked the card's reach."""
    return rows_of(_open_tasks, _open_tasks, [prospect.pk])


def _open_tasks(ids: Sequence[int]) -> QuerySet[FollowUpTask]:
    tasks = FollowUpTask.objects.open().filter(prospect_id=ids[0]).select_related("owner")
    return tasks.order_by("due_at", "id")


def follow_up_list(*, user: Any, prospect: Prospect) -> QuerySet[FollowUp]:
    """Contacts of a card the reader reaches."""
    return FollowUp.objects.filter(prospect=prospect).select_related("done_by")


def follow_up_get(*, follow_up_id: int) -> FollowUp:
    """The contact just logged (for an idempotent answer)."""
    return FollowUp.objects.select_related("done_by", "prospect").get(pk=follow_up_id)


def held_count(person: Any) -> int:
    """How many live and resting cards a person owns in all stores: an account with some is not closed."""
    return Prospect.objects.filter(owner=person, status__in=HELD_STATUSES).count()
