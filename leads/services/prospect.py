"""Writes of the prospect card: made, changed, given to somebody else, and moved by its deal (§4.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text
from dealership.org.models import LeadSource, Series
from dealership.org.policy import policy
from dealership.org.reach import has_role, require
from dealership.org.roles import SELLING_ROLES
from leads import policies
from leads.choices import LIVE_STATUSES, OPEN_GRADES, CardChannel, CareKind, Grade, ProspectStatus, TaskKind
from leads.models import (
    CareTask,
    Customer,
    GradeChange,
    OwnedVehicle,
    Prospect,
)
from leads.services.dormancy import wake_of
from leads.services.handover import hand_over, locked_with_customer, reactivate, tell_owners
from leads.services.history import (
    cancel_tasks,
    move_status,
    open_task,
    write_grade,
    write_status,
)
from leads.services.ownership import check_taker
from leads.services.returning import settle_owner

CHANGEABLE = frozenset(
    """source series budget_min budget_max purchase_kind car_use payment_wish licence_quota_status current_car
    competitor decision_maker key_concern referred_by""".split()
)


@service
def card_create(
    *,
    by: Any,
    customer_id: int,
    grade: str | None = None,
    card_channel: str = CardChannel.OTHER,
    source: LeadSource | None = None,
    series: Series | None = None,
    next_follow_up_at: dt.datetime | None = None,
) -> Prospect:
    """A card for a known customer without a visit (DCC, other). Refused while a live card exists.

    A resting card is woken instead of making a second one; after a loss the owner's priority holds (R-OWN).
    """
    customer = lock(Customer.objects.visible_to(by), customer_id)
    require(by, "prospect.change", customer.store_id)
    if live_card(customer) is not None:
        raise DomainError("card_exists", "该客户已有跟进中的意向卡，请在原卡上继续跟进。")
    settle_owner(customer, by if has_role(by, SELLING_ROLES, customer.store_id) else None, by=by)
    card = open_card(
        by=by, customer=customer, grade=grade, card_channel=card_channel, source=source, series=series,
        next_follow_up_at=next_follow_up_at, at=periods.now(),
    )  # fmt: skip
    record(by=by, action="prospect.create", target=card, changes={"grade": card.grade})
    return card


def live_card(customer: Customer) -> Prospect | None:
    """The customer's one live card (by constraint), locked."""
    cards = Prospect.objects.select_for_update(of=("self",))
    return cards.filter(customer=customer, status__in=LIVE_STATUSES).first()


def open_card(
    *,
    by: Any,
    customer: Customer,
    grade: str | None,
    card_channel: str,
    source: LeadSource | None,
    series: Series | None,
    next_follow_up_at: dt.datetime | None,
    at: dt.datetime,
    is_new: bool = False,
    referred_by: Customer | None = None,
) -> Prospect:
    """The card, its first status, grade and task; inside the caller's transaction, customer locked.

    The first contact is due by the grade's policy and may only be sooner (R-FU-1, R-GRADE). A customer who came
    back after a lost or finished card gets a new one linked to it; the old record is never edited (§4.2). A resting
    card wakes instead. `is_new` says that the customer was made a moment ago and has no past to look up.
    """
    if not is_new and (woken := wake_of(customer, by=by, reason="客户再次联系")):
        return woken
    if customer.owner is None:
        text = "该客户还没有归属顾问，请先分配。"
        raise DomainError("owner_missing", text, {"received_by": [text]})
    grade = grade or Grade.N
    if grade not in OPEN_GRADES:
        raise DomainError("bad_grade", "级别只能选 H、A、B、C 或 N。", {"grade": ["级别只能选 H、A、B、C 或 N。"]})
    due = _first_due(grade, next_follow_up_at, at, customer.store_id)
    cards = Prospect.objects.filter(customer=customer).order_by("-card_created_at", "-id")
    previous = None if is_new else cards.first()
    card = Prospect(
        store_id=customer.store_id, team_id=customer.team_id, owner=customer.owner, customer=customer, grade=grade,
        grade_since=at, status=ProspectStatus.ACTIVE, card_created_at=at, card_channel=card_channel, source=source,
        series=series, next_follow_up_at=due, previous=previous, referred_by=referred_by,
    )  # fmt: skip
    card.save()
    write_status(card, "", at=at, by=by)
    write_grade(card, grade, at=at, by=by, before="")
    open_task(card, TaskKind.FIRST, due, at=at)
    return card


def _first_due(grade: str, chosen: dt.datetime | None, at: dt.datetime, store_id: int) -> dt.datetime:
    day = periods.local_date(at)
    latest = policies.first_due(grade, day, store_id)
    if chosen is None:
        return latest
    if chosen <= at:
        text = "首次回访时间要晚于建卡时间。"
        raise DomainError("next_in_past", text, {"next_follow_up_at": [text]})
    if policies.is_later_than_allowed(chosen, latest):
        text = f"{Grade(grade).label}新建卡最迟 {periods.day_label(periods.local_date(latest))} 首次回访，请提前。"
        raise DomainError("first_contact_late", text, {"next_follow_up_at": [text]})
    return chosen


