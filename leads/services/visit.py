"""Writes of the visit register (来店/来电登记): one entry decides type, owner and card (F1, §3.1, §5.2, R-OWN)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import check_version, lock, service
from dealership.notices.services import notify
from dealership.org.models import LeadSource, Store
from dealership.org.reach import can, has_role, people_in, require, team_id_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import (
    FIRST_VISIT_TYPES,
    CardChannel,
    ContactChannel,
    FollowUpOutcome,
    Grade,
    ProspectStatus,
    VisitChannel,
    VisitPurpose,
    VisitType,
)
from leads.models import Customer, Prospect, Visit
from leads.services.after_visit import plan_after_visit
from leads.services.arrival import Arrival, arrival_checked
from leads.services.customer import find_or_create, own_if_ownerless
from leads.services.dormancy import wake_of
from leads.services.follow_up import follow_up_log
from leads.services.handover import reactivate
from leads.services.prospect import live_card, open_card
from leads.services.returning import settle_owner


@service
def visit_register(
    *,
    by: Any,
    store: Store,
    channel: str,
    captured: bool | None,
    party_size: int = 1,
    purpose: str = VisitPurpose.PURCHASE,
    phone: str = "",
    name: str = "",
    gender: str = "",
    series_ids: Iterable[int] = (),
    source: LeadSource | None = None,
    grade: str | None = None,
    note: str = "",
    next_follow_up_at: dt.datetime | None = None,
    received_by: Any = None,
    owner: Any = None,
    visited_at: dt.datetime | None = None,
) -> Visit:
    """Register a party once. The system decides first, known-first, repeat, non-intent or incomplete.

    `captured` True needs a mobile; False is 未留资 and counts by party size; None is an arrival that the consultant
    completes later. A known number goes to the customer's owner whoever received it, both are told; the same customer,
    day and channel is the same visit. A purchase visit without a live card makes one. `owner` is for a new customer.
    """
    require(by, "visit.register", store.pk)
    arrival = arrival_checked(
        store, channel=channel, captured=captured, party_size=party_size, purpose=purpose, phone=phone, name=name,
        gender=gender, series_ids=series_ids, source=source, grade=grade, note=note,
        next_follow_up_at=next_follow_up_at, moment=visited_at or periods.now(),
    )  # fmt: skip
    receiver = _receiver(by, store, received_by)
    visit = Visit(store=store, registered_by=by, received_by=receiver, visited_at=arrival.moment)
    visit.visited_on = periods.local_date(arrival.moment)
    if arrival.captured:
        visit = _captured(visit, arrival, by=by, owner=_seller(store, owner) or receiver)
    else:
        visit = _uncaptured(visit, arrival)
    record(by=by, action="visit.register", target=visit, changes={"type": visit.visit_type, "channel": visit.channel})
    return visit


@service
def visit_complete(
    *,
    by: Any,
    visit_id: int,
    captured: bool,
    party_size: int = 1,
    purpose: str = VisitPurpose.PURCHASE,
    phone: str = "",
    name: str = "",
    gender: str = "",
    series_ids: Iterable[int] = (),
    source: LeadSource | None = None,
    grade: str | None = None,
    note: str = "",
    next_follow_up_at: dt.datetime | None = None,
    received_by: Any = None,
    version: int | None = None,
) -> Visit:
    """Finish an arrival that reception registered. Refused when it is already complete or was changed meanwhile.

    When the customer already has a visit of that day and channel the two become one.
    """
    visit = lock(Visit.objects.visible_to(by), visit_id)
    require(by, "visit.complete", visit.store_id)
    check_version(visit, version, party_size=visit.party_size)
    if visit.visit_type != VisitType.INCOMPLETE:
        raise DomainError("already_complete", "这条登记已经完善，无需重复提交。")
    arrival = arrival_checked(
        visit.store, channel=visit.channel, captured=captured, party_size=party_size, purpose=purpose, phone=phone,
        name=name, gender=gender, series_ids=series_ids, source=source, grade=grade, note=note,
        next_follow_up_at=next_follow_up_at, moment=visit.visited_at,
    )  # fmt: skip
    visit.received_by = _seller(visit.store, received_by) or visit.received_by or _receiver(by, visit.store, None)
    if arrival.captured:
        visit = _captured(visit, arrival, by=by, owner=visit.received_by)
    else:
        visit = _uncaptured(visit, arrival)
    record(by=by, action="visit.complete", target=visit, changes={"type": visit.visit_type})
    return visit


@service
def visit_leave(*, by: Any, visit_id: int, left_at: dt.datetime | None = None) -> Visit:
    """Note when the party left; thanks and first call become due (R-FU-4).

    A second tap changes nothing; a time before the arrival or in the future is refused.
    """
    visit = lock(Visit.objects.visible_to(by), visit_id)
    require(by, "visit.leave", visit.store_id)
    if visit.left_at is not None:
        return visit
    moment = left_at or periods.now()
    if not visit.visited_at <= moment <= periods.now():
        text = "离店时间要在到店时间之后，且不能晚于现在。"
        raise DomainError("bad_left_at", text, {"left_at": [text]})
    visit.left_at = moment
    visit.touch()
    visit.save(update_fields=["left_at", "version", "updated_at"])
    plan_after_visit(visit)
    record(by=by, action="visit.leave", target=visit)
    return visit


@service
def visit_assign(*, by: Any, visit_id: int, received_by: Any) -> Visit:
    """Give an arrival nobody took to a seller. A visit with a customer follows that customer's owner instead."""
    visit = lock(Visit.objects.visible_to(by), visit_id)
    require(by, "visit.assign", visit.store_id)
    if visit.customer_id is not None:
        raise DomainError("has_owner", "该来访已登记客户，归属顾问以客户卡为准；如需更换请由展厅经理转移客户。")
    visit.received_by = _seller(visit.store, received_by)
    _credit(visit, visit.received_by)
    visit.touch()
    visit.save()
    if visit.received_by is not None and visit.received_by.pk != by.pk:
        notify(
            to=[visit.received_by], kind="visit.assigned", key=f"visit:{visit.pk}:assigned:{visit.version}",
            text="前台为您登记了一批到店客户，请接待后完善登记。", url=reverse("leads:visit_complete", args=[visit.pk]),
        )  # fmt: skip
    record(by=by, action="visit.assign", target=visit, changes={"received_by": visit.received_by_id})
    return visit


