"""Reads of owners (保有客户): delivered cars and the care they are due."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.core.periods import add_months, day_label
from leads.choices import CareResult
from leads.models import CareTask, OwnedVehicle, Prospect
from leads.selectors.customer import primary_phones
from leads.selectors.referrer import referrals_of

ORDERING = ("-delivered_on", "-id")
# Answers that say how content the owner is; the others only that nobody was reached.
RATED = (CareResult.SATISFIED, CareResult.NEUTRAL, CareResult.UNSATISFIED)


def owner_list(*, user: Any) -> QuerySet[OwnedVehicle]:
    """Delivered cars within reach with their care tasks, newest hand-over first when paged by `ORDERING`."""
    care = Prefetch("care_tasks", queryset=CareTask.objects.order_by("due_on"), to_attr="care")
    rows = OwnedVehicle.objects.visible_to(user).select_related("customer", "owner", "series", "store")
    return rows.prefetch_related(care, primary_phones())


def owner_get(*, user: Any, vehicle_id: int) -> OwnedVehicle:
    """One owned car within reach; 404 otherwise."""
    vehicle = owner_list(user=user).filter(pk=vehicle_id).first()
    if vehicle is None:
        raise NotFound
    return vehicle


def care_of(car: OwnedVehicle) -> list[CareTask]:
    """The care calls of one car with who made them, by due day."""
    return list(CareTask.objects.filter(vehicle=car).select_related("done_by").order_by("due_on", "id"))


def owner_facts(*, user: Any, car: OwnedVehicle) -> list[tuple[str, str]]:
    """What the C card says besides the car (§5.2): service plan, anniversaries, referrals, satisfaction."""
    tasks = care_of(car)
    waiting = next((task for task in tasks if task.done_at is None), None)
    rated = [task for task in tasks if task.result in RATED]
    birthday = car.customer.birthday
    return [
        (_("下次服务"), f"{waiting.get_kind_display()} {day_label(waiting.due_on)}" if waiting else ""),
        (_("交车纪念日"), _anniversary(car.delivered_on)),
        (_("生日"), f"{birthday:%m-%d}" if birthday else ""),
        (_("转介绍"), _referrals(referrals_of(user=user, customer=car.customer))),
        (_("满意度"), f"{rated[-1].get_result_display()}（{rated[-1].get_kind_display()}）" if rated else ""),
    ]


def _anniversary(delivered: dt.date) -> str:
    """The next one and which; a car handed over on 29 February has it on the 28th in other years."""
    today = periods.today()
    years = today.year - delivered.year
    if years < 1 or add_months(delivered, 12 * years) < today:
        years += 1
    day = add_months(delivered, 12 * years)
    return _("%(year)s-%(day)s（%(years)s 周年）") % {"year": day.year, "day": day_label(day), "years": years}


def _referrals(cards: list[Prospect]) -> str:
    if not cards:
        return ""
    names = "、".join(f"{card.customer.display_name} {card.get_status_display()}" for card in cards)
    return _("%(n)s 位：%(names)s") % {"n": len(cards), "names": names}


def vehicles_of(*, user: Any, customer_id: int) -> list[OwnedVehicle]:
    """The cars of one customer."""
    return list(owner_list(user=user).filter(customer_id=customer_id).order_by(*ORDERING))
