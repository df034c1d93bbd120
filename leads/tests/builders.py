"""Builders of customers' rows for tests here and in the apps above: they call the real services."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from dealership.core import periods
from dealership.org.models import Store
from leads.choices import Grade, VisitChannel, VisitPurpose
from leads.models import Campaign, DemoCar, FollowUp, Prospect, TestDrive, Visit
from leads.services.drive import drive_book
from leads.services.follow_up import follow_up_log
from leads.services.visit import visit_register

_phones = itertools.count(1)
_texts = itertools.count(1)
_plates = itertools.count(1)


def new_phone() -> str:
    """A mobile number no other call of this process returned."""
    return f"139{next(_phones):08d}"


def make_visit(by: Any, store: Store, **told: Any) -> Visit:
    """A captured walk-in that wants to buy, unless told otherwise."""
    told.setdefault("channel", VisitChannel.WALK_IN)
    told.setdefault("captured", True)
    told.setdefault("party_size", 1)
    told.setdefault("purpose", VisitPurpose.PURCHASE)
    if told["captured"]:
        told.setdefault("phone", new_phone())
        told.setdefault("name", "张伟")
    return visit_register(by=by, store=store, **told)


def make_prospect(by: Any, store: Store, grade: str = Grade.A, **told: Any) -> Prospect:
    """A live card of this grade, made by a walk-in of a customer of `by`."""
    prospect = make_visit(by, store, grade=grade, **told).prospect
    assert prospect is not None
    return prospect


def make_follow_up(by: Any, prospect: Prospect, **told: Any) -> FollowUp:
    """A reached phone call with a text of its own."""
    told.setdefault("channel", "phone")
    told.setdefault("outcome", "reached")
    if told["outcome"] != "no_answer":
        told.setdefault("content", f"客户表示周末带家人来看车，第{next(_texts)}次沟通")
    return follow_up_log(by=by, prospect_id=prospect.pk, **told)


def make_demo_car(store: Store, **facts: Any) -> DemoCar:
    """A demo car of the store's first model, insured for a year; made as the showroom's own service would."""
    facts.setdefault("plate", f"浙A{next(_plates):05d}")
    facts.setdefault("series", store.brand.series.all()[0])
    facts.setdefault("insured_until", periods.today() + dt.timedelta(days=365))
    return DemoCar.objects.create(store=store, **{"description": "豪华版", **facts})


def tomorrow_at(clock: str) -> dt.datetime:
    """A time of tomorrow on the business clock."""
    return periods.at(periods.today() + dt.timedelta(days=1), clock)


def make_drive(by: Any, card: Prospect, car: DemoCar | None = None, **told: Any) -> TestDrive:
    """A booking for tomorrow at ten, unless told otherwise."""
    told.setdefault("starts_at", tomorrow_at("10:00"))
    car = car or make_demo_car(card.store)
    return drive_book(by=by, prospect_id=card.pk, car_id=car.pk, **told)


# A hook and a bow: enough points, wide enough.
SIGNATURE = [[[20 + 9 * step, 60 + (step % 5) * 11] for step in range(24)], [[300, 90], [340, 110], [380, 70]]]


def make_campaign(store: Store, by: Any, **told: Any) -> Campaign:
    """A campaign of today, written directly: who may make one is the service's business."""
    today = periods.today()
    told = {"kind": "event", "name": "周末试驾会", "starts_on": today, "ends_on": today, **told}
    return Campaign.objects.create(store=store, created_by=by, **told)
