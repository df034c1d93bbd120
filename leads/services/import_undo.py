"""Taking an import back: what nobody has worked on goes, the rest stays and is listed; the audit keeps both.

This is the one place where histories (`StatusChange`, `GradeChange`, `LeadChange`) are deleted: those that the import
itself wrote, of rows nobody touched, within the hours of the policy. The field history of the rows (`…event`) stays.
"""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from pghistory.models import Event

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core import periods
from dealership.core.copying import among
from dealership.core.errors import DomainError
from dealership.core.services import lock, service
from dealership.jobs.runner import JobRun
from dealership.org.models import ClosedMonth
from dealership.org.reach import require
from leads.choices import ImportState, LeadEvent, LeadState
from leads.models import (
    Customer,
    CustomerPhone,
    FollowUpTask,
    GradeChange,
    ImportBatch,
    ImportRow,
    Lead,
    LeadAssignment,
    LeadChange,
    Prospect,
    StatusChange,
)
from leads.selectors.imports import act_of

UNTOUCHED = (LeadState.NEW, LeadState.ASSIGNED, LeadState.RECYCLED, LeadState.MERGED)
GONE = "已撤销"
WORKED_ON, CLOSED = "保留：导入后已有人处理", "保留：所在月份已关账"
# What the import itself wrote beside a lead, a card or a customer: (model, foreign key).
MADE_WITH_IT = {
    (LeadChange, "lead"), (LeadAssignment, "lead"), (ImportRow, "lead"),
    (StatusChange, "prospect"), (GradeChange, "prospect"), (FollowUpTask, "prospect"), (ImportRow, "prospect"),
    (CustomerPhone, "customer"), (Prospect, "customer"), (ImportRow, "customer"),
}  # fmt: skip


def import_take_back(run: JobRun) -> None:
    """Undo one import; a second run finds it done."""
    batch = ImportBatch.objects.get(pk=int(run.payload["batch"]))
    if batch.state == ImportState.CONFIRMED:
        run.progress(0, batch.rows_made, "正在撤销")
        by = User.objects.get(pk=int(run.payload["by"]))
        batch = _undone(by=by, batch_id=batch.pk, run=run)
    run.progress(batch.rows_made, batch.rows_made, f"已撤销 {batch.rows_undone} 行，保留 {batch.rows_kept} 行")


@service
def _undone(*, by: User, batch_id: int, run: JobRun) -> ImportBatch:
    batch = lock(ImportBatch.objects.all(), batch_id)
    require(by, act_of(batch.kind), batch.store_id)
    if batch.state != ImportState.CONFIRMED:
        raise DomainError("not_confirmed", f"该导入当前为“{batch.get_state_display()}”，不能撤销。")
    with pgtrigger.ignore(*(f"leads.{name}:append_only" for name in ("LeadChange", "StatusChange", "GradeChange"))):
        leads = _take_leads(batch)
        run.stop_if_asked()
        cards = _take_customers(batch)
    run.stop_if_asked()
    batch.rows_undone, batch.rows_kept = leads[0] + cards[0], leads[1] + cards[1]
    batch.state, batch.undone_by, batch.undone_at = ImportState.UNDONE, by, periods.now()
    batch.touch()
    batch.save()
    counts = {"undone": batch.rows_undone, "kept": batch.rows_kept}
    record(by=by, action="import.undo", target=batch, changes={"kind": batch.kind, **counts})
    return batch


def _take_leads(batch: ImportBatch) -> tuple[int, int]:
    """(gone, kept) of the leads this import made."""
    rows = ImportRow.objects.filter(batch=batch, lead__isnull=False)
    ids = set(rows.values_list("lead_id", flat=True))
    locked = Lead.objects.select_for_update(of=("self",)).filter(pk__in=among(ids)).order_by("pk")
    free = {pk for pk, state in locked.values_list("pk", "state") if state in UNTOUCHED}
    later = Q(by__isnull=False, at__gt=batch.confirmed_at) | Q(event=LeadEvent.REPEAT)
    free -= set(LeadChange.objects.filter(later, lead_id__in=among(free)).values_list("lead_id", flat=True))
    free -= referenced(Lead, free)
    _answer(rows.filter(lead_id__in=among(ids - free)), WORKED_ON)
    _answer(rows.filter(lead_id__in=among(free)), GONE, lead=None)
    for history in (LeadChange, LeadAssignment):
        remove(history, "lead_id", free)
    remove(Lead, "pk", free)
    return len(free), len(ids - free)


