"""Many customers with their cards at once, with the author and the dates they had in the old list.

The rows are those of the single services: customer, number, card, first status, first grade, first task. A card opens
as 跟进中 and nothing else: there is no way to 战败 or 休眠 here (§4.2).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from dealership.core import periods
from dealership.core.copying import copy_in, copy_plain
from dealership.core.services import service
from dealership.core.text import clean_text, pinyin_of
from dealership.notices.services import notify
from dealership.org.models import LeadSource, Series, Store
from dealership.org.reach import require, team_id_in
from leads.choices import CardChannel, ProspectStatus, TaskKind
from leads.models import Customer, CustomerPhone, FollowUpTask, GradeChange, Prospect, StatusChange

CHUNK = 500
TRIES = 3


@dataclass(frozen=True)
class CustomerRow:
    """A sound row: the number is E.164, owner and author are people of the store."""

    phone: str
    name: str
    owner: Any
    author: Any
    grade: str
    card_at: dt.datetime
    next_follow_up_at: dt.datetime
    gender: str = ""
    source: LeadSource | None = None
    series: Series | None = None
    last_contact_at: dt.datetime | None = None
    note: str = ""


@service
def customers_take_in(
    *, by: Any, store: Store, rows: Sequence[CustomerRow], after_chunk: Callable[[int], None] | None = None
) -> list[Prospect | None]:
    """Customer and card for every row in order; None where the number has a file in the store by now.

    `after_chunk` hears how many rows are done and may stop the whole by raising. Written into an open month only.
    """
    require(by, "customer.import", store.pk)
    found: list[Prospect | None] = []
    owners = {row.owner.pk: row.owner for row in rows}
    teams = {pk: team_id_in(owner, store.pk) for pk, owner in owners.items()}
    for start in range(0, len(rows), CHUNK):
        found += _chunk(by, store, rows[start : start + CHUNK], teams)
        if after_chunk:
            after_chunk(len(found))
    _tell(by, [card for card in found if card is not None], owners)
    return found


def _chunk(by: Any, store: Store, rows: Sequence[CustomerRow], teams: dict[int, int | None]) -> list[Prospect | None]:
    """Somebody may enter one of the numbers meanwhile: then the chunk is looked at again."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return _write(by, store, rows, teams)
        except IntegrityError:
            if attempt == TRIES:
                raise
    raise AssertionError


def _write(by: Any, store: Store, rows: Sequence[CustomerRow], teams: dict[int, int | None]) -> list[Prospect | None]:
    numbers = CustomerPhone.objects.filter(store=store, number__in=[row.phone for row in rows])
    known = set(numbers.values_list("number", flat=True))
    fresh: dict[str, CustomerRow] = {}
    for row in rows:
        if row.phone not in known:
            fresh.setdefault(row.phone, row)
    people = copy_in(Customer, (_customer(store, row, teams) for row in fresh.values()))
    pairs = list(zip(fresh.values(), people, strict=True))
    copy_plain(CustomerPhone, (_phone(customer, row) for row, customer in pairs))
    cards = copy_in(Prospect, (_card(customer, row) for row, customer in pairs))
    events = [(card, _event(card, row)) for row, card in zip(fresh.values(), cards, strict=True)]
    copy_plain(StatusChange, ({"from_status": "", "to_status": card.status, **told} for card, told in events))
    copy_plain(GradeChange, ({"from_grade": "", "to_grade": card.grade, **told} for card, told in events))
    moment = periods.now()
    copy_plain(FollowUpTask, (_task(card, row, moment) for row, card in zip(fresh.values(), cards, strict=True)))
    left = dict(zip(fresh, cards, strict=True))
    return [left.pop(row.phone, None) for row in rows]


# By their keys: to set a related object of each of thousands of rows takes longer than to write them.
def _customer(store: Store, row: CustomerRow, teams: dict[int, int | None]) -> Customer:
    name = clean_text(row.name)
    return Customer(
        store_id=store.pk, team_id=teams[row.owner.pk], owner_id=row.owner.pk, name=name, name_pinyin=pinyin_of(name),
        gender=row.gender, created_by_id=row.author.pk,
    )  # fmt: skip


def _phone(customer: Customer, row: CustomerRow) -> dict[str, Any]:
    return {
        "store_id": customer.store_id, "customer_id": customer.pk, "number": row.phone, "last4": row.phone[-4:],
    }  # fmt: skip


def _card(customer: Customer, row: CustomerRow) -> Prospect:
    return Prospect(
        store_id=customer.store_id, team_id=customer.team_id, owner_id=row.owner.pk, customer_id=customer.pk,
        grade=row.grade, grade_since=row.card_at, status=ProspectStatus.ACTIVE, card_created_at=row.card_at,
        card_channel=CardChannel.OTHER, source_id=row.source.pk if row.source else None,
        series_id=row.series.pk if row.series else None, last_contact_at=row.last_contact_at,
        next_follow_up_at=row.next_follow_up_at, key_concern=clean_text(row.note),
    )  # fmt: skip


def _event(card: Prospect, row: CustomerRow) -> dict[str, Any]:
    """What happened then, by whom it was."""
    return {
        "prospect_id": card.pk, "store_id": card.store_id, "team_id": card.team_id, "owner_id": row.owner.pk,
        "at": row.card_at, "by_id": row.author.pk, "reason": "批量导入",
    }  # fmt: skip


def _task(card: Prospect, row: CustomerRow, moment: dt.datetime) -> dict[str, Any]:
    kind, due = TaskKind.REGULAR if row.last_contact_at else TaskKind.FIRST, row.next_follow_up_at
    return {
        "store_id": card.store_id, "team_id": card.team_id, "owner_id": row.owner.pk, "prospect_id": card.pk,
        "kind": kind, "due_at": due, "original_due_at": due, "created_at": moment,
    }  # fmt: skip


def _tell(by: Any, cards: list[Prospect], owners: dict[int, Any]) -> None:
    """One notice per owner, without personal data."""
    first: dict[int, Prospect] = {}
    for card in cards:
        first.setdefault(card.owner_id, card)
    for owner_id, count in Counter(card.owner_id for card in cards).items():
        if owner_id != by.pk:
            notify(
                to=[owners[owner_id]], kind="customer.imported", key=f"prospect:{first[owner_id].pk}:imported",
                text=f"{by} 为您导入了 {count} 位意向客户，请按下次跟进时间联系。", url=reverse("leads:prospect_list"),
            )  # fmt: skip
