"""Leads, losses and test drives with chosen instants, for tests of figures (see `rows`)."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dealership.org.models import Series, Store
from leads.choices import LeadEvent, LeadState
from leads.loss_choices import LossState
from leads.models import (
    Campaign,
    CampaignInvite,
    Customer,
    DemoCar,
    Lead,
    LeadAssignment,
    LeadChange,
    LossApplication,
    LossCallBack,
    OwnedVehicle,
    Prospect,
    SpotCheck,
    TestDrive,
)
from reports.tests import rows
from sales.tests.builders import new_vin

_numbers = itertools.count(1)
HALF_HOUR = dt.timedelta(minutes=30)


def lead(
    store: Store, owner: Any, given: str, ended_at: str = "", ended_as: str = "", *, merged: bool = False,
    first_contact: str = "", ended: str = "",
) -> Lead:  # fmt: skip
    """A lead given to `owner` and, with `ended_as`, processed; `merged` joined a file when it came in."""
    when, last = rows.moment(given), rows.moment(ended_at) if ended_at else None
    state = LeadState.MERGED if merged else ended_as or LeadState.ASSIGNED
    row = Lead.objects.create(
        store=store, owner=owner, team_id=rows.team_of(owner, store), phone=f"+86136{next(_numbers):08d}",
        received_at=when, state=state, first_assigned_at=when, assigned_at=when, sla_due_at=when + HALF_HOUR,
        processed_at=when if merged else last, invalid_reason="other" if state == LeadState.INVALID else "",
        prospect=rows.card(store, owner, ended_at) if state == LeadState.CARDED else None,
    )  # fmt: skip
    if merged:
        _change(row, LeadEvent.MERGE, "", LeadState.MERGED, when)
        return row
    _change(row, LeadEvent.TAKE_IN, "", LeadState.NEW, when)
    _turn(row, owner, when, LeadState.NEW, first_contact=first_contact, ended=ended)
    if last is not None:
        event = LeadEvent.CARD if state == LeadState.CARDED else LeadEvent.INVALIDATE
        _change(row, event, LeadState.ASSIGNED, state, last)
    return row


def turn(row: Lead, owner: Any, at: str, before: str = LeadState.ASSIGNED) -> None:
    """The lead goes to somebody else, whose turn begins."""
    LeadAssignment.objects.filter(lead=row, ended_at=None).update(ended_at=rows.moment(at))
    _turn(row, owner, rows.moment(at), before)


def _turn(row: Lead, owner: Any, when: dt.datetime, before: str, *, first_contact: str = "", ended: str = "") -> None:
    Lead.objects.filter(pk=row.pk).update(owner=owner, team_id=rows.team_of(owner, row.store))
    row.refresh_from_db()
    LeadAssignment.objects.create(
        lead=row, store_id=row.store_id, team_id=row.team_id, owner=owner, how="auto", assigned_at=when,
        sla_due_at=when + HALF_HOUR, first_contact_at=rows.moment(first_contact) if first_contact else None,
        ended_at=rows.moment(ended) if ended else None,
    )  # fmt: skip
    _change(row, LeadEvent.ASSIGN, before, LeadState.ASSIGNED, when)


def _change(row: Lead, event: str, before: str, after: str, when: dt.datetime) -> None:
    LeadChange.objects.create(
        lead=row, store_id=row.store_id, team_id=row.team_id, owner_id=row.owner_id, event=event, from_state=before,
        to_state=after, at=when,
    )  # fmt: skip


def loss(
    store: Store, owner: Any, manager: Any, applied: str, state: str, *, kind: str = "loss", sampled: bool = False,
    heard: str = "", card: Prospect | None = None, **told: Any,
) -> LossApplication:  # fmt: skip
    """An application of `owner`, answered an hour later; `heard` is what the customer told care."""
    when = rows.moment(applied)
    card = card or rows.card(store, owner, applied)
    decided = state in (LossState.AGREED, LossState.REJECTED, LossState.REASSIGNED)
    told.setdefault("reason", "price")
    row = LossApplication.objects.create(
        store=store, team_id=card.team_id, owner=owner, prospect=card, customer_id=card.customer_id, kind=kind,
        number=next(_numbers), grade=card.grade, applied_by=owner, applied_at=when, explanation="客户已经放弃购车",
        due_at=when + dt.timedelta(days=1), state=state, is_sampled=sampled,
        decided_by=manager if decided else None, decided_at=when + dt.timedelta(hours=1) if decided else None,
        new_owner=manager if state == LossState.REASSIGNED else None,
        wake_on=when.date() + dt.timedelta(days=30) if kind == "dormancy" else None, **told,
    )  # fmt: skip
    if heard:
        LossCallBack.objects.create(application=row, called_by=manager, called_at=when, result=heard)
    return row


def spot_check(card: Prospect, by: Any, at: str, result: str, subject: str = "grades") -> SpotCheck:
    """A row about this card's customer, drawn from a register and checked then (`result` empty: not yet)."""
    when, told = rows.moment(at), {"prospect": card, "grade_then": card.grade}
    if subject == "visits":
        told["visit"] = rows.visit(card.store, card.owner, "2026-10-06", customer=card.customer, prospect=card)
    elif subject == "grades":
        told["follow_up"] = rows.follow_up(card, "2026-10-06")
    elif subject == "owner_card":
        told = {"vehicle": own_car(card.customer, "2026-09-01")}
    return SpotCheck.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, customer_id=card.customer_id,
        subject=subject, week=dt.date(2026, 10, 5), about_at=rows.moment("2026-10-06"), sampled_at=when, result=result,
        checked_by=by if result else None, checked_at=when if result else None, called_at=when if result else None,
        **told,
    )  # fmt: skip