def _receiver(by: Any, store: Store, chosen: Any) -> Any:
    """Who stood at the door: the chosen seller, else the person registering when they sell in this store."""
    if chosen is not None:
        return _seller(store, chosen)
    return by if has_role(by, SELLING_ROLES, store.pk) else None


def _seller(store: Store, person: Any) -> Any:
    if person is None:
        return None
    if not people_in([store.pk], SELLING_ROLES).filter(pk=person.pk).exists():
        text = "请选择本店在职的销售顾问。"
        raise DomainError("bad_receiver", text, {"received_by": [text]})
    return person


def _credit(visit: Visit, owner: Any) -> None:
    visit.owner = owner
    visit.team_id = team_id_in(owner, visit.store_id) if owner is not None else None


def _uncaptured(visit: Visit, arrival: Arrival) -> Visit:
    """未留资, non-intent without contact data, or an arrival to be completed."""
    if arrival.captured is None:
        visit.visit_type = VisitType.INCOMPLETE
    else:
        visit.visit_type = VisitType.FIRST_UNCAPTURED if arrival.is_purchase else VisitType.NON_INTENT
        visit.completed_at = periods.now()
    _credit(visit, visit.received_by)
    _describe(visit, arrival)
    return visit


def _captured(visit: Visit, arrival: Arrival, *, by: Any, owner: Any) -> Visit:
    customer, is_new = find_or_create(
        by=by, store=visit.store, phone=arrival.phone, name=arrival.name, gender=arrival.gender, owner=owner
    )
    own_if_ownerless(customer, owner)
    card = None if is_new else live_card(customer) or wake_of(customer, by=by, reason="客户再次联系")
    if card is None and not is_new and arrival.is_purchase:
        settle_owner(customer, owner, by=by)
    _refuse_foreign_card_facts(customer, card, arrival, by)
    if not is_new:
        visit, arrival = _merged(visit, arrival, customer, by=by)
    visit.customer, visit.captured, visit.completed_at = customer, True, periods.now()
    visit.visit_type = _visit_type(visit, customer, arrival, is_new=is_new)
    _credit(visit, customer.owner)
    made = None
    if arrival.is_purchase and card is None:
        made = card = _new_card(visit, customer, arrival, by=by, is_new=is_new)
    visit.prospect = card
    _describe(visit, arrival)
    if not is_new:
        _retype_later(visit, customer)
    if card is not None and made is None:
        _touch_card(card, visit, arrival, by=by)
    _tell_owner(visit, by)
    return visit


def _refuse_foreign_card_facts(customer: Customer, card: Prospect | None, arrival: Arrival, by: Any) -> None:
    """A colleague's card is never regraded at the door (R-OWN)."""
    if card is None or not (arrival.next_follow_up_at or (arrival.grade and arrival.grade != card.grade)):
        return
    if can(by, "follow_up.log", card.store_id) and Prospect.objects.visible_to(by).filter(pk=card.pk).exists():
        return
    text = f"该客户已有意向卡，归属 {customer.owner}，级别和下次跟进由归属顾问填写，请清空后再保存。"
    raise DomainError("not_your_card", text, {"grade": [text]})