def _take_customers(batch: ImportBatch) -> tuple[int, int]:
    """(gone, kept) of the customers and cards this import made: both go, or both stay."""
    rows = ImportRow.objects.filter(batch=batch, prospect__isnull=False, customer__isnull=False)
    pairs = dict(rows.values_list("prospect_id", "customer_id"))
    free, closed = _untouched(batch, pairs)
    _answer(rows.exclude(prospect_id__in=among(free | closed)), WORKED_ON)
    _answer(rows.filter(prospect_id__in=among(closed)), CLOSED)
    _answer(rows.filter(prospect_id__in=among(free)), GONE, prospect=None, customer=None)
    for history in (StatusChange, GradeChange, FollowUpTask):
        remove(history, "prospect_id", free)
    remove(Prospect, "pk", free)
    people = {pairs[pk] for pk in free}
    remove(CustomerPhone, "customer_id", people)
    remove(Customer, "pk", people)
    return len(free), len(pairs) - len(free)


def _untouched(batch: ImportBatch, pairs: dict[int, int]) -> tuple[set[int], set[int]]:
    """The cards nobody has worked on: those that may go, and those whose month is closed.

    Cards and customers are locked: what would point at one of them from now on waits, and is refused when it is gone.
    """
    cards = Prospect.objects.select_for_update(of=("self",)).filter(pk__in=among(pairs)).order_by("pk")
    found = list(cards.values_list("pk", "version", "card_created_at"))
    people = Customer.objects.select_for_update(of=("self",)).filter(pk__in=among(pairs.values())).order_by("pk")
    versions = dict(people.values_list("pk", "version"))
    free = {pk for pk, version, _at in found if version == versions[pairs[pk]] == 1}
    free -= referenced(Prospect, free)
    theirs = {pairs[pk] for pk in free}
    used = referenced(Customer, theirs) | _with_more(theirs)
    free -= {pk for pk in free if pairs[pk] in used}
    months = set(ClosedMonth.objects.filter(store_id=batch.store_id).values_list("month", flat=True))
    closed = {pk for pk, _v, at in found if periods.local_date(at).replace(day=1) in months} & free
    return free - closed, closed


def _with_more(people: set[int]) -> set[int]:
    """Customers with a second number or a second card by now."""
    found: set[int] = set()
    for model in (CustomerPhone, Prospect):
        rows = model.objects.filter(customer_id__in=among(people)).values("customer_id")
        found |= set(rows.annotate(n=models.Count("pk")).filter(n__gt=1).values_list("customer_id", flat=True))
    return found


def referenced(model: type[models.Model], ids: set[int]) -> set[int]:
    """Which of the rows something else points at, in whatever app: visits, contacts, deals, reports …"""
    found: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or issubclass(relation.related_model, Event):
            continue
        name, other = relation.field.name, relation.related_model
        if (other, name) not in MADE_WITH_IT:
            every = other._base_manager  # noqa: SLF001  whatever a model's own manager hides
            rows: Any = every.filter(**{f"{name}__in": among(ids)})
            found |= set(rows.order_by().values_list(f"{name}_id", flat=True).distinct())
    return found


def remove(model: type[models.Model], column: str, ids: set[int]) -> None:
    """Delete rows by one statement.

    Nothing is fetched, and nothing that points at them is looked for: `referenced` has, and foreign keys, guards of
    closed months and the field history stand in the database.
    """
    rows: Any = model._base_manager.filter(**{f"{column}__in": among(ids)})  # noqa: SLF001
    rows._raw_delete(using=rows.db)  # noqa: SLF001  Django's public delete fetches every row first


def _answer(rows: Any, words: str, **gone: None) -> None:
    rows.update(outcome=words, **gone)