def own_car(customer: Customer, delivered: str) -> OwnedVehicle:
    """A car of ours that the customer was given on that day."""
    return OwnedVehicle.objects.create(
        store_id=customer.store_id, team_id=customer.team_id, owner_id=customer.owner_id, customer=customer,
        series=Series.objects.get(name="远景X7"), description="远景X7", vin=new_vin(),
        delivered_on=dt.date.fromisoformat(delivered),
    )  # fmt: skip


def drive(
    card: Prospect, back: str, *, model: str = "远景X7", kind: str = "drive", status: str = "finished"
) -> TestDrive:
    """A drive that ended at `back` after half an hour, with licence and agreement."""
    until = rows.moment(back)
    series = Series.objects.get(name=model)
    car = DemoCar.objects.create(
        store_id=card.store_id, series=series, description="试驾车", plate=f"沪A{next(_numbers):05d}",
        insured_until=dt.date(2030, 1, 1),
    )  # fmt: skip
    done = status == "finished"
    start = until - HALF_HOUR
    return TestDrive.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, prospect=card,
        customer_id=card.customer_id, car=car, series=series, kind=kind, status=status,
        planned=DateTimeTZRange(start, until), booked_by_id=card.owner_id, licence_checked_at=start if done else None,
        agreement_signed_at=start if done else None, out_at=start if done else None,
        odometer_out=100 if done else None, finished_at=until if done else None, odometer_back=110 if done else None,
    )  # fmt: skip


def campaign(store: Store, by: Any, start: str, end: str, **told: Any) -> Campaign:
    """A campaign between two days."""
    days = {"starts_on": dt.date.fromisoformat(start), "ends_on": dt.date.fromisoformat(end)}
    return Campaign.objects.create(store=store, created_by=by, kind="event", name=f"活动{start}", **days, **told)


def invite(of: Campaign, card: Prospect, by: Any, *, came: bool) -> CampaignInvite:
    """The card's customer invited."""
    when = rows.moment(of.starts_on.isoformat())
    return CampaignInvite.objects.create(
        campaign=of, store_id=of.store_id, team_id=card.team_id, owner_id=card.owner_id, customer_id=card.customer_id,
        prospect=card, invited_by=by, invited_at=when, attended_at=when if came else None,
    )  # fmt: skip