def _merged(visit: Visit, arrival: Arrival, customer: Customer, *, by: Any) -> tuple[Visit, Arrival]:
    """Same customer, local day and channel: the same visit, the larger party, notes joined, a purchase wins."""
    same = Visit.objects.select_for_update(of=("self",)).filter(
        customer=customer, channel=arrival.channel, visited_on=visit.visited_on
    )
    found = same.exclude(pk=visit.pk).first()
    if found is None:
        return visit, arrival
    if visit.pk is not None:
        record(by=by, action="visit.merge", target=visit, changes={"into": found.pk})
        visit.delete()
    notes = [note for note in (found.note, arrival.note) if note]
    if found.left_at is not None and found.left_at < arrival.moment:
        found.left_at = None
    return found, replace(
        arrival,
        party_size=max(found.party_size, arrival.party_size),
        purpose=VisitPurpose.PURCHASE if VisitPurpose.PURCHASE in (found.purpose, arrival.purpose) else arrival.purpose,
        note="；".join(dict.fromkeys(notes))[:500],
        source=found.source or arrival.source,
        moment=found.visited_at,
    )


def _visit_type(visit: Visit, customer: Customer, arrival: Arrival, *, is_new: bool) -> VisitType:
    """§3.1: repeat when an earlier day has a purchase visit of this channel; else first, carded or captured now."""
    if not arrival.is_purchase:
        return VisitType.NON_INTENT
    if is_new:
        return VisitType.FIRST_CAPTURED
    earlier = Visit.objects.filter(
        customer=customer, channel=arrival.channel, purpose=VisitPurpose.PURCHASE, visited_on__lt=visit.visited_on
    )
    if earlier.exists():
        return VisitType.REPEAT
    if visit.visit_type in FIRST_VISIT_TYPES:
        return VisitType(visit.visit_type)
    carded = Prospect.objects.filter(customer=customer, card_created_at__lt=visit.visited_at).exists()
    return VisitType.FIRST_CARDED if carded else VisitType.FIRST_CAPTURED


def _retype_later(visit: Visit, customer: Customer) -> None:
    """A visit entered after the fact makes the customer's later 'first' one a repeat."""
    if visit.purpose != VisitPurpose.PURCHASE:
        return
    later = Visit.objects.filter(
        customer=customer, channel=visit.channel, visit_type__in=FIRST_VISIT_TYPES,
        visited_on__gt=visit.visited_on,
    )  # fmt: skip
    later.update(visit_type=VisitType.REPEAT)


def _new_card(visit: Visit, customer: Customer, arrival: Arrival, *, by: Any, is_new: bool) -> Prospect:
    return open_card(
        by=by, customer=customer, grade=arrival.grade or Grade.N,
        card_channel=CardChannel.SHOWROOM if arrival.channel == VisitChannel.WALK_IN else CardChannel.DCC,
        source=arrival.source, series=arrival.series[0] if arrival.series else None,
        next_follow_up_at=arrival.next_follow_up_at, at=visit.visited_at, is_new=is_new,
    )  # fmt: skip


def _touch_card(card: Prospect, visit: Visit, arrival: Arrival, *, by: Any) -> None:
    """A visit is a contact: it ends 失控 (§4.2), and a page read before it is stale. A grade or next date told at the
    door goes through a follow-up and its rules (R-FU-6).
    """
    card.last_contact_at = max(visit.visited_at, card.last_contact_at or visit.visited_at)
    if card.series_id is None and arrival.series:
        card.series = arrival.series[0]
    card.touch()
    card.save(update_fields=["last_contact_at", "series", "version", "updated_at"])
    changes_grade = bool(arrival.grade) and arrival.grade != card.grade
    walk_in = visit.channel == VisitChannel.WALK_IN
    if not changes_grade and arrival.next_follow_up_at is None:
        if card.status == ProspectStatus.OUT_OF_CONTROL:
            reactivate(card, by=by, reason="客户到店" if walk_in else "客户来电")
        return
    follow_up_log(
        by=by, prospect_id=card.pk, channel=ContactChannel.IN_STORE if walk_in else ContactChannel.PHONE,
        outcome=FollowUpOutcome.REACHED, content=arrival.note, grade=arrival.grade or card.grade,
        next_follow_up_at=arrival.next_follow_up_at, grade_reason=arrival.note[:200], done_at=visit.visited_at,
    )  # fmt: skip


def _describe(visit: Visit, arrival: Arrival) -> None:
    visit.channel, visit.purpose = arrival.channel, arrival.purpose
    visit.party_size, visit.note = arrival.party_size, arrival.note
    visit.source = arrival.source or visit.source
    visit.visited_at = arrival.moment
    if visit.pk is not None:
        visit.touch()
    visit.save()
    if arrival.series:
        visit.series.add(*arrival.series)


def _tell_owner(visit: Visit, by: Any) -> None:
    """A colleague received the owner's customer: both know, without personal data (R-OWN)."""
    receiver, owner = visit.received_by, visit.owner
    if receiver is None or owner is None or receiver.pk == owner.pk:
        return
    url = reverse("leads:customer_detail", args=[visit.customer_id])
    key = f"visit:{visit.pk}:collision"
    text = f"您的客户今日由 {receiver.name} 接待，来访已记在您名下，请尽快跟进。"
    notify(to=[owner], kind="visit.collision", key=key, text=text, url=url)
    text = f"您接待的客户已有档案，归属 {owner.name}，本次来访记在归属顾问名下。"
    notify(to=[receiver], kind="visit.collision", key=key, text=text)