@service
def prospect_change(*, by: Any, prospect_id: int, version: int | None, details: Mapping[str, Any]) -> Prospect:
    """Change what is known about the wish: source, model, budget, competitor … (not grade, status or owner).

    Refuses ended cards, a stale version (R06) and a budget upside down.
    """
    card = lock(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.change", card.store_id)
    if not policies.can_edit(card):
        raise DomainError("card_ended", f"该卡已{card.get_status_display()}，资料不能再修改。")
    changed = {name: value for name, value in details.items() if name in CHANGEABLE}
    refuse_self_referral(card.customer_id, changed.get("referred_by"))
    check_version(card, version, **{name: _shown(card, name) for name in changed})
    for name, value in changed.items():
        setattr(card, name, value)
    if card.budget_min is not None and card.budget_max is not None and card.budget_max < card.budget_min:
        text = "预算上限不能低于预算下限。"
        raise DomainError("budget_order", text, {"budget_max": [text]})
    card.touch()
    card.save()
    record(by=by, action="prospect.change", target=card, changes={"fields": sorted(changed)})
    return card


def refuse_self_referral(customer_id: int | None, referrer: Customer | None) -> None:
    """Nobody recommends themselves."""
    if referrer is not None and referrer.pk == customer_id:
        text = "转介绍人不能是客户本人。"
        raise DomainError("bad_referrer", text, {"referred_by": [text]})


def _shown(card: Prospect, name: str) -> str:
    value = getattr(card, name)
    return "" if value is None else str(value)


@service
def prospect_reassign(*, by: Any, prospect_id: int, new_owner: Any, reason: str) -> Prospect:
    """Give a live card, its customer and its open tasks to another seller of the store (manager, R-OWN).

    Events already written keep the owner they had; both people are told.
    """
    card = locked_with_customer(Prospect.objects.visible_to(by), prospect_id)
    require(by, "prospect.reassign", card.store_id)
    reason = clean_text(reason)
    if len(reason) < 2:
        raise DomainError("reason_missing", "请填写转移原因。", {"reason": ["请填写转移原因。"]})
    check_taker(card, new_owner)
    old_owner = card.owner
    if card.status == ProspectStatus.OUT_OF_CONTROL:
        reactivate(card, by=by, reason=reason)
    hand_over(card, new_owner, by=by, reason=reason)
    tell_owners(card, old_owner)
    record(
        by=by, action="prospect.reassign", target=card, changes={"from": old_owner.pk, "to": new_owner.pk}
    )  # fmt: skip
    return card


@service
def prospect_ordered(*, by: Any, prospect_id: int, at: dt.datetime) -> Prospect:
    """The deal is confirmed (contract and deposit): grade O, next progress call by policy. Called by `sales`."""
    card = lock(Prospect.objects.all(), prospect_id)
    move_status(card, ProspectStatus.ORDERED, at=at, by=by)
    write_grade(card, Grade.O, at=at, by=by)
    cancel_tasks(card, at=at)
    _next_regular(card, at)
    return _moved(card, by=by, action="prospect.ordered")


@service
def prospect_order_cancelled(*, by: Any, prospect_id: int, at: dt.datetime, reason: str) -> Prospect:
    """The order was cancelled: T in the history, back to the grade before the order, a new contact due. By `sales`."""
    card = lock(Prospect.objects.all(), prospect_id)
    ordered = GradeChange.objects.filter(prospect=card, to_grade=Grade.O).order_by("-at", "-id").first()
    before = ordered.from_grade if ordered and ordered.from_grade in OPEN_GRADES else Grade.C
    move_status(card, ProspectStatus.ACTIVE, at=at, by=by, reason=reason, only_from=ProspectStatus.ORDERED)
    write_grade(card, Grade.T, at=at, by=by, reason=reason)
    write_grade(card, before, at=at, by=by, reason=reason)
    cancel_tasks(card, at=at)
    _next_regular(card, at)
    return _moved(card, by=by, action="prospect.order_cancelled")


@service
def prospect_delivered(
    *, by: Any, prospect_id: int, at: dt.datetime, deal_id: int, vin: str, series: Series, description: str
) -> OwnedVehicle:
    """The car was handed over: grade D, the customer becomes an owner, care calls are scheduled from the
    hand-over date (R-CARE). Called by `sales` in its transaction.
    """
    card = lock(Prospect.objects.all(), prospect_id)
    move_status(card, ProspectStatus.DELIVERED, at=at, by=by)
    write_grade(card, Grade.D, at=at, by=by)
    cancel_tasks(card, at=at)
    card.next_follow_up_at = None
    card.last_contact_at = max(at, card.last_contact_at or at)
    _moved(card, by=by, action="prospect.delivered")
    day = periods.local_date(at)
    vehicle = OwnedVehicle.objects.create(
        store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, customer_id=card.customer_id,
        prospect=card, deal_id=deal_id, series=series, description=description[:100], vin=vin, delivered_on=day,
    )  # fmt: skip
    CareTask.objects.bulk_create(
        CareTask(
            store_id=card.store_id, team_id=card.team_id, owner_id=card.owner_id, vehicle=vehicle,
            kind=CareKind(step["kind"]), due_on=day + dt.timedelta(days=int(step["days"])),
        )
        for step in policy("care.schedule", card.store_id, day)
    )  # fmt: skip
    return vehicle


def _next_regular(card: Prospect, at: dt.datetime) -> None:
    due = policies.regular_due(card.grade, periods.local_date(at), card.store_id)
    open_task(card, TaskKind.REGULAR, due, at=at)
    card.next_follow_up_at = due
    card.last_contact_at = max(at, card.last_contact_at or at)


def _moved(card: Prospect, *, by: Any, action: str) -> Prospect:
    card.touch()
    card.save()
    record(by=by, action=action, target=card, changes={"status": card.status, "grade": card.grade})
    return card
