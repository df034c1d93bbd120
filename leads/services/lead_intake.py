"""Leads come in by hand, by the API or many at once: one road, one dedupe (§4.1).

A number that is open already stays one lead; a number with a file in the store becomes 已有档案 for its owner; a
file in another store of the group is a flag without a name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.copying import copy_in
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.org.models import LeadSource, Series, Store
from dealership.org.reach import people_in, require
from dealership.org.roles import SELLING_ROLES
from leads.choices import OPEN_LEAD_STATES, AssignedHow, LeadEvent, LeadState
from leads.models import Customer, CustomerPhone, Lead, LeadChange
from leads.selectors.lead import live_cards_of
from leads.services import lead_state
from leads.services.customer import captured_number
from leads.services.lead_assign import check_owner, distribute, give_new

CHUNK = 500


class Outcome(StrEnum):
    """What became of one row."""

    CREATED = "created"  # a new lead
    MERGED = "merged"  # the store has a file: told to its owner
    REPEATED = "repeated"  # an open lead has this number already
    REPLAYED = "replayed"  # this external id was taken before
    IN_FILE = "in_file"  # the same number stands higher up in the same batch
    REFUSED = "refused"


@dataclass(frozen=True)
class LeadRow:
    """One lead as told by a form, a platform or a file."""

    phone: str
    name: str = ""
    source: LeadSource | None = None
    series: Series | None = None
    note: str = ""
    received_at: dt.datetime | None = None
    external_id: str = ""


@dataclass
class Taken:
    """What became of the row at `position` (from 0). `error` says why it was refused."""

    position: int
    outcome: Outcome
    lead: Lead | None = None
    error: DomainError | None = None

    @property
    def lead_id(self) -> int:
        """Of a row that was not refused."""
        if self.lead is None:
            raise LookupError(self.position)
        return int(self.lead.pk)

    @property
    def message(self) -> str:
        return self.error.message if self.error else ""


@dataclass
class _Known:
    """What the database knows about the numbers and external ids of one chunk."""

    open: dict[str, Lead] = field(default_factory=dict)
    merged_today: dict[str, Lead] = field(default_factory=dict)
    external: dict[tuple[int, str], Lead] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)


@service
def leads_take_in(
    *,
    by: Any,
    store: Store,
    rows: Sequence[LeadRow],
    owner: Any = None,
    distribute_new: bool = True,
    after_chunk: Callable[[int], None] | None = None,
) -> list[Taken]:
    """Take in many leads of one store; every row gets its answer in order, a bad one stops nothing.

    New ones go to `owner` when given, else into the round; what nobody can take waits in the pool. `after_chunk`
    hears how many rows are done and may stop the whole by raising.
    """
    require(by, "lead.create", store.pk)
    if owner is not None:
        if owner.pk != by.pk:
            require(by, "lead.assign", store.pk)
        check_owner(store, owner, "owner")
    found: list[Taken] = []
    first = _first_positions(rows)
    for start in range(0, len(rows), CHUNK):
        found += _take_chunk(by, store, rows[start : start + CHUNK], start, first)
        if after_chunk:
            after_chunk(len(found))
    fresh = [taken.lead for taken in found if taken.outcome == Outcome.CREATED and taken.lead is not None]
    if owner is not None and fresh:
        give_new(fresh, owner, AssignedHow.OWN if owner.pk == by.pk else AssignedHow.MANUAL, by=by)
    elif distribute_new and fresh:
        distribute(store, fresh, by=by)
    counts = {outcome.value: sum(taken.outcome == outcome for taken in found) for outcome in Outcome}
    record(by=by, action="lead.take_in", target=store, changes={name: n for name, n in counts.items() if n})
    return found


@service
def lead_create(*, by: Any, store: Store, row: LeadRow, owner: Any = None) -> Taken:
    """One lead by hand or by the API. The same rules; a row that cannot be taken is refused with its sentence."""
    taken = leads_take_in(by=by, store=store, rows=[row], owner=owner)[0]
    if taken.error is not None:
        raise taken.error
    return taken


def _first_positions(rows: Sequence[LeadRow]) -> dict[str, int]:
    """The first row of each number in the batch; later ones are doubles."""
    first: dict[str, int] = {}
    for position, row in enumerate(rows):
        try:
            first.setdefault(captured_number(row.phone), position)
        except DomainError:
            continue
    return first


def _take_chunk(by: Any, store: Store, rows: Sequence[LeadRow], start: int, first: dict[str, int]) -> list[Taken]:
    moment = periods.now()
    found: list[Taken] = []
    wanted: list[tuple[Taken, Lead]] = []
    for position, row in enumerate(rows, start):
        taken = Taken(position, Outcome.REFUSED)
        found.append(taken)
        try:
            lead = _checked(by, store, row, moment)
        except DomainError as error:
            taken.error = error
            continue
        if first[lead.phone] != position:
            taken.outcome = Outcome.IN_FILE
            text = f"与第 {first[lead.phone] + 1} 行的号码相同，已只收一条。"
            taken.error = DomainError("in_file", text, {"phone": [text]})
            continue
        wanted.append((taken, lead))
    known = _known(store, [lead for _, lead in wanted], moment)
    fresh = [(taken, lead) for taken, lead in wanted if not _settled(by, taken, lead, known, moment)]
    _insert(by, fresh, moment)
    return found


def _checked(by: Any, store: Store, row: LeadRow, moment: dt.datetime) -> Lead:
    """The lead a row would be; refuses what cannot be."""
    name, note = clean_text(row.name), clean_text(row.note)
    for field_name, text, top, label in (
        ("name", name, 40, "姓名"), ("note", note, 500, "备注"), ("external_id", row.external_id, 60, "来源编号"),
    ):  # fmt: skip
        if len(text) > top:
            raise lead_state.refused("too_long", f"{label}最多 {top} 字。", field_name)
    received = row.received_at or moment
    if received > moment:
        raise lead_state.refused("in_future", "收到时间不能晚于现在。", "received_at")
    if row.external_id and row.source is None:
        raise lead_state.refused("source_missing", "有来源编号时请同时选择来源。", "source")
    if row.source is not None and row.source.group_id != store.group_id:
        raise lead_state.refused("bad_source", "来源无效，请重新选择。", "source")
    if row.series is not None and row.series.brand_id != store.brand_id:
        raise lead_state.refused("bad_series", "车系无效，请重新选择。", "series")
    return Lead(
        store=store, source=row.source, external_id=row.external_id, name=name, phone=captured_number(row.phone),
        series=row.series, note=note, received_at=received, created_by=by, state="",
    )  # fmt: skip


def _known(store: Store, leads: list[Lead], moment: dt.datetime) -> _Known:
    """Five statements for a chunk, whatever its size. Known customers are locked: one 已有档案 a day and number."""
    numbers = [lead.phone for lead in leads]
    known = _Known()
    mine = Lead.objects.filter(store=store, phone__in=numbers).select_related("owner")
    known.open = {lead.phone: lead for lead in mine.filter(state__in=OPEN_LEAD_STATES)}
    phones = CustomerPhone.objects.filter(store=store, number__in=numbers).values_list("number", "customer_id")
    by_number = dict(phones)
    rows = Customer.objects.filter(pk__in=set(by_number.values())).select_related("owner")
    customers = {row.pk: row for row in rows.order_by("pk").select_for_update(of=("self",))}
    known.customers = {number: customers[pk] for number, pk in by_number.items()}
    today = periods.Period.day(periods.local_date(moment)).filter("processed_at")
    known.merged_today = {lead.phone: lead for lead in mine.filter(state=LeadState.MERGED, **today)}
    others = CustomerPhone.objects.filter(number__in=numbers, store__group_id=store.group_id).exclude(store=store)
    known.elsewhere = set(others.values_list("number", flat=True))
    ids = [lead.external_id for lead in leads if lead.external_id]
    if ids:
        taken = Lead.objects.filter(external_id__in=ids, source__group_id=store.group_id).select_related("owner")
        known.external = {(lead.source_id, lead.external_id): lead for lead in taken if lead.source_id}
    return known


def _settled(by: Any, taken: Taken, lead: Lead, known: _Known, moment: dt.datetime) -> bool:
    """Is the row answered by what is there already? Else it is new."""
    before = known.external.get((lead.source_id or 0, lead.external_id)) if lead.external_id else None
    if before is not None:
        _replay(taken, lead, before)
        return True
    lead.is_elsewhere = lead.phone in known.elsewhere
    if lead.phone in known.open:
        repeat(by, taken, known.open[lead.phone], lead, moment)
        return True
    if lead.phone in known.merged_today:
        taken.outcome, taken.lead = Outcome.REPEATED, known.merged_today[lead.phone]
        return True
    if lead.phone in known.customers:
        _merge(by, taken, lead, known.customers[lead.phone], moment)
        return True
    return False


def _replay(taken: Taken, lead: Lead, before: Lead) -> None:
    if before.store_id != lead.store_id:
        text = "该来源编号已由集团其他门店接收，请核对后再提交。"
        taken.error = Conflict("external_elsewhere", text, {"external_id": [text]})
        return
    taken.outcome, taken.lead = Outcome.REPLAYED, before


def repeat(by: Any, taken: Taken, before: Lead, told: Lead, moment: dt.datetime) -> None:
    """The number is open already: one lead stays, its first source too; history and owner are told."""
    taken.outcome, taken.lead = Outcome.REPEATED, before
    source = str(told.source or "手工")
    row = lead_state.change_row(
        before, LeadEvent.REPEAT, before.state, at=moment, by=by, from_owner_id=before.owner_id,
        reason=f"来源：{source} {told.note}".strip(),
    )  # fmt: skip
    row.save()
    if before.owner is not None and before.owner.pk != by.pk:
        notify(
            to=[before.owner], kind="lead.repeated", key=f"lead:{before.pk}:repeat:{row.pk}",
            text="您名下一条线索再次留资，请尽快联系。", url=lead_state.url_of(before),
        )  # fmt: skip


def _merge(by: Any, taken: Taken, lead: Lead, customer: Customer, moment: dt.datetime) -> None:
    """已有档案: counted as processed, for the customer's owner; the customer's timeline shows it."""
    before = lead_state.move(lead, LeadEvent.MERGE)
    lead.owner, lead.team_id, lead.customer = customer.owner, customer.team_id, customer
    lead.prospect = live_cards_of([customer.pk]).get(customer.pk)
    lead.first_assigned_at = lead.assigned_at = lead.processed_at = moment
    try:
        with transaction.atomic():
            lead.save()
    except IntegrityError:
        _settle_after_race(by, taken, lead, moment)
        return
    lead_state.change_row(lead, LeadEvent.MERGE, before, at=moment, by=by, from_owner_id=None).save()
    taken.outcome, taken.lead = Outcome.MERGED, lead
    tell_merged(lead, by)


def tell_merged(lead: Lead, by: Any) -> None:
    """The owner of the file is told, when they no longer sell here the showroom manager; no personal data (R-OWN)."""
    customer = lead.customer
    if customer is None or customer.owner is None or customer.owner_id == by.pk:
        return
    url = reverse("leads:customer_detail", args=[customer.pk])
    told = {"kind": "lead.merged", "key": f"lead:{lead.pk}:merged", "url": url}
    if people_in([lead.store_id], SELLING_ROLES).filter(pk=customer.owner.pk).exists():
        notify(to=[customer.owner], text="您名下一位客户通过线索再次留资，请尽快联系。", **told)
    else:
        text = f"{customer.owner} 名下一位老客户通过线索再次留资，该同事已不在本店销售岗位，请安排同事跟进。"
        notify(to=people_in([lead.store_id], [Role.SHOWROOM_MANAGER]), text=text, **told)


def _insert(by: Any, fresh: list[tuple[Taken, Lead]], moment: dt.datetime) -> None:
    """New leads in two statements; when somebody was faster with a number, one by one."""
    for _taken, lead in fresh:
        lead_state.move(lead, LeadEvent.TAKE_IN)
    try:
        with transaction.atomic():
            copy_in(Lead, (lead for _, lead in fresh))
    except IntegrityError:
        for taken, lead in fresh:
            _insert_one(by, taken, lead, moment)
    else:
        for taken, lead in fresh:
            taken.outcome, taken.lead = Outcome.CREATED, lead
    made = [taken.lead for taken, _ in fresh if taken.outcome == Outcome.CREATED and taken.lead is not None]
    copy_in(LeadChange, _opened(made, moment, by))


def _opened(leads: list[Lead], moment: dt.datetime, by: Any) -> Iterable[LeadChange]:
    for lead in leads:
        reason = "集团其他门店已有档案" if lead.is_elsewhere else ""
        yield lead_state.change_row(
            lead, LeadEvent.TAKE_IN, "", at=moment, by=by, from_owner_id=None, reason=reason
        )  # fmt: skip


def _insert_one(by: Any, taken: Taken, lead: Lead, moment: dt.datetime) -> None:
    lead.pk = None
    try:
        with transaction.atomic():
            lead.save(force_insert=True)
    except IntegrityError:
        _settle_after_race(by, taken, lead, moment)
    else:
        taken.outcome, taken.lead = Outcome.CREATED, lead


def _settle_after_race(by: Any, taken: Taken, lead: Lead, moment: dt.datetime) -> None:
    """Somebody entered the number or external id a moment before: theirs is the lead."""
    known = _known(lead.store, [lead], moment)
    if not _settled(by, taken, lead, known, moment):
        raise Conflict("busy", "其他同事正在录入同一号码，请稍候几秒再提交。")
